"""Groups of axes, against NumPy's own counting."""

from __future__ import annotations

import numpy as np

from codegen.llvm.gemm.axes import (
    LOCATE,
    LOCATE_NAME,
    OFFSETS,
    OFFSETS_NAME,
    TOTAL,
    TOTAL_NAME,
    write_axes,
    write_tables,
)
from codegen.llvm.gemm.function_writer import LOOP_METADATA
from tests.codegen.llvm.gemm.compiled import Functions

GROUPS = (
    [(5, 3, 7, -2)],
    [(3, 100, 0, 8), (4, 10, 5, 2), (2, -1, 9, 1)],
    [(1, 4, 4, 4), (6, 0, 1, 24), (1, 9, 9, 9)],
)


def test_totals_places_and_tables() -> None:
    functions = Functions("declare i64 @llvm.smin.i64(i64, i64)\n" + LOOP_METADATA + write_axes() + write_tables())
    for group in GROUPS:
        axes = np.array(group, np.int64)
        sizes, strides = axes[:, 0], axes[:, 1:]
        total, place = np.zeros(1, np.int64), np.zeros(3, np.int64)
        functions.call(TOTAL_NAME, TOTAL, len(group), axes, total)
        assert total[0] == np.prod(sizes)
        wanted = np.array([np.array(index) @ strides for index in np.ndindex(*sizes)])
        for index in range(total[0]):
            functions.call(LOCATE_NAME, LOCATE, index, len(group), axes, place)
            np.testing.assert_array_equal(place, wanted[index])
        for start in range(total[0]):
            for length in range(total[0] - start + 1):
                for matrix in (1, 2, 3):
                    table = np.full(total[0] + 1, -77, np.int64)
                    functions.call(OFFSETS_NAME, OFFSETS, start, length, len(group), axes, matrix, table)
                    np.testing.assert_array_equal(table[:length], wanted[start : start + length, matrix - 1])
                    assert np.all(table[length:] == -77)

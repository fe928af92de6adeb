"""Packing of columns from anywhere: what is a run, and where each element goes."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.axes import write_axes
from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.gemm.gathered_panels import DESCRIBE, GATHER, write_gather
from codegen.llvm.gemm.gathered_tile import VECTOR_WORDS
from codegen.llvm.gemm.vector_writer import declarations
from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS, Functions, aligned


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_panels(dtype: str, variant: str) -> None:
    sizes = blocking(dtype, VARIANTS[variant])
    functions = Functions(declarations(sizes) + write_gather(sizes) + write_axes())
    lanes, width, depth = sizes.lanes, sizes.columns, 5
    rng = np.random.default_rng(3)
    memory = rng.standard_normal(4000).astype(dtype)
    depths = np.array([0, 7, 300, 2, 1000], np.int64)
    runs = {
        "one": np.arange(3 * width + 3),
        "two in a vector": np.concatenate([np.arange(lanes + 1) + start for start in (100, 3, 500, 40)]),
        "many": 3 * np.arange(2 * width + 1),
        "backwards": np.arange(width)[::-1],
        "one column": np.array([17]),
    }
    for name, columns in runs.items():
        count = len(columns)
        tables = [(entries * sizes.size).astype(np.int64) for entries in (depths, columns)]
        vectors = np.zeros(VECTOR_WORDS * -(-count // lanes), np.int64)
        functions.call(sizes.name("describe"), DESCRIBE, count, tables[1], vectors)
        if name in ("one", "two in a vector", "one column"):
            assert np.all(vectors[::VECTOR_WORDS] > 0)
        for first in range(0, count, width):
            inside = columns[first : first + width]
            panel = aligned(width * depth, dtype)
            panel[:] = np.nan
            part = np.ascontiguousarray(tables[1][first : first + width])
            functions.call(sizes.name("gather"), GATHER, depth, len(inside), memory, tables[0], part, panel)
            packed = panel.reshape(depth, width)
            np.testing.assert_array_equal(packed[:, : len(inside)], memory[depths[:, None] + inside], name)
            # What is left of the panel are zeros, for multiply-adds whose results nobody stores.
            assert np.all(packed[:, len(inside) :] == 0)

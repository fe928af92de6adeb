"""The register tile between any axes, called directly: wherever it reads B, it computes and packs the same."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.axes import write_axes
from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.gemm.gathered_tile import GATHERED_TILE, Source, gathered_tile_name, write_gathered_tile
from codegen.llvm.gemm.vector_writer import declarations
from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS, Functions, aligned, assert_product

DEPTH = 9


@pytest.mark.parametrize("variant", ["host", "wide tile"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sources_of_b(dtype: str, variant: str) -> None:
    sizes = blocking(dtype, VARIANTS[variant])
    width, lanes, size = sizes.columns, sizes.lanes, sizes.size
    sources: tuple[Source, ...] = ("panel", "runs", "pieces")
    tiles = [write_gathered_tile(sizes, rows, sizes.vectors, source) for rows in (1, sizes.rows) for source in sources]
    functions = Functions(declarations(sizes) + write_axes() + "".join(tiles))
    rng = np.random.default_rng(4)
    a, b = (rng.standard_normal(4000).astype(dtype) for _ in range(2))
    a_columns, b_rows = rng.permutation(DEPTH + 1) * 60, rng.permutation(DEPTH + 1) * 200
    for rows in (1, sizes.rows):
        a_rows, c_rows = rng.permutation(rows) * 7, rng.permutation(rows) * (width + 3)
        for source in sources:
            count = width if source == "runs" else width - 1
            split = lanes if source == "runs" else lanes - 1
            # The last lane of every vector lies 90 elements further on.
            lane, vector = np.arange(width) % lanes, np.arange(width) // lanes
            columns = vector * lanes + lane + np.where(lane < split, 0, 90)
            vectors = np.array([[split, v * lanes, v * lanes + 90] for v in range(sizes.vectors)])
            vectors[-1, 0] = min(split, count - (sizes.vectors - 1) * lanes)
            vectors[:, 1:] *= size
            packed = b[b_rows[:DEPTH, None] + columns]
            panel = aligned(DEPTH * width, dtype)
            panel[:] = packed.ravel() if source == "panel" else np.nan
            for accumulate in (False, True):
                c = np.full((rows, width + 3), 2.0, dtype)
                tables = [(table * size).astype(np.int64) for table in (a_rows, a_columns, b_rows, c_rows)]
                functions.call(
                    gathered_tile_name(sizes, rows, sizes.vectors, source),
                    GATHERED_TILE,
                    *(DEPTH, a, tables[0], tables[1], b, tables[2], vectors, panel),
                    *(c, tables[3], accumulate, count),
                )
                left = a[a_rows[:, None] + a_columns[:DEPTH]]
                order = np.argsort(c_rows)
                assert_product(c[:, :count], left[order], packed[:, :count], 2.0 * accumulate, (rows, source))
                assert np.all(c[:, width:] == 2)
                np.testing.assert_array_equal(panel.reshape(DEPTH, width)[:, :count], packed[:, :count])

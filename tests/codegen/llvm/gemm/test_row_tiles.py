"""How rows are dealt out: complete, in order, none low without need."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.row_tiles import row_tiles
from codegen.llvm.gemm.vector_writer import VectorWriter, declarations
from tests.codegen.llvm.gemm.compiled import VARIANTS, Functions, products

RECORD = (("i64", "rows"), ("ptr", "heights"))


@pytest.mark.parametrize("variant", ["host", "wide tile"])
def test_heights(variant: str) -> None:
    assert variant in VARIANTS
    sizes = products("float32", variant).blocking
    f = VectorWriter(sizes, "main", RECORD)
    with row_tiles(f, "%rows") as (row, height):
        f.store(str(height), f.element("i64", "%heights", (row, 1)), "i64")
    functions = Functions(declarations(sizes) + f.text())
    full = sizes.rows
    for rows in range(6 * full):
        # heights[r] is the height of the tile that begins at row r.
        heights = np.zeros(6 * full, np.int64)
        functions.call("main", RECORD, rows, heights)
        starts = np.flatnonzero(heights)
        tiles = heights[starts].tolist()
        assert sum(tiles) == rows
        assert starts.tolist() == np.cumsum([0, *tiles])[:-1].tolist()
        assert len(tiles) == -(-rows // full)
        assert all(height == full for height in tiles[:-2])
        assert rows < full or min(tiles) >= full // 2

"""Register tiles over a block: all rows of a block of A against some columns of a block of B."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.micro_kernel import (
    PACKING_TILE,
    TILE,
    packing_tile_name,
    tile_name,
    write_packing_tile,
    write_tile,
)
from codegen.llvm.gemm.row_tiles import row_tiles
from codegen.llvm.gemm.vector_writer import VectorWriter

BLOCK = (
    ("i64", "rows"),
    ("i64", "columns"),
    ("i64", "depth"),
    ("ptr", "a"),
    ("i64", "a_tile"),
    ("i64", "a_row"),
    ("i64", "a_column"),
    ("i1", "packed_left"),
    ("ptr", "b"),
    ("i64", "b_row"),
    ("i64", "b_column"),
    ("ptr", "c"),
    ("i64", "c_row"),
    ("i1", "accumulate"),
)
"""The parameters of a block; rows, columns, depth >= 1.

Row r of A belongs to a tile that starts `a_tile` * (first row of the tile) elements after `a`; inside the tile the rows
are `a_row` apart, and the columns `a_column`, or the height of the tile where A is packed. Column j of B, for a
multiple j of the width of a tile, starts `b_column` * j elements after `b`; the columns of a tile are contiguous.
"""

STREAMED = (*BLOCK, ("ptr", "panel"))
"""The parameters of a streamed block: `panel` has room for depth x the columns of a tile."""


def write_tiles(blocking: Blocking) -> str:
    """Return all register tiles and the table of their addresses.

    Entry (0, rows) of the table is the tile as wide as the registers allow, entry (vectors, rows) the edge tile of so
    many vectors. Whole tiles of fewer rows than the registers allow are edge tiles too: they are rare.
    """
    heights = range(1, blocking.rows + 1)
    names = ["null"]
    names += [f"@{tile_name(blocking, rows, blocking.vectors, rows < blocking.rows)}" for rows in heights]
    tiles = [write_packing_tile(blocking), write_tile(blocking, blocking.rows, blocking.vectors, edge=False)]
    for vectors in range(1, blocking.vectors + 1):
        names.append("null")
        for rows in heights:
            tiles.append(write_tile(blocking, rows, vectors, edge=True))
            names.append(f"@{tile_name(blocking, rows, vectors, edge=True)}")
    entries = ", ".join(f"ptr {name}" for name in names)
    return f"{_table(blocking)} = internal constant [{len(names)} x ptr] [{entries}]\n{''.join(tiles)}"


def write_block(blocking: Blocking) -> str:
    """Return the function that runs over the rows tile by tile, and in each tile of rows over the columns."""
    f = VectorWriter(blocking, blocking.name("block"), BLOCK)
    width = blocking.columns
    distances = _row_distances(f)
    whole = f.round_down("%columns", width)
    edge = f.subtract("%columns", whole)
    edge_vectors = f.quotient(f.add(edge, f.lanes - 1), f.lanes)
    has_edge = f.compare("ne", edge, 0)
    with row_tiles(f, "%rows") as (row, height):
        a, c = f.at("%a", (row, "%a_tile")), f.at("%c", (row, "%c_row"))
        a_column = f.select("%packed_left", height, "%a_column")

        def run(vectors: Operand, column: Operand, columns: Operand) -> None:
            entry = f.element("ptr", _table(blocking), (vectors, blocking.rows + 1), (height, 1))
            left = ("%depth", a, distances, a_column)
            right = (f.at("%b", (column, "%b_column")), "%b_row")
            result = (f.at(c, (column, 1)), "%c_row", "%accumulate", columns)
            f.call(f.load(entry, "ptr"), TILE, *left, *right, *result)

        with f.loop(0, whole, width) as column:
            run(0, column, width)
        with f.when(has_edge):
            run(edge_vectors, whole, edge)
    return f.text()


def write_streamed(blocking: Blocking) -> str:
    """Return the function that does the same and reads B, which has contiguous rows, only once.

    The first tile of rows, of full height, packs each panel, from where the other tiles read it. There must be more
    rows than one tile has; if A is packed, so many that its first tile has the full height.
    """
    f = VectorWriter(blocking, blocking.name("streamed"), STREAMED)
    width, height = blocking.columns, blocking.rows
    distances = _row_distances(f)
    a_column = f.select("%packed_left", height, "%a_column")
    a_rest, rows_rest = f.at("%a", (height, "%a_tile")), f.subtract("%rows", height)
    strides = ("%a_tile", "%a_row", "%a_column", "%packed_left")
    whole = f.round_down("%columns", width)
    with f.loop(0, whole, width) as column:
        b, c = f.at("%b", (column, 1)), f.at("%c", (column, 1))
        first = ("%depth", "%a", distances, a_column, b, "%b_row", c, "%c_row", "%accumulate", width)
        f.call(packing_tile_name(blocking), PACKING_TILE, *first, "%panel")
        right = ("%panel", width, 0, f.at(c, (height, "%c_row")), "%c_row", "%accumulate")
        f.call(blocking.name("block"), BLOCK, rows_rest, width, "%depth", a_rest, *strides, *right)
    edge = f.subtract("%columns", whole)
    with f.when(f.compare("ne", edge, 0)):
        right = (f.at("%b", (whole, 1)), "%b_row", 0, f.at("%c", (whole, 1)), "%c_row", "%accumulate")
        f.call(blocking.name("block"), BLOCK, "%rows", edge, "%depth", "%a", *strides, *right)
    return f.text()


def _table(blocking: Blocking) -> str:
    return f"@{blocking.name('tiles')}"


def _row_distances(f: VectorWriter) -> str:
    """Return the address of a table of the distances in bytes of the rows of A in a tile."""
    table = f.value(f"alloca [{f.blocking.rows} x i64], align 64")
    for row in range(1, f.blocking.rows):
        f.store(str(f.multiply("%a_row", row * f.size)), f.element("i64", table, (row, 1)), "i64")
    return table

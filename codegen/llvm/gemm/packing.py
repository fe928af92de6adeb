"""Packing: blocks of A and B copied into the order in which the register tile reads them."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.row_tiles import row_tiles
from codegen.llvm.gemm.vector_writer import VectorWriter

PACK_RIGHT = (
    ("i64", "depth"),
    ("i64", "columns"),
    ("ptr noalias readonly", "b"),
    ("i64", "b_row"),
    ("i64", "b_column"),
    ("ptr noalias", "panels"),
)
PACK_LEFT = (
    ("i64", "rows"),
    ("i64", "depth"),
    ("ptr noalias readonly", "a"),
    ("i64", "a_column"),
    ("ptr noalias", "block"),
)

FEW_COLUMNS = 16
"""Columns of A that are packed at a time."""


def write_pack_right(blocking: Blocking) -> str:
    """Return the function that packs depth x columns of B into panels as wide as a register tile.

    Row k of a panel follows row k - 1; panel follows panel; the last one is filled up with zeros. Contiguous rows are
    copied all panels at a time, which is how memory likes to be read; contiguous columns are transposed square by
    square; any other view is copied element by element.
    """
    f = VectorWriter(blocking, blocking.name("pack_right"), PACK_RIGHT)
    width = blocking.columns
    whole = f.round_down("%columns", width)
    by_rows = f.compare("eq", "%b_column", 1)
    by_columns = f.all(f.negate(by_rows), f.compare("eq", "%b_row", 1))
    with f.when(by_rows), f.loop(0, "%depth") as k:
        source, target = f.at("%b", (k, "%b_row")), f.at("%panels", (k, width))
        with f.loop(0, whole, width) as column:
            for lane in range(0, width, f.lanes):
                f.copy(f.at(source, (column, 1), (lane, 1)), f.at(target, (column, "%depth"), (lane, 1)), f.vector)
    with f.when(by_columns), f.loop(0, whole, width) as column:
        _transpose_panel(f, f.at("%b", (column, "%b_column")), f.at("%panels", (column, "%depth")))
    with f.loop(f.select(f.any(by_rows, by_columns), whole, 0), "%columns", width) as column:
        source, target = f.at("%b", (column, "%b_column")), f.at("%panels", (column, "%depth"))
        _copy_panel(f, source, target, f.minimum(width, f.subtract("%columns", column)))
    return f.text()


def _transpose_panel(f: VectorWriter, source: str, target: str) -> None:
    """Pack a whole panel of contiguous columns."""
    width = f.blocking.columns
    whole = f.round_down("%depth", f.lanes)
    with f.loop(0, whole, f.lanes) as k, f.loop(0, width, f.lanes) as first:
        origin, square = f.at(source, (first, "%b_column"), (k, 1)), f.at(target, (k, width), (first, 1))
        columns = [f.load(f.at(origin, (lane, "%b_column"))) for lane in range(f.lanes)]
        for row, values in enumerate(f.transpose(columns)):
            f.store(values, f.at(square, (row * width, 1)))
    with f.loop(whole, "%depth") as k, f.loop(0, width) as column:
        f.copy(f.at(source, (k, 1), (column, "%b_column")), f.at(target, (k, width), (column, 1)))


def _copy_panel(f: VectorWriter, source: str, target: str, columns: Operand) -> None:
    """Pack any panel, element by element."""
    width = f.blocking.columns
    with f.loop(0, "%depth") as k:
        row = f.at(target, (k, width))
        for lane in range(0, width, f.lanes):
            f.store("zeroinitializer", f.at(row, (lane, 1)))
        with f.loop(0, columns) as column:
            f.copy(f.at(source, (k, "%b_row"), (column, "%b_column")), f.at(row, (column, 1)))


def write_pack_left(blocking: Blocking) -> str:
    """Return the function that packs rows x depth of A, whose columns are contiguous, tile of rows after tile of rows.

    Inside a tile, column k follows column k - 1. (Contiguous rows are left where they are: a tile reads each as a
    stream of its own.)
    """
    f = VectorWriter(blocking, blocking.name("pack_left"), PACK_LEFT)
    full, pieces = blocking.rows, _pieces(f, blocking.rows)
    # Which tiles have the full height, see `row_tiles`. They are written a few columns at a time: so many lines of A
    # stay in the first-level cache from one tile to the next.
    tiles = f.quotient("%rows", full)
    remainder = f.subtract("%rows", f.multiply(tiles, full))
    unequal = f.all(f.compare("ne", remainder, 0), f.compare("ne", tiles, 0))
    whole = f.multiply(f.select(unequal, f.subtract(tiles, 1), tiles), full)
    with f.loop(0, "%depth", FEW_COLUMNS) as start, f.loop(0, whole, full) as row:
        source, target = f.at("%a", (row, 1)), f.at("%block", (row, "%depth"))
        with f.loop(start, f.minimum("%depth", f.add(start, FEW_COLUMNS))) as k:
            for first, kind in pieces:
                f.copy(f.at(source, (k, "%a_column"), (first, 1)), f.at(target, (k, full), (first, 1)), kind)
    a, block = f.at("%a", (whole, 1)), f.at("%block", (whole, "%depth"))
    with row_tiles(f, f.subtract("%rows", whole)) as (row, height):
        source, target = f.at(a, (row, 1)), f.at(block, (row, "%depth"))
        with f.loop(0, "%depth") as k, f.loop(0, height) as lane:
            f.copy(f.at(source, (k, "%a_column"), (lane, 1)), f.at(target, (k, height), (lane, 1)))
    return f.text()


def _pieces(f: VectorWriter, length: int) -> list[tuple[int, str]]:
    """Cut a run of elements into vectors of powers of two: (first element, type) of each."""
    pieces: list[tuple[int, str]] = []
    first = 0
    while first < length:
        width = min(f.lanes, 1 << ((length - first).bit_length() - 1))
        pieces.append((first, f"<{width} x {f.scalar}>"))
        first += width
    return pieces

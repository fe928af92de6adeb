"""Contractions between any axes by register tiles: A is read where it lies, B is packed block by block.

Tables say where rows, columns and terms of the sums are, so the axes they consist of do not matter to the innermost
loops. All turns of a batch use the same tables.
"""

from __future__ import annotations

from codegen.llvm.gemm.axes import LEFT, OFFSETS, OFFSETS_NAME, OUTPUT, RIGHT, word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.call import KERNEL, Group, leave_if_empty, read_operands, turns
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.gathered_panels import DESCRIBE, GATHER
from codegen.llvm.gemm.gathered_tile import (
    GATHERED_TILE,
    VECTOR_WORDS,
    Source,
    gathered_tile_name,
    write_gathered_tile,
)
from codegen.llvm.gemm.row_tiles import row_tiles
from codegen.llvm.gemm.tiled import share
from codegen.llvm.gemm.vector_writer import VectorWriter

MOST_ROWS, MOST_COLUMNS = 512, 1024
"""Rows and columns that the tables have room for."""

GATHERED_BLOCK = (
    ("i64", "rows"),
    ("i64", "columns"),
    ("i64", "depth"),
    ("ptr", "a"),
    ("ptr", "a_rows"),
    ("ptr", "a_depths"),
    ("ptr", "b"),
    ("ptr", "b_columns"),
    ("ptr", "b_depths"),
    ("ptr", "b_vectors"),
    ("ptr", "panel"),
    ("ptr", "c"),
    ("ptr", "c_rows"),
    ("ptr", "c_columns"),
    ("i1", "accumulate"),
)
SCATTERED_TILE = (
    ("i64", "rows"),
    ("i64", "columns"),
    ("ptr noalias readonly", "tile"),
    ("ptr noalias", "c"),
    ("ptr noalias readonly", "c_rows"),
    ("ptr noalias readonly", "c_columns"),
    ("i1", "accumulate"),
)


def write_gathered_tiles(blocking: Blocking) -> str:
    """Return the kernel `product.tiles` and its parts."""
    parts: list[str] = []
    names: list[str] = []
    for source, vectors in _variants(blocking):
        names.append("null")
        for rows in range(1, blocking.rows + 1):
            parts.append(write_gathered_tile(blocking, rows, vectors, source))
            names.append(f"@{gathered_tile_name(blocking, rows, vectors, source)}")
    entries = ", ".join(f"ptr {name}" for name in names)
    parts.append(f"@{blocking.name('gathered')} = internal constant [{len(names)} x ptr] [{entries}]\n")
    return "".join([*parts, _write_scatter(blocking), _write_block(blocking), _write_loops(blocking)])


def _variants(blocking: Blocking) -> list[tuple[Source, int]]:
    """Return the kinds of tiles in the order of the table: whence they read B, and how many vectors of it."""
    panels: list[tuple[Source, int]] = [("panel", vectors) for vectors in range(1, blocking.vectors + 1)]
    return panels if blocking.masks == "none" else [*panels, ("runs", blocking.vectors), ("pieces", blocking.vectors)]


def fill(f: VectorWriter, table: str, group: Group, start: Operand, length: Operand, matrix: int) -> None:
    """Fill a table with distances."""
    f.call(OFFSETS_NAME, OFFSETS, start, length, group.count, group.axes, matrix, table)


def _write_loops(blocking: Blocking) -> str:
    f = VectorWriter(blocking, blocking.name("product.tiles"), KERNEL)
    operands = read_operands(f)
    leave_if_empty(f, operands)
    rows, columns, summed = operands.rows, operands.columns, operands.summed
    width = blocking.columns
    vector_table = (MOST_COLUMNS // f.lanes + blocking.vectors) * VECTOR_WORDS
    lengths = (MOST_ROWS, MOST_ROWS, blocking.depth + 1, blocking.depth + 1, MOST_COLUMNS, MOST_COLUMNS, vector_table)
    tables = [f.reserve(f"[{length} x i64]") for length in lengths]
    a_rows, c_rows, a_depths, b_depths, b_columns, c_columns, vectors = tables

    depth_limit = share(f, summed.total, blocking.resident_depth, 1)
    # All rows of A meet one panel after another: they should stay in the second-level cache.
    left_rows = f.quotient(blocking.left_block, depth_limit)
    left_rows = f.minimum(f.select(f.compare("sgt", left_rows, 64), left_rows, 64), MOST_ROWS)
    row_limit = share(f, rows.total, left_rows, 1)
    column_limit = share(f, columns.total, MOST_COLUMNS // width * width, width)
    with f.loop(0, columns.total, column_limit) as column:
        column_count = f.minimum(column_limit, f.subtract(columns.total, column))
        fill(f, b_columns, columns, column, column_count, RIGHT)
        fill(f, c_columns, columns, column, column_count, OUTPUT)
        f.call(blocking.name("describe"), DESCRIBE, column_count, b_columns, vectors)
        with f.loop(0, rows.total, row_limit) as row, f.loop(0, summed.total, depth_limit) as k:
            row_count = f.minimum(row_limit, f.subtract(rows.total, row))
            depth = f.minimum(depth_limit, f.subtract(summed.total, k))
            fill(f, a_rows, rows, row, row_count, LEFT)
            fill(f, c_rows, rows, row, row_count, OUTPUT)
            fill(f, a_depths, summed, k, depth, LEFT)
            fill(f, b_depths, summed, k, depth, RIGHT)
            with turns(f, operands) as (a, b, c):
                f.call(
                    blocking.name("gathered.block"),
                    GATHERED_BLOCK,
                    *(row_count, column_count, depth),
                    *(a, a_rows, a_depths),
                    *(b, b_columns, b_depths, vectors, operands.workspace),
                    *(c, c_rows, c_columns, f.any(operands.adds, f.compare("ne", k, 0))),
                )
    return f.text()


def _write_block(blocking: Blocking) -> str:
    """Return the tiles over a block, panel by panel: the first tile packs what the others read.

    A tile whose columns are not contiguous in C, or fewer than fill its vectors, is scattered from a copy.
    """
    f = VectorWriter(blocking, blocking.name("gathered.block"), GATHERED_BLOCK)
    width, height = blocking.columns, blocking.rows
    kinds = [source for source, _ in _variants(blocking)]
    copy = f.reserve(f"[{height * width} x {f.scalar}]")
    copy_rows = f.reserve(f"[{height} x i64]")
    for row in range(height):
        f.store(str(row * width * f.size), f.element("i64", copy_rows, (row, 1)), "i64")
    with f.loop(0, "%columns", width) as column:
        count = f.minimum(width, f.subtract("%columns", column))
        vectors = f.quotient(f.add(count, f.lanes - 1), f.lanes)
        b_columns, c_columns = (f.element("i64", table, (column, 1)) for table in ("%b_columns", "%c_columns"))
        described = f.element("i64", "%b_vectors", (f.quotient(column, f.lanes), VECTOR_WORDS))
        packed_kind = f.subtract(vectors, 1)
        first_kind: Operand = packed_kind
        if blocking.masks != "none":
            splits = [word(f, described, (vector, VECTOR_WORDS)) for vector in range(blocking.vectors)]
            runs = f.all(*(f.compare("eq", split, f.lanes) for split in splits))
            pieces = f.all(*(f.compare("ne", split, 0) for split in splits))
            wide = f.compare("eq", vectors, blocking.vectors)
            runs, pieces = f.all(wide, runs), f.all(wide, pieces)
            in_place = f.select(runs, kinds.index("runs"), kinds.index("pieces"))
            first_kind = f.select(pieces, in_place, packed_kind)
            packs = f.negate(pieces)
        else:
            packs = "true"
        with f.when(packs):
            f.call(blocking.name("gather"), GATHER, "%depth", count, "%b", "%b_depths", b_columns, "%panel")
        first = word(f, c_columns)
        c = f.element("i8", "%c", (first, 1))
        whole = f.compare("eq", f.multiply(vectors, f.lanes), count)
        straight = f.all(whole, _contiguous(f, c_columns, first, count))
        adds = f.all("%accumulate", straight)
        with row_tiles(f, "%rows") as (row, tall):
            a_rows, c_rows = (f.element("i64", table, (row, 1)) for table in ("%a_rows", "%c_rows"))
            kind = f.select(f.compare("eq", row, 0), first_kind, packed_kind)
            entry = f.element("ptr", f"@{blocking.name('gathered')}", (kind, height + 1), (tall, 1))
            target, target_rows = f.select(straight, c, copy, "ptr"), f.select(straight, c_rows, copy_rows, "ptr")
            f.call(
                f.load(entry, "ptr"),
                GATHERED_TILE,
                *("%depth", "%a", a_rows, "%a_depths"),
                *("%b", "%b_depths", described, "%panel"),
                *(target, target_rows, adds, count),
            )
            with f.when(f.negate(straight)):
                scattered = (tall, count, copy, "%c", c_rows, c_columns, "%accumulate")
                f.call(blocking.name("gathered.scatter"), SCATTERED_TILE, *scattered)
    return f.text()


def _contiguous(f: VectorWriter, table: str, first: Operand, count: Operand) -> str:
    """Return whether so many columns follow one another in C.

    The result is in row-major order, so what lies between two of its columns is never another one of them: it is
    enough to look at the last, unless an axis runs backwards or stands still, which none of a result does.
    """
    last = f.subtract(count, 1)
    return f.compare("eq", f.subtract(word(f, table, (last, 1)), first), f.multiply(last, f.size))


def _write_scatter(blocking: Blocking) -> str:
    f = VectorWriter(blocking, blocking.name("gathered.scatter"), SCATTERED_TILE)
    keep = f.keep_mask("%accumulate")
    with f.loop(0, "%rows") as row, f.loop(0, "%columns") as column:
        value = f.load(f.at("%tile", (row, blocking.columns), (column, 1)), f.scalar)
        distance = f.add(word(f, "%c_rows", (row, 1)), word(f, "%c_columns", (column, 1)))
        f.accumulate(value, f.element("i8", "%c", (distance, 1)), keep, 1)
    return f.text()

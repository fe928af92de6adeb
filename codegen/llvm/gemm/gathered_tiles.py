"""Contractions between any axes by register tiles: A is read where it lies, B is packed block by block.

Tables say where rows, columns and terms of the sums are, so the axes they consist of do not matter to the innermost
loops. All turns of a batch use the same tables.
"""

from __future__ import annotations

from codegen.llvm.gemm.axes import LEFT, OFFSETS, OFFSETS_NAME, OUTPUT, RIGHT, word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.call import KERNEL, Group, leave_if_empty, read_operands, turns
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.gathered_panels import DESCRIBE, GATHER, VECTOR_WORDS
from codegen.llvm.gemm.micro_kernel import GATHERED_TILE, gathered_tile_name, write_gathered_tile
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
    ("ptr", "panels"),
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
    tiles = [
        write_gathered_tile(blocking, rows, vectors)
        for vectors in range(1, blocking.vectors + 1)
        for rows in range(1, blocking.rows + 1)
    ]
    return "".join([*tiles, _table(blocking), _write_scatter(blocking), _write_block(blocking), _write_loops(blocking)])


def _table(blocking: Blocking) -> str:
    names = ["null"] * (blocking.rows + 1)
    for vectors in range(1, blocking.vectors + 1):
        names.append("null")
        names += [f"@{gathered_tile_name(blocking, rows, vectors)}" for rows in range(1, blocking.rows + 1)]
    entries = ", ".join(f"ptr {name}" for name in names)
    return f"@{blocking.name('gathered')} = internal constant [{len(names)} x ptr] [{entries}]\n"


def fill(f: VectorWriter, table: str, group: Group, start: Operand, length: Operand, matrix: int) -> None:
    """Fill a table with distances."""
    f.call(OFFSETS_NAME, OFFSETS, start, length, group.count, group.axes, matrix, table)


def _write_loops(blocking: Blocking) -> str:
    f = VectorWriter(blocking, blocking.name("product.tiles"), KERNEL)
    operands = read_operands(f)
    leave_if_empty(f, operands)
    rows, columns, summed = operands.rows, operands.columns, operands.summed
    width = blocking.columns
    vector_table = -(-MOST_COLUMNS // f.lanes) * VECTOR_WORDS
    lengths = (MOST_ROWS, MOST_ROWS, blocking.depth, blocking.depth, MOST_COLUMNS, MOST_COLUMNS, vector_table)
    tables = [f.reserve(f"[{length} x i64]") for length in lengths]
    a_rows, c_rows, a_depths, b_depths, b_columns, c_columns, vectors = tables
    packed = f.reserve("ptr")

    depth_limit = share(f, summed.total, blocking.resident_depth, 1)
    left_rows = f.quotient(blocking.left_block, depth_limit)
    row_limit = share(f, rows.total, f.minimum(f.select(f.compare("sgt", left_rows, 64), left_rows, 64), MOST_ROWS), 1)
    # Packed panels share the second-level cache with what is read of A.
    right_columns = f.round_down(f.quotient(blocking.second_level // 2, depth_limit), width)
    right_columns = f.select(f.compare("sgt", right_columns, width), right_columns, width)
    most = MOST_COLUMNS // width * width
    column_limit = share(f, columns.total, f.minimum(right_columns, most), width)
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
            accumulate = f.compare("ne", k, 0)
            f.store("null", packed, "ptr")
            with turns(f, operands) as (a, b, c):
                # Turns that differ in the left operand only share the panels.
                other = f.value(f"icmp ne ptr {b}, {f.load(packed, 'ptr')}")
                with f.when(other):
                    tables = (b_depths, b_columns, vectors, operands.workspace)
                    f.call(blocking.name("gather"), GATHER, depth, column_count, b, *tables)
                    f.store(b, packed, "ptr")
                left = (row_count, column_count, depth, a, a_rows, a_depths)
                result = (operands.workspace, c, c_rows, c_columns, accumulate)
                f.call(blocking.name("gathered.block"), GATHERED_BLOCK, *left, *result)
    return f.text()


def _write_block(blocking: Blocking) -> str:
    """Return the tiles over a block; a tile whose columns are not contiguous in C is scattered from a copy."""
    f = VectorWriter(blocking, blocking.name("gathered.block"), GATHERED_BLOCK)
    width, height = blocking.columns, blocking.rows
    copy = f.reserve(f"[{height * width} x {f.scalar}]")
    copy_rows = f.reserve(f"[{height} x i64]")
    for row in range(height):
        f.store(str(row * width * f.size), f.element("i64", copy_rows, (row, 1)), "i64")
    chunk = f.round_down(f.quotient(blocking.first_level // 2, "%depth"), width)
    chunk = f.select(f.compare("sgt", chunk, width), chunk, width)
    with f.loop(0, "%columns", chunk) as start, row_tiles(f, "%rows") as (row, tall):
        end = f.minimum("%columns", f.add(start, chunk))
        a_rows, c_rows = (f.element("i64", table, (row, 1)) for table in ("%a_rows", "%c_rows"))
        with f.loop(start, end, width) as column:
            count = f.minimum(width, f.subtract(end, column))
            vectors = f.quotient(f.add(count, f.lanes - 1), f.lanes)
            tile = f.load(f.element("ptr", f"@{blocking.name('gathered')}", (vectors, height + 1), (tall, 1)), "ptr")
            c_columns = f.element("i64", "%c_columns", (column, 1))
            first = word(f, c_columns)
            c = f.element("i8", "%c", (first, 1))
            straight = _contiguous(f, c_columns, first, count)
            target, target_rows = f.select(straight, c, copy, "ptr"), f.select(straight, c_rows, copy_rows, "ptr")
            adds = f.all("%accumulate", straight)
            operands = ("%depth", "%a", a_rows, "%a_depths", f.at("%panels", (column, "%depth")))
            f.call(tile, GATHERED_TILE, *operands, target, target_rows, adds, count)
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

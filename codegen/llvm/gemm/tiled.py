"""The product by register tiles: the loops over cache blocks, and the choice of what to pack."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.blocks import BLOCK, STREAMED
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.packing import PACK_LEFT, PACK_RIGHT
from codegen.llvm.gemm.single_row import SINGLE_ROW, STREAMS
from codegen.llvm.gemm.vector_writer import VectorWriter

PRODUCT = (
    ("i64", "m"),
    ("i64", "n"),
    ("i64", "k"),
    ("ptr", "a"),
    ("i64", "a_row"),
    ("i64", "a_column"),
    ("ptr", "b"),
    ("i64", "b_row"),
    ("i64", "b_column"),
    ("ptr", "c"),
    ("i64", "c_row"),
    ("i1", "accumulate"),
    ("ptr", "workspace"),
)
"""The parameters of a product whose C has contiguous rows; m, n, k >= 1."""

MOST_ROWS_ON_THE_WAY = 64
"""So many rows of A meet a B that the first of them pack."""

LOOPS = (*PRODUCT, ("i1", "pack_left"))
"""The parameters of the loops that may pack A, whose columns are contiguous then."""


def write_tiled(blocking: Blocking) -> str:
    """Return the product that chooses how B is read, and the loops it chooses from.

    In place: B has contiguous rows and is small, or there are few rows of A. On the way: some rows of A, which the
    second-level cache holds, meet a B with contiguous rows. Packed ahead: everything else.
    """
    f = VectorWriter(blocking, blocking.name("tiled"), PRODUCT)
    operands = [f"%{name}" for _, name in PRODUCT]
    by_rows = f.compare("eq", "%b_column", 1)
    single = f.all(by_rows, f.compare("eq", "%m", 1))
    with f.when(single):
        rows = f.value(f"alloca [{STREAMS} x i64], align 64")
        for row in range(1, STREAMS):
            f.store(str(f.multiply("%b_row", row * f.size)), f.element("i64", rows, (row, 1)), "i64")
        right = ("%b", "%b_row", rows, "%c", "%accumulate")
        f.call(blocking.name("single_row"), SINGLE_ROW, "%n", "%k", "%a", "%a_column", *right)
    f.leave(single)

    # Two tiles of half the height may as well read B twice. Above, the first tile has the full height.
    many = f.compare("sgt", "%m", blocking.rows + 2)
    large = f.all(many, f.compare("sgt", f.multiply("%k", "%n"), blocking.first_level // 2))
    readable = by_rows
    if blocking.masks == "none":
        # Without masked loads, a tile reads its whole width.
        readable = f.all(by_rows, f.compare("eq", f.value(f"urem i64 %n, {blocking.columns}"), 0))
    in_place = f.all(readable, f.negate(large))
    with f.when(in_place):
        f.call(blocking.name("in_place"), PRODUCT, *operands)
    f.leave(in_place)

    by_columns = f.all(f.compare("eq", "%a_row", 1), f.compare("ne", "%a_column", 1))
    tall = f.compare("sge", "%m", 2 * blocking.rows)
    pack_left = f.all(by_columns, tall, f.compare("sge", "%n", 4 * blocking.columns))
    left_block = f.multiply("%m", f.minimum("%k", blocking.resident_depth))
    # Many rows of A pay for packing ahead: it reads B by long rows, and C is written by long rows then.
    few = f.compare("sle", "%m", MOST_ROWS_ON_THE_WAY)
    on_the_way = f.all(readable, few, f.compare("sle", left_block, blocking.left_block * 4 // 3))
    with f.when(on_the_way):
        f.call(blocking.name("on_the_way"), LOOPS, *operands, pack_left)
    f.leave(on_the_way)
    f.call(blocking.name("packed"), LOOPS, *operands, pack_left)
    return "".join([_write_in_place(blocking), _write_on_the_way(blocking), _write_packed(blocking), f.text()])


def _write_in_place(blocking: Blocking) -> str:
    """Return the loops in which nothing is packed.

    A slice of B is cut into chunks that fit into the first-level cache. If it is shallow, a chunk is many panels, over
    which each tile of rows passes: C is written in long rows.
    """
    f = VectorWriter(blocking, blocking.name("in_place"), PRODUCT)
    width = blocking.columns
    depth_limit = share(f, "%k", blocking.resident_depth, 8)
    chunk = f.round_down(f.quotient(blocking.first_level // 2, depth_limit), width)
    chunk = f.select(f.compare("sgt", chunk, width), chunk, width)
    with f.loop(0, "%k", depth_limit) as k, f.loop(0, "%n", chunk) as column:
        depth, columns = (
            f.minimum(limit, f.subtract(end, start))
            for limit, end, start in ((depth_limit, "%k", k), (chunk, "%n", column))
        )
        left = (f.at("%a", (k, "%a_column")), "%a_row", "%a_row", "%a_column", "false")
        right = (f.at("%b", (k, "%b_row"), (column, 1)), "%b_row", 1)
        result = (f.at("%c", (column, 1)), "%c_row", f.any("%accumulate", f.compare("ne", k, 0)))
        f.call(blocking.name("block"), BLOCK, "%m", columns, depth, *left, *right, *result)
    return f.text()


def _write_on_the_way(blocking: Blocking) -> str:
    """Return the loops in which the first tile of rows packs B."""
    f = VectorWriter(blocking, blocking.name("on_the_way"), LOOPS)
    depth_limit = share(f, "%k", blocking.resident_depth, 8)
    with f.loop(0, "%k", depth_limit) as k:
        depth = f.minimum(depth_limit, f.subtract("%k", k))
        left = _left_block(f, 0, "%m", k, depth)
        right = (f.at("%b", (k, "%b_row")), "%b_row", 1)
        result = ("%c", "%c_row", f.any("%accumulate", f.compare("ne", k, 0)))
        f.call(blocking.name("streamed"), STREAMED, "%m", "%n", depth, *left, *right, *result, "%workspace")
    return f.text()


def _write_packed(blocking: Blocking) -> str:
    """Return the loops in which B is packed block by block.

    Tiles of rows pass over as many panels as half of the second-level cache holds: each writes long rows of C.
    """
    f = VectorWriter(blocking, blocking.name("packed"), LOOPS)
    width = blocking.columns
    depth_limit = share(f, "%k", blocking.depth, 8)
    row_limit = share(f, "%m", f.quotient(blocking.left_block, depth_limit), blocking.rows)
    column_limit = share(f, "%n", f.quotient(blocking.right_block, depth_limit), width)
    chunk = f.round_down(f.quotient(blocking.second_level // 2, depth_limit), width)
    chunk = f.select(f.compare("sgt", chunk, width), chunk, width)
    with f.loop(0, "%n", column_limit) as column, f.loop(0, "%k", depth_limit) as k:
        columns = f.minimum(column_limit, f.subtract("%n", column))
        depth = f.minimum(depth_limit, f.subtract("%k", k))
        accumulate = f.any("%accumulate", f.compare("ne", k, 0))
        origin = f.at("%b", (k, "%b_row"), (column, "%b_column"))
        f.call(blocking.name("pack_right"), PACK_RIGHT, depth, columns, origin, "%b_row", "%b_column", "%workspace")
        with f.loop(0, "%m", row_limit) as row:
            rows = f.minimum(row_limit, f.subtract("%m", row))
            left = _left_block(f, row, rows, k, depth)
            with f.loop(0, columns, chunk) as start:
                part = f.minimum(chunk, f.subtract(columns, start))
                right = (f.at("%workspace", (start, depth)), width, depth)
                result = (f.at("%c", (row, "%c_row"), (column, 1), (start, 1)), "%c_row", accumulate)
                f.call(blocking.name("block"), BLOCK, rows, part, depth, *left, *right, *result)
    return f.text()


def _left_block(f: VectorWriter, row: Operand, rows: Operand, k: Operand, depth: Operand) -> tuple[Operand, ...]:
    """Pack a block of A if `%pack_left`; return the operands `a` to `packed_left` of a block."""
    packed = f.at("%workspace", (f.blocking.left_offset, 1))
    origin = f.at("%a", (row, "%a_row"), (k, "%a_column"))
    with f.when("%pack_left"):
        f.call(f.blocking.name("pack_left"), PACK_LEFT, rows, depth, origin, "%a_column", packed)
    # A is packed only if its columns are contiguous: `a_row` is 1 before and after.
    a, a_tile = f.select("%pack_left", packed, origin, "ptr"), f.select("%pack_left", depth, "%a_row")
    return a, a_tile, "%a_row", "%a_column", "%pack_left"


def share(f: VectorWriter, total: Operand, limit: Operand, unit: int) -> Operand:
    """Return the size of equal parts that cover the total: at most `limit`, rounded up to a multiple of `unit`."""
    parts = f.quotient(f.subtract(f.add(total, limit), 1), limit)
    part = f.quotient(f.subtract(f.add(total, parts), 1), parts)
    return f.round_up(part, unit)

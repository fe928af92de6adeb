"""The product by dot products: for few columns, where register tiles of columns would be mostly empty."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.dot_tile import BROAD, DOT_TILE, TALL, dot_name, write_dot_tile
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.tiled import PRODUCT, share
from codegen.llvm.gemm.vector_writer import VectorWriter

MOST_COLUMNS = 12
"""With more columns than this, register tiles of columns are better filled."""

DOTS = (*PRODUCT, ("i64", "c_column"))
"""The parameters of a product of any C; m, n, k >= 1."""


def write_dots(blocking: Blocking) -> str:
    """Return the dot tiles and the loops over them.

    Rows of A are contiguous (a_column is 1). A slice of all columns of B fits into the first-level cache; where B's
    columns are not contiguous, the slice is copied so that they are. There are at most `MOST_COLUMNS` columns.
    """
    f = VectorWriter(blocking, blocking.name("dots"), DOTS)
    a_rows, b_columns = (f.value(f"alloca [{count} x i64], align 32") for count in (TALL, BROAD))
    for row in range(1, TALL):
        f.store(str(f.multiply("%a_row", row * f.size)), f.element("i64", a_rows, (row, 1)), "i64")
    pack = f.compare("ne", "%b_row", 1)
    limit = f.quotient(blocking.first_level // 2, "%n")
    depth_limit = share(f, "%k", limit, 4 * f.lanes)

    with f.loop(0, "%k", depth_limit) as k:
        depth = f.minimum(depth_limit, f.subtract("%k", k))
        b_column = f.select(pack, depth, "%b_column")
        for column in range(1, BROAD):
            f.store(str(f.multiply(b_column, column * f.size)), f.element("i64", b_columns, (column, 1)), "i64")
        origin = f.at("%b", (k, "%b_row"))
        with f.when(pack), f.loop(0, "%n") as column, f.loop(0, depth) as inner:
            source = f.at(origin, (inner, "%b_row"), (column, "%b_column"))
            f.copy(source, f.at("%workspace", (column, depth), (inner, 1)))
        b = f.select(pack, "%workspace", origin, "ptr")
        accumulate = f.any("%accumulate", f.compare("ne", k, 0))

        def tile(height: int, width: int, row: Operand, column: Operand) -> None:
            f.call(
                dot_name(blocking, height, width),
                DOT_TILE,
                depth,
                f.at("%a", (row, "%a_row"), (k, 1)),
                a_rows,
                f.at(b, (column, b_column)),
                b_columns,
                f.at("%c", (row, "%c_row"), (column, "%c_column")),
                "%c_row",
                "%c_column",
                accumulate,
            )

        tall, broad = f.round_down("%m", TALL), f.round_down("%n", BROAD)
        with f.loop(0, tall, TALL) as row:
            with f.loop(0, broad, BROAD) as column:
                tile(TALL, BROAD, row, column)
            with f.loop(broad, "%n") as column:
                tile(TALL, 1, row, column)
        with f.loop(tall, "%m") as row, f.loop(0, "%n") as column:
            tile(1, 1, row, column)
    tiles = [write_dot_tile(blocking, rows, columns) for rows, columns in ((TALL, BROAD), (TALL, 1), (1, 1))]
    return "".join([*tiles, f.text()])

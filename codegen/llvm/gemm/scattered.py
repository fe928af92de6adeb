"""The product into a C without contiguous rows: collected block by block, then written where it belongs."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.dots import DOTS
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.tiled import PRODUCT, share
from codegen.llvm.gemm.vector_writer import VectorWriter

SCATTER = (
    ("i64", "rows"),
    ("i64", "columns"),
    ("ptr noalias readonly", "block"),
    ("ptr noalias", "c"),
    ("i64", "c_row"),
    ("i64", "c_column"),
    ("i1", "accumulate"),
)
"""The parameters of the scattering: rows of the block follow one another."""


def write_scattered(blocking: Blocking) -> str:
    """Return the product for C of any strides, by the blocked product on blocks of C in the workspace."""
    f = VectorWriter(blocking, blocking.name("scattered"), DOTS)
    block = f.at("%workspace", (blocking.result_offset, 1))
    row_limit = share(f, "%m", 128, 1)
    column_limit = f.round_down(f.quotient(blocking.result_block, row_limit), blocking.columns)
    with f.loop(0, "%m", row_limit) as row, f.loop(0, "%n", column_limit) as column:
        rows = f.minimum(row_limit, f.subtract("%m", row))
        columns = f.minimum(column_limit, f.subtract("%n", column))
        left = (f.at("%a", (row, "%a_row")), "%a_row", "%a_column")
        right = (f.at("%b", (column, "%b_column")), "%b_row", "%b_column")
        result = (block, columns, "false")
        f.call(blocking.name("tiled"), PRODUCT, rows, columns, "%k", *left, *right, *result, "%workspace")
        target = f.at("%c", (row, "%c_row"), (column, "%c_column"))
        f.call(blocking.name("scatter"), SCATTER, rows, columns, block, target, "%c_row", "%c_column", "%accumulate")
    return _write_scatter(blocking) + f.text()


def _write_scatter(blocking: Blocking) -> str:
    """Return the function that stores a block to C or adds it.

    Where columns of C are contiguous, squares of the block are transposed; the rest goes element by element.
    """
    f = VectorWriter(blocking, blocking.name("scatter"), SCATTER)
    keep = f.keep_mask("%accumulate")
    by_columns = f.compare("eq", "%c_row", 1)
    square_rows = f.select(by_columns, f.round_down("%rows", f.lanes), 0)
    square_columns = f.round_down("%columns", f.lanes)
    with f.loop(0, square_rows, f.lanes) as row, f.loop(0, square_columns, f.lanes) as column:
        square = f.at("%block", (row, "%columns"), (column, 1))
        target = f.at("%c", (row, 1), (column, "%c_column"))
        rows = [f.load(f.at(square, (index, "%columns"))) for index in range(f.lanes)]
        for index, values in enumerate(f.transpose(rows)):
            f.accumulate(values, f.at(target, (index, "%c_column")), keep, f.lanes)

    def elements(first_row: Operand, last_row: Operand, first_column: Operand) -> None:
        with f.loop(first_row, last_row) as row, f.loop(first_column, "%columns") as column:
            value = f.load(f.at("%block", (row, "%columns"), (column, 1)), f.scalar)
            f.accumulate(value, f.at("%c", (row, "%c_row"), (column, "%c_column")), keep, 1)

    elements(0, square_rows, square_columns)
    elements(square_rows, "%rows", 0)
    return f.text()

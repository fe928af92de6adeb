"""The product into a C without contiguous rows: collected block by block, then written where it belongs."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.dots import DOTS
from codegen.llvm.gemm.tiled import PRODUCT, share
from codegen.llvm.gemm.vector_writer import VectorWriter


def write_scattered(blocking: Blocking) -> str:
    """Return the product for C of any strides, by the blocked product on blocks of C in the workspace."""
    f = VectorWriter(blocking, blocking.name("scattered"), DOTS)
    block = f.at("%workspace", (blocking.result_offset, 1))
    row_limit = share(f, "%m", 128, 1)
    column_limit = f.round_down(f.quotient(blocking.result_block, row_limit), blocking.columns)
    with f.loop(0, "%m", row_limit) as row, f.loop(0, "%n", column_limit) as column:
        rows = f.minimum(row_limit, f.subtract("%m", row))
        columns = f.minimum(column_limit, f.subtract("%n", column))
        a, b = f.at("%a", (row, "%a_row")), f.at("%b", (column, "%b_column"))
        left, right = (a, "%a_row", "%a_column"), (b, "%b_row", "%b_column")
        f.call(
            blocking.name("tiled"), PRODUCT, rows, columns, "%k", *left, *right, block, columns, "false", "%workspace"
        )
        keep = f.keep_mask("%accumulate")
        target = f.at("%c", (row, "%c_row"), (column, "%c_column"))
        with f.loop(0, columns) as j, f.loop(0, rows) as i:
            value = f.load(f.at(block, (i, columns), (j, 1)), f.scalar)
            f.accumulate(value, f.at(target, (i, "%c_row"), (j, "%c_column")), keep, 1)
    return f.text()

"""The matrix product of any two strided views: which operand comes first, and which algorithm computes it."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.dots import DOTS, MOST_COLUMNS
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.tiled import PRODUCT
from codegen.llvm.gemm.vector_writer import VectorWriter

GEMM = (
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
    ("i64", "c_column"),
    ("i32", "accumulate"),
    ("ptr", "workspace"),
)
"""The parameters of `sg.gemm.<dtype>`."""


def gemm_name(dtype: str) -> str:
    """Return the name of the matrix product of a dtype."""
    return f"sg.gemm.{dtype}"


def write_gemm(blocking: Blocking) -> str:
    """Return the matrix product, and the choice of the algorithm it calls.

    C = A B is also C^T = B^T A^T: the operands change places where that leaves contiguous rows to the algorithms.
    """
    f = VectorWriter(blocking, gemm_name(blocking.dtype), GEMM, linkage="")
    f.leave(f.any(f.compare("sle", "%m", 0), f.compare("sle", "%n", 0)))
    accumulate = f.value("icmp ne i32 %accumulate, 0")
    empty = f.compare("sle", "%k", 0)
    with f.when(f.all(empty, f.negate(accumulate))), f.loop(0, "%m") as row, f.loop(0, "%n") as column:
        f.store("0.0", f.at("%c", (row, "%c_row"), (column, "%c_column")), f.scalar)
    f.leave(empty)

    # A stride along an axis of length one means nothing: let it be the most useful one.
    c_row = f.select(f.compare("eq", "%m", 1), 1, "%c_row")
    c_column = f.select(f.compare("eq", "%n", 1), 1, "%c_column")
    swap = _write_transposition(f, c_row, c_column)

    def either(straight: Operand, transposed: Operand, kind: str = "i64") -> Operand:
        return f.select(swap, transposed, straight, kind)

    operands = (
        either("%m", "%n"),
        either("%n", "%m"),
        "%k",
        either("%a", "%b", "ptr"),
        either("%a_row", "%b_column"),
        either("%a_column", "%b_row"),
        either("%b", "%a", "ptr"),
        either("%b_row", "%a_column"),
        either("%b_column", "%a_row"),
        "%c",
        either(c_row, c_column),
        accumulate,
        "%workspace",
        either(c_column, c_row),
    )
    f.call(blocking.name("choice"), DOTS, *operands)
    return _write_choice(blocking) + f.text()


def _write_transposition(f: VectorWriter, c_row: Operand, c_column: Operand) -> str:
    """Return whether to compute C^T = B^T A^T."""
    narrow, wide = max(f.blocking.columns, MOST_COLUMNS + 1), 4 * f.blocking.columns
    deep = f.compare("sge", "%k", f.lanes)
    a_by_rows = f.all(f.compare("eq", "%a_column", 1), deep)
    b_by_columns = f.all(f.compare("eq", "%b_row", 1), deep)
    b_by_rows = f.compare("eq", "%b_column", 1)
    a_by_columns = f.all(f.compare("eq", "%a_row", 1), f.negate(a_by_rows))

    # Vectors run along the columns of B: they should be many where those of A^T would be few, and the reverse.
    low_and_wide = f.all(b_by_rows, f.compare("slt", "%m", narrow), f.compare("sge", "%n", wide))
    tall_and_narrow = f.all(a_by_columns, f.compare("slt", "%n", narrow), f.compare("sge", "%m", wide))
    # Dot products want the operand with few of them on the right.
    few_dots = f.all(a_by_rows, b_by_columns, f.compare("sle", "%m", MOST_COLUMNS), f.compare("slt", "%m", "%n"))
    by_columns = f.all(f.compare("eq", c_row, 1), f.compare("ne", c_column, 1), f.negate(low_and_wide))
    swap = f.any(tall_and_narrow, few_dots, by_columns)
    # A vector times a matrix combines contiguous rows or takes dot products of contiguous columns.
    swap = f.select(f.compare("eq", "%m", 1), f.all(b_by_columns, f.negate(b_by_rows)), swap, "i1")
    return f.select(f.compare("eq", "%n", 1), f.negate(a_by_rows), swap, "i1")


def _write_choice(blocking: Blocking) -> str:
    """Return the function that calls dot products, register tiles, or register tiles for a scattered C."""
    f = VectorWriter(blocking, blocking.name("choice"), DOTS)
    operands = [f"%{name}" for _, name in DOTS]

    def at_least(rows: int, depth: int) -> str:
        return f.all(f.compare("sge", "%m", rows), f.compare("sge", "%k", depth))

    # Where B has contiguous columns, dot products read them as they are. Elsewhere, copying them must pay: many rows
    # reuse the copy, and vectors along the few columns would be empty by a quarter or more.
    waste = f.compare("slt", f.multiply("%n", 4), f.multiply(f.round_up("%n", f.lanes), 3))
    pays = f.any(
        f.compare("eq", "%b_row", 1),
        f.compare("eq", "%n", 1),
        f.all(f.compare("sle", "%n", 3), at_least(64, 32)),
        f.all(waste, at_least(256, 256)),
    )
    dots = f.all(
        f.compare("eq", "%a_column", 1),
        f.compare("sge", "%k", f.lanes),
        f.compare("sle", "%n", MOST_COLUMNS),
        pays,
    )
    with f.when(dots):
        f.call(blocking.name("dots"), DOTS, *operands)
    f.leave(dots)
    contiguous = f.compare("eq", "%c_column", 1)
    with f.when(contiguous):
        f.call(blocking.name("tiled"), PRODUCT, *operands[: len(PRODUCT)])
    f.leave(contiguous)
    f.call(blocking.name("scattered"), DOTS, *operands)
    return f.text()

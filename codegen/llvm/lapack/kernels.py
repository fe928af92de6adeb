"""The kernels: what LAPACK is asked for, given that it sees the transpose of every matrix in row-major order.

So the x of a x = b is the X of X A^T = B: systems are solved from the right, in place of b. What is eliminated is a
copy of A itself, not of the transpose: its pivots are NumPy's, and so is what becomes of infinities, or of a matrix
that rounding makes singular.
"""

from __future__ import annotations

from collections.abc import Callable

from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.lapack.writer import MOST, KernelWriter


def write_solve(f: KernelWriter) -> None:
    """Write the x of a x = b."""
    _write_elimination(f, lambda number, result: f.copy(1, number, f.k, result))


def write_inverse(f: KernelWriter) -> None:
    """Write the inverse: the solution for the identity, as in NumPy. (LAPACK's `getri` takes three times as long.)"""

    def identity(_: str, result: str) -> None:
        with f.loop(0, f.multiply(f.n, f.n)) as entry:
            f.store("0.0", f.at(result, (entry, 1)))
        with f.loop(0, f.n) as row:
            f.store("1.0", f.at(result, (row, f.add(f.n, 1))))

    _write_elimination(f, identity)


def _write_elimination(f: KernelWriter, right_side: Callable[[str, str], None]) -> None:
    """Write a solution by elimination: with A = P L U it is B P / L^T / U^T.

    A matrix that serves the whole batch is factored once. For one column, whose memory is the same by rows and by
    columns, LAPACK's own solution takes half as many calls.
    """
    f.leave_if_empty()
    with f.each(f.n) as (number, result):
        with f.when(f.is_another(0, number)):
            _write_factors(f, number)
            f.fail_if_positive(number)
        right_side(number, result)
        single = f.compare("eq", f.k, 1)
        with f.when(single):
            f.routine("getrs", "N", f.order, f.columns, f.square, f.distance, f.pivots, result, f.distance, f.info)
        with f.when(f.negate(single)):
            _write_exchanges(f, result)
            for triangle, diagonal in (("L", "U"), ("U", "N")):
                given = (f.columns, f.order, "one", f.square, f.distance, result, f.columns)
                f.routine("trsm", "R", triangle, "T", diagonal, *given)


def _write_factors(f: KernelWriter, number: str) -> None:
    """Write the factors P L U of a matrix, as LAPACK stores them, by columns."""
    f.copy(0, number, f.n, f.square, transposed=True)
    f.routine("getrf", f.order, f.order, f.square, f.distance, f.pivots, f.info)


def _write_exchanges(f: KernelWriter, result: str) -> None:
    """Write the exchanges of rows of a result (columns, as LAPACK sees it)."""
    with f.loop(0, f.n) as row:
        other = _pivot(f, row)
        with f.when(f.compare("ne", row, other)), f.loop(0, f.k) as column:
            here, there = (f.at(result, (i, f.k), (column, 1)) for i in (row, other))
            a, b = f.load(here), f.load(there)
            f.store(b, here)
            f.store(a, there)


def _pivot(f: KernelWriter, row: Operand) -> str:
    """Return the row that elimination has exchanged a row with (LAPACK counts from 1)."""
    pivot = f.load(f.element("i32", f.pivots, (row, 1)), "i32")
    return f.value(f"add nsw i64 {f.value(f'sext i32 {pivot} to i64')}, -1")


def write_pivots(f: KernelWriter) -> None:
    """Write the diagonal of U in A = P L U, and the sign of P; zeros if elimination has found one on the diagonal."""
    with f.each(1) as (number, result):
        _write_factors(f, number)
        singular = f.positive_info()
        sign = f.at(result, (f.n, 1))
        f.store("1.0", sign)
        with f.loop(0, f.n) as row:
            pivot = f.load(f.at(f.square, (row, f.add(f.n, 1))))
            f.store(f.select(singular, "0.0", pivot, f.scalar), f.at(result, (row, 1)))
            with f.when(f.compare("ne", row, _pivot(f, row))):
                f.store(f.value(f"fneg {f.scalar} {f.load(sign)}"), sign)


def write_cholesky(f: KernelWriter) -> None:
    """Write the lower triangle l with l l^T = a: LAPACK sees the upper one, U^T U."""
    f.leave_if_empty()
    row_stride, column_stride = f.strides(0)
    with f.each(f.n) as (number, result):
        source = f.matrix(0, number)
        with f.loop(0, f.n) as row:
            below = f.add(row, 1)
            with f.loop(0, below) as column:
                entry = f.load(f.at(source, (row, row_stride), (column, column_stride)))
                f.store(entry, f.at(result, (row, f.n), (column, 1)))
            with f.loop(below, f.n) as column:
                f.store("0.0", f.at(result, (row, f.n), (column, 1)))
        f.routine("potrf", "U", f.order, result, f.distance, f.info)
        f.fail_if_positive(number)


def write_triangular_solve(f: KernelWriter, lower: bool, transposed: bool) -> None:
    """Write the x of a x = b, or of a^T x = b, for a triangular matrix. It is read where it is if its rows are whole.

    BLAS divides by any diagonal; here a zero on it is a failure, as it is for LAPACK's `trtrs`.
    """
    f.leave_if_empty()
    row, column = f.strides(0)
    # The order is at least 1: so are the distances that are let through.
    whole = f.all(f.compare("eq", column, 1), f.compare("sge", row, f.n), f.compare("sle", row, MOST))
    distance = f.integer(f.select(whole, row, f.n))
    copied = f.negate(whole)
    triangle, operation = "U" if lower else "L", "T" if transposed else "N"
    with f.each(f.n) as (number, result):
        with f.when(f.all(copied, f.is_another(0, number))):
            f.copy(0, number, f.n, f.square)
        a = f.select(whole, f.matrix(0, number), f.square, "ptr")
        f.store("0", f.info, "i32")
        with f.loop(0, f.n) as i:
            entry = f.load(f.at(f.matrix(0, number), (i, row), (i, column)))
            with f.when(f.value(f"fcmp oeq {f.scalar} {entry}, 0.0")):
                f.store("1", f.info, "i32")
        f.fail_if_positive(number)
        f.copy(1, number, f.k, result)
        f.routine("trsm", "R", triangle, operation, "N", f.columns, f.order, "one", a, distance, result, f.columns)

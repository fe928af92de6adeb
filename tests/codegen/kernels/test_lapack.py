"""Linear algebra as batches of matrices: which memory is read how, and what is said of a failure."""

import numpy as np
import pytest

import symgrad as sg
from codegen.kernels.lapack import Matrices, Pivots, matrices, matrix_call, may_fail
from codegen.program.prepare import prepare
from symgrad.errors import LinearAlgebraError
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.tensor import make
from tests.codegen.kernels.test_lower import assert_right

N = sg.dim("N")
A = sg.variable("A", (3, 3))
S = sg.variable("S", (5, 2, 3, 3))
B = sg.variable("B", (3, 2))


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (A, Matrices(A, 0, 0, 3, 1)),
        (A.T, Matrices(A, 0, 0, 1, 3)),
        (A[::-1], Matrices(A, 6, 0, -3, 1)),
        (S, Matrices(S, 0, 9, 3, 1)),
        (S[1], Matrices(S, 18, 9, 3, 1)),
        (S[:, 1], Matrices(S, 9, 18, 3, 1)),
        (S.reshape((10, 3, 3)).transpose((0, 2, 1)), Matrices(S, 0, 9, 1, 3)),
        (sg.broadcast_to(A, (4, 5, 3, 3)), Matrices(A, 0, 0, 3, 1)),
        (S[:, :1], Matrices(S, 0, 18, 3, 1)),
    ],
)
def test_views_are_read_where_they_are(node, wanted):
    assert matrices(node) == wanted


def test_run_time_sizes_are_in_strides():
    z = sg.variable("z", (2, N, N))
    found = matrices(z.transpose((0, 2, 1)))
    assert (found.offset, found.batch, found.row, found.column) == (0, N * N, 1, N)


@pytest.mark.parametrize("node", [S.transpose((1, 0, 2, 3)), S[::-1], S[:, :, None] * 2, S[::2, :, ::-1]])
def test_a_batch_that_is_not_one_axis_in_memory_is_stored(node):
    assert matrices(node) == Matrices(node, 0, 9, 3, 1)


def test_calls():
    solve = matrix_call(make(Solve(), (A, B)))
    assert (solve.kernel, solve.dtype, solve.batch, solve.order, solve.columns) == ("solve", "float64", 1, 3, 2)
    pivots = matrix_call(make(Pivots(), (S,)))
    assert (pivots.kernel, pivots.batch, pivots.order, pivots.columns) == ("pivots", 10, 3, 4)
    names = {make(Inverse(), (A,)): "inverse", make(Cholesky(), (A,)): "cholesky"}
    assert all(matrix_call(node).kernel == name for node, name in names.items())


@pytest.mark.parametrize(
    ("operation", "a", "kernel"),
    [
        (TriangularSolve(True), A, "solve.lower"),
        (TriangularSolve(False), A, "solve.upper"),
        (TriangularSolve(True, True), A, "solve.lower.transposed"),
        (TriangularSolve(True), A.T, "solve.upper.transposed"),
        (TriangularSolve(False, True), A.T, "solve.lower"),
    ],
)
def test_a_transposed_triangle_is_read_where_it_is(operation, a, kernel):
    call = matrix_call(make(operation, (a, B)))
    assert call.kernel == kernel
    assert call.operands[0] == Matrices(A, 0, 0, 3, 1)


def test_figures():
    assert matrix_call(make(Inverse(), (A,))).flops == 72
    assert matrix_call(make(Cholesky(), (S,))).flops == 90
    assert matrix_call(make(Solve(), (A, B))).flops == 18 + 36
    assert matrix_call(make(TriangularSolve(True), (A, B))).flops == 18
    z = sg.variable("z", (N, N))
    assert matrix_call(make(Pivots(), (z,))).flops == 2 * N**3 / 3


def test_determinants_share_their_pivots():
    nodes = [make(Determinant(kind), (A,)) for kind in ("det", "logabsdet", "sign")]
    kernels = sg.compile([A], nodes).kernels
    assert [k.formula for k in kernels].count("k0 = pivots(A)") == 1
    assert sum("pivots" in k.formula for k in kernels) == 1
    assert not any(isinstance(node.operation, Determinant) for node in prepare(nodes))


def test_what_may_fail():
    assert all(may_fail(make(op, (A,))) for op in (Inverse(), Cholesky()))
    assert all(may_fail(make(op, (A, B))) for op in (Solve(), TriangularSolve(True)))
    assert not may_fail(make(Pivots(), (A,)))
    assert not may_fail(A @ A)


def test_a_failure_names_the_operation_the_matrix_and_the_line():
    built_here = sg.variable("a matrix that no other test has", (3, 3))
    error = matrix_call(make(Inverse(), (built_here,))).failure(0, {})
    assert isinstance(error, LinearAlgebraError)
    assert isinstance(error, np.linalg.LinAlgError)
    assert str(error).startswith("inv: the matrix is singular, built at ")
    assert "test_lapack.py:" in str(error)
    z = sg.variable("z", (N, 2, 3, 3))
    error = matrix_call(make(Cholesky(), (z,))).failure(7, {N: 5})
    assert str(error).startswith("cholesky: matrix [3, 1] of the batch is not positive definite, built at ")


@pytest.mark.parametrize("select", [lambda s: s, lambda s: s.mT[1], lambda s: s[:, 1], lambda s: s[::-1, :, :2, :2]])
def test_strides_lead_to_the_entries_of_views(select):
    a = select(S)
    b = a[..., ::-1, :2]
    outputs = [sg.linalg.inv(a), sg.linalg.det(a), sg.linalg.solve(a, b)]
    outputs += [sg.linalg.solve_triangular(a, b, trans, lower=lower) for trans in (0, 1) for lower in (False, True)]
    assert_right(outputs, {S: np.random.default_rng(0).normal(size=(5, 2, 3, 3)) + 4 * np.eye(3)})

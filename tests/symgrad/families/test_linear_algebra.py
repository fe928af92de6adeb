"""Linear algebra: what it refuses, which triangle has a slope, singular matrices, and values in high precision.

Values and derivatives of every operation are compared with NumPy and with differences in test_families.py.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DtypeError, LinearAlgebraError, ShapeError
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.graph import topological_order
from symgrad.tensor import make
from tests.symgrad.numeric import finite_difference

A, B, v = sg.variable("A", (3, 3)), sg.variable("B", (3, 2)), sg.variable("v", (3,))
_numbers = np.random.default_rng(0)
AT = {A: _numbers.normal(size=(3, 3)) / 2 + 3 * np.eye(3), B: _numbers.normal(size=(3, 2)), v: _numbers.normal(size=3)}
ALL = (Inverse(), Determinant("det"), Cholesky())


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: type(operation).__name__)
def test_only_square_matrices_of_floats(operation: Any) -> None:
    for shape in [(), (3,), (2, 3), (2, 2, 1), (sg.dim("N"), sg.dim("M"))]:
        with pytest.raises(ShapeError, match="needs square matrices"):
            make(operation, (sg.variable("x", shape),))
    with pytest.raises(DtypeError, match="needs float32 or float64, not int64"):
        make(operation, (sg.variable("x", (2, 2), "int64"),))
    with pytest.raises(ShapeError, match=r"built at .*\.py:\d+"):
        make(operation, (sg.variable("x", (2, 3)),))


@pytest.mark.parametrize("operation", [Solve(), TriangularSolve(True)], ids=lambda operation: type(operation).__name__)
def test_right_sides_must_fit(operation: Any) -> None:
    for b in [v, sg.variable("b", (2, 2)), sg.variable("b", (1, 3, 2)), sg.variable("b", (3, 2), "float32")]:
        with pytest.raises(ShapeError, match=r"the right-hand side must be \(..., n, k\)"):
            make(operation, (A, b))


def test_sizes_known_at_run_time() -> None:
    n = sg.dim("N")
    x = sg.variable("x", (n, n))
    assert make(Inverse(), (x,)).shape == make(Cholesky(), (x,)).shape == (n, n)
    assert make(Determinant("sign"), (x,)).shape == ()
    assert make(Solve(), (x, sg.variable("b", (n, 2)))).shape == (n, 2)


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_of_third_order(seed: int) -> None:
    """Every closed form is made of the same family, so it can be differentiated as often as one likes."""
    solution = sg.linalg.solve_triangular(A, B, lower=seed == 1, trans=int(seed == 2))
    loss = sg.sum(sg.linalg.inv(A) ** 2) * sg.linalg.det(A) + sg.sum(sg.sin(sg.linalg.solve(A, B) + solution))
    loss = loss + sg.sum(sg.linalg.cholesky(A) ** 3) + sg.linalg.slogdet(A).logabsdet ** 2
    directions = [np.random.default_rng([seed, i]).normal(size=(3, 3)) for i in range(3)]
    along = loss
    for direction in directions[:2]:
        along = sg.sum(sg.grad(along, A) * direction)
    found = np.sum(sg.evaluate(sg.grad(along, A), AT) * directions[2])
    wanted = finite_difference(lambda arrays: sg.evaluate(along, AT | {A: arrays[0]}), [AT[A]], [directions[2]])
    np.testing.assert_allclose(found, wanted, rtol=1e-7)


def test_only_the_triangle_that_is_read_has_a_slope() -> None:
    for y, reads_lower in [
        (sg.linalg.cholesky(A), True),
        (sg.linalg.cholesky(A, upper=True), False),
        (sg.linalg.solve_triangular(A, B, lower=True), True),
        (sg.linalg.solve_triangular(A, B, 1, lower=True), True),
        (sg.linalg.solve_triangular(A, v), False),
        (sg.linalg.solve_triangular(A, v, "T"), False),
    ]:
        slopes = sg.evaluate(sg.grad(sg.sum(sg.sin(y)), A), AT)
        unread, read = (np.triu(slopes, 1), np.tril(slopes)) if reads_lower else (np.tril(slopes, -1), np.triu(slopes))
        assert not unread.any()
        assert np.count_nonzero(read) == 6


def test_the_gradient_of_a_factor_is_that_of_the_symmetric_matrix() -> None:
    half = sg.variable("half", (3, 3))
    symmetric = sg.tril(half) + sg.tril(half, -1).T
    both = [sg.grad(sg.sum(sg.sin(sg.linalg.cholesky(a))), half) for a in (half, symmetric)]
    one, other = sg.evaluate(both, {half: AT[A]})
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_log_determinants_in_high_precision() -> None:
    hilbert = 1 / (np.arange(6)[:, None] + np.arange(6) + 1.0)
    x = sg.variable("x", (6, 6))
    logabsdet = sg.linalg.slogdet(x).logabsdet
    value, slopes = sg.evaluate([logabsdet, sg.grad(logabsdet, x)], {x: hilbert})
    with mpmath.workdps(50):
        exact = mpmath.matrix(hilbert.tolist())
        np.testing.assert_allclose(value, float(mpmath.log(abs(mpmath.det(exact)))), rtol=1e-10)
        inverse = np.array((exact**-1).T.tolist(), float)
    # The condition of this matrix is 1.5e7.
    np.testing.assert_allclose(slopes, inverse, rtol=1e-8)


def test_the_inverse_is_computed_once() -> None:
    """The gradients of an inverse, a determinant and its logarithm all use the inverse that is there."""
    loss = sg.sum(sg.linalg.inv(A)) + sg.linalg.det(A) + sg.linalg.slogdet(A).logabsdet
    order = topological_order([loss, sg.grad(loss, A)])
    assert sum(isinstance(node.operation, Inverse) for node in order) == 1


def test_what_failed_is_named() -> None:
    singular = np.ones((3, 3))
    for tensor, name in [
        (sg.linalg.inv(A), "Singular matrix, in <inv"),
        (sg.linalg.solve(A, v), "Singular matrix, in <linalg.solve"),
        (sg.linalg.cholesky(A - 5), "not positive definite, in <linalg.cholesky"),
        (sg.linalg.solve_triangular(A * 0, v), "singular matrix.*in <solve_triangular"),
        (sg.grad(sg.linalg.det(A), A), "Singular matrix, in <inv"),
    ]:
        with pytest.raises(LinearAlgebraError, match=name + r"(.|\n)*built at .*\.py:\d+"):
            sg.evaluate(tensor, {A: singular, v: AT[v]})
        with pytest.raises(np.linalg.LinAlgError):
            sg.evaluate(tensor, {A: singular, v: AT[v]})
    det, (sign, logabsdet) = sg.evaluate((sg.linalg.det(A), sg.linalg.slogdet(A)), {A: singular})
    assert (det, sign, logabsdet) == (0, 0, -np.inf)


def test_matrices_that_are_not_taken_need_no_inverse() -> None:
    x = sg.variable("x", (3, 2, 2))
    arrays = np.array([[[2.0, 1.0], [1.0, 3.0]], np.ones((2, 2)), np.full((2, 2), np.nan)])
    for kind, y in [("det", sg.linalg.det(x)), ("logabsdet", sg.linalg.slogdet(x).logabsdet)]:
        loss = sg.sum(sg.where(np.array([True, False, False]), y, 0.0))
        slopes = sg.evaluate(sg.grad(loss, x), {x: arrays})
        scale = 5 if kind == "det" else 1
        np.testing.assert_allclose(slopes[0], scale * np.linalg.inv(arrays[0]).T)
        assert not slopes[1:].any()


@pytest.mark.parametrize(
    "build",
    [
        sg.linalg.inv,
        lambda x: sg.linalg.solve(x, x + 1),
        lambda x: sg.linalg.solve_triangular(x, x + 1),
        lambda x: sg.linalg.solve_triangular(x, x + 1, 1, lower=True),
    ],
)
def test_nan_in_matrices_that_are_not_taken_stays_there(build: Any) -> None:
    x = sg.variable("x", (2, 2, 2))
    arrays = np.array([[[2.0, 1.0], [1.0, 3.0]], np.full((2, 2), np.nan)])
    taken = sg.where(np.array([True, False])[:, None, None], build(x), 0.0)
    slopes = sg.evaluate(sg.grad(sg.sum(sg.sin(taken)), x), {x: arrays})
    alone = sg.variable("alone", (2, 2))
    np.testing.assert_allclose(slopes[0], sg.evaluate(sg.grad(sg.sum(sg.sin(build(alone))), alone), {alone: arrays[0]}))
    assert not slopes[1].any()


def test_tangents_through_one_operand() -> None:
    t = np.random.default_rng(1).normal(size=(3, 3))
    x, moved = sg.evaluate([sg.linalg.solve(A, v), sg.jvp(sg.linalg.solve(A, v), A, t)], AT)
    np.testing.assert_allclose(moved, -np.linalg.solve(AT[A], t @ x), rtol=1e-12)
    np.testing.assert_allclose(
        sg.evaluate(sg.jvp(sg.linalg.solve(A, v), v, t[0]), AT), np.linalg.solve(AT[A], t[0]), rtol=1e-12
    )
    assert not sg.evaluate(sg.jvp(sg.linalg.slogdet(A).sign, A, t), AT).any()

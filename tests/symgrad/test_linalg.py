"""sg.linalg: NumPy's names, shapes, dtypes and refusals. Values and derivatives are tested in test_families.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import symgrad as sg
from symgrad.errors import GraphError, ShapeError
from symgrad.linalg import SlogdetResult
from tests.symgrad.numeric import variables

N = sg.dim("N")
A, B, v = sg.variable("A", (3, 3)), sg.variable("B", (3, 2)), sg.variable("v", (3,))
S = sg.variable("S", (2, 3, 3))


@pytest.mark.parametrize(
    ("numpys", "ours"),
    [
        (lambda: np.linalg.inv(A), lambda: sg.linalg.inv(A)),
        (lambda: np.linalg.det(A), lambda: sg.linalg.det(A)),
        (lambda: np.linalg.slogdet(A).sign, lambda: sg.linalg.slogdet(A)[0]),
        (lambda: np.linalg.slogdet(A).logabsdet, lambda: sg.linalg.slogdet(A)[1]),
        (lambda: np.linalg.solve(A, v), lambda: sg.linalg.solve(A, v)),
        (lambda: np.linalg.solve(np.eye(3), B), lambda: sg.linalg.solve(np.eye(3), B)),
        (lambda: np.linalg.cholesky(S, upper=True), lambda: sg.linalg.cholesky(S, upper=True)),
        (lambda: np.linalg.trace(S, offset=-1), lambda: sg.linalg.trace(S, offset=-1)),
        (lambda: np.linalg.diagonal(S), lambda: sg.linalg.diagonal(S)),
        (lambda: np.linalg.norm(S, 1, axis=(0, 2), keepdims=True), lambda: sg.linalg.norm(S, 1, (0, 2), True)),
        (lambda: np.linalg.vector_norm(S, ord=3), lambda: sg.linalg.vector_norm(S, ord=3)),
        (lambda: np.linalg.matrix_norm(S), lambda: sg.linalg.matrix_norm(S)),
        (lambda: np.linalg.matrix_transpose(S), lambda: S.mT),
        (lambda: np.linalg.matmul(S, B), lambda: S @ B),
        (lambda: np.linalg.outer(v, v), lambda: np.outer(v, v)),
        (lambda: np.linalg.tensordot(S, B, axes=1), lambda: np.tensordot(S, B, 1)),
    ],
)
def test_numpys_functions_build_the_same_graphs(numpys: Any, ours: Any) -> None:
    assert numpys() is ours()


def test_what_has_no_counterpart_is_refused() -> None:
    for use in (np.linalg.svd, np.linalg.pinv, np.linalg.eigvals):
        with pytest.raises(GraphError, match=rf"np.linalg.{use.__name__} is not available for symbolic tensors"):
            use(A)


def test_slogdet_is_a_named_pair() -> None:
    result = sg.linalg.slogdet(S)
    assert isinstance(result, SlogdetResult)
    assert result._fields == ("sign", "logabsdet")
    assert result.sign.shape == result.logabsdet.shape == (2,)


DTYPES = ("float64", "float32", "int64", "int32", "bool")


@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_dtypes_are_numpys(left: str, right: str) -> None:
    a, b = np.eye(2).astype(left), np.ones((2, 1), right)
    x, y = variables(a, b)
    at = {x: a, y: b}
    for build in (
        lambda x, y: np.linalg.solve(x, y),
        lambda x, y: np.linalg.inv(x),
        lambda x, y: np.linalg.det(x),
        lambda x, y: np.linalg.slogdet(x)[1],
        lambda x, y: np.linalg.cholesky(x),
        lambda x, y: np.linalg.norm(y),
        lambda x, y: np.linalg.norm(x, 1),
        lambda x, y: np.linalg.norm(y, 0, axis=0),
        lambda x, y: np.linalg.trace(x),
    ):
        found, wanted = sg.evaluate(build(x, y), at), np.asarray(build(a, b))
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3, 3), (3,)), ((3, 3), (3, 2)), ((3, 3), (3, 3)), ((2, 3, 3), (3,)), ((2, 3, 3), (2, 3, 1)),
        ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 1)), ((5, 1, 2, 2), (4, 2, 3)), ((2, 3, 3), (2, 3)), ((3, 3), (2, 3)),
        ((3, 3), (2,)), ((3, 3), ()), ((3,), (3,)), ((2, 3), (2,)), ((2, 3, 3), (4, 3, 1)), ((0, 0), (0,)),
        ((0, 0), (0, 3)), ((0, 3, 3), (3,)), ((2, 2, 2), (2, 0)),
    ],
)  # fmt: skip
def test_solve_takes_the_shapes_that_numpy_takes(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = np.zeros(left) + (np.eye(left[-1]) if len(left) > 1 and left[-1] == left[-2] else 0), np.ones(right)
    x, y = variables(a, b)
    try:
        wanted = np.linalg.solve(a, b)
    except (ValueError, np.linalg.LinAlgError):
        for function in (sg.linalg.solve, sg.linalg.solve_triangular):
            with pytest.raises(ShapeError, match=function.__name__):
                function(x, y)
    else:
        for function in (sg.linalg.solve, sg.linalg.solve_triangular):
            result = function(x, y)
            assert result.shape == wanted.shape
            np.testing.assert_array_equal(sg.evaluate(result, {x: a, y: b}), wanted)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_triangular_systems_are_solved_as_by_scipy(lower: bool, trans: Any, dtype: str) -> None:
    generator = np.random.default_rng(0)
    a = (generator.normal(size=(2, 4, 4)) + 3 * np.eye(4)).astype(dtype)
    b = generator.normal(size=(2, 4, 3)).astype(dtype)
    x, y = variables(a, b)
    found = sg.evaluate(sg.linalg.solve_triangular(x, y, trans, lower), {x: a, y: b})
    wanted = [scipy.linalg.solve_triangular(p, q, trans=trans, lower=lower) for p, q in zip(a, b, strict=True)]
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    with pytest.raises(GraphError, match="trans must be"):
        sg.linalg.solve_triangular(x, y, trans=3)


def test_cholesky_reads_the_triangle_that_numpy_reads() -> None:
    a = np.array([[4.0, 1.0], [-2.0, 5.0]])
    for upper in (False, True):
        found = sg.evaluate(sg.linalg.cholesky(a, upper=upper))
        np.testing.assert_allclose(found, np.linalg.cholesky(a, upper=upper), rtol=1e-15)


NORMS = [
    ((4,), (None, 2, 1, 0, -1, 3, 0.5, -2, np.inf, -np.inf), None),
    ((2, 3), (None, "fro", "f", 1, -1, np.inf, -np.inf), None),
    ((2, 3, 2), (None,), None),
    ((), (None,), None),
    ((2, 3, 2), (None, 2, 1, 0, -1, 3, np.inf, -np.inf), 1),
    ((2, 3, 2), (None, 2), (-1,)),
    ((2, 3, 2), (None, "fro", 1, -1, np.inf, -np.inf), (2, 0)),
    ((2, 3, 2), (None, "fro", 1, -1, np.inf, -np.inf), (-3, 1)),
    ((0,), (None, 2, 1, 0, 3, np.inf), None),
    ((0, 3), (None, "fro", 1, np.inf), None),
    ((3, 0), (None, 1, np.inf), 1),
]


@pytest.mark.parametrize(
    ("shape", "order", "axis"), [(shape, order, axis) for shape, orders, axis in NORMS for order in orders]
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_are_numpys(shape: tuple[int, ...], order: Any, axis: Any, keepdims: bool) -> None:
    array = np.random.default_rng(3).normal(size=shape)
    x = sg.variable("x", shape)
    found = sg.evaluate(np.linalg.norm(x, order, axis, keepdims), {x: array})
    wanted = np.asarray(np.linalg.norm(array, order, axis, keepdims))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


@pytest.mark.parametrize("axis", [None, 1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("order", [2, 1, 0, 3, np.inf, -np.inf])
def test_vector_and_matrix_norms_are_numpys(axis: Any, order: Any) -> None:
    array = np.random.default_rng(4).normal(size=(2, 3, 4))
    x = sg.variable("x", (2, 3, 4))
    found = sg.evaluate(np.linalg.vector_norm(x, axis=axis, ord=order), {x: array})
    np.testing.assert_allclose(found, np.linalg.vector_norm(array, axis=axis, ord=order), rtol=1e-14)
    if order in (1, np.inf, -np.inf):
        found = sg.evaluate(np.linalg.matrix_norm(x, keepdims=True, ord=order), {x: array})
        np.testing.assert_allclose(found, np.linalg.matrix_norm(array, keepdims=True, ord=order), rtol=1e-14)


def test_root_of_squares_is_nothing_more() -> None:
    x = sg.variable("x", (2, 3))
    assert sg.linalg.norm(x) is sg.linalg.norm(x, "fro") is sg.sqrt(sg.sum(sg.square(x)))
    assert sg.linalg.norm(x, axis=1) is sg.linalg.norm(x, 2, 1) is sg.sqrt(sg.sum(sg.square(x), 1))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: sg.linalg.norm(A, "nuc"), GraphError, "'nuc' of matrices needs their singular values"),
        (lambda: sg.linalg.norm(A, 2), GraphError, "2 of matrices needs their singular values"),
        (lambda: sg.linalg.norm(A, 3), GraphError, "matrices have no norm of the order 3"),
        (lambda: sg.linalg.norm(v, "fro"), GraphError, "vectors have no norm of the order 'fro'"),
        (lambda: sg.linalg.norm(S, 1), ShapeError, "one axis .vectors. or two .matrices., not 3"),
        (lambda: sg.linalg.norm(S, axis=(0, 1, 2)), ShapeError, "not 3"),
        (lambda: sg.linalg.norm(A, axis=(1, -1)), ShapeError, "different axes"),
        (lambda: sg.linalg.norm(A, axis=2), ShapeError, "axis 2 is out of range"),
        (lambda: sg.linalg.inv(B), ShapeError, r"inv needs square matrices \(..., n, n\), not shape \(3, 2\)"),
        (lambda: sg.linalg.det(v), ShapeError, "det needs square matrices"),
        (lambda: sg.linalg.slogdet(1.0), ShapeError, "slogdet needs square matrices"),
        (lambda: sg.linalg.cholesky(B), ShapeError, "cholesky needs square matrices"),
        (lambda: sg.linalg.solve(B, v), ShapeError, "solve needs square matrices"),
        (lambda: sg.linalg.solve(A, [1.0, 2.0]), ShapeError, r"must be \(3,\) or \(..., 3, k\)"),
        (lambda: sg.linalg.outer(A, v), ShapeError, "two vectors"),
        (lambda: sg.linalg.matrix_transpose(v), ShapeError, "two axes"),
        (lambda: sg.linalg.trace(v), ShapeError, "two axes"),
    ],
)
def test_refusals_say_what_was_wanted(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_traces_are_of_the_last_axes() -> None:
    array = np.arange(18).reshape(2, 3, 3)
    x = sg.variable("x", (2, 3, 3), "int64")
    for options in ({}, {"offset": 1}, {"dtype": "float32"}):
        found, wanted = sg.evaluate(np.linalg.trace(x, **options), {x: array}), np.linalg.trace(array, **options)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_sizes_known_at_run_time() -> None:
    x, b = sg.variable("x", (N, N)), sg.variable("b", (N,))
    loss = sg.sum(sg.linalg.solve(x, b)) + sg.linalg.det(x) + sg.linalg.norm(b) + sg.linalg.norm(x, 1)
    with pytest.raises(ShapeError, match="needs square matrices"):
        sg.linalg.inv(sg.variable("y", (N, N + 1)))
    for n in (1, 4):
        a, c = np.random.default_rng(n).normal(size=(n, n)) + 3 * np.eye(n), np.arange(1.0, n + 1)
        found = sg.evaluate(loss, {x: a, b: c})
        wanted = np.linalg.solve(a, c).sum() + np.linalg.det(a) + np.linalg.norm(c) + np.linalg.norm(a, 1)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_gradients_pass_the_check() -> None:
    generator = np.random.default_rng(5)
    at = {A: generator.normal(size=(3, 3)) + 3 * np.eye(3), B: generator.normal(size=(3, 2))}
    for loss in (
        sg.linalg.slogdet(A).logabsdet + sg.sum(sg.linalg.inv(A)),
        sg.sum(sg.linalg.solve(A, B) ** 2),
        sg.linalg.norm(sg.linalg.cholesky(A.T @ A)),
        sg.linalg.norm(B, 3, axis=0).sum(),
    ):
        sg.testing.assert_grad(loss, [x for x in (A, B) if sg.evaluate(sg.grad(loss, x), at).any()], at=at)

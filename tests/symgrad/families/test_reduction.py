"""Reductions: ties, NaN, infinities, empty axes, dtypes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DtypeError, ShapeError

SPECIAL = [np.array([1.0, np.nan, 2.0]), np.array([np.inf, 1.0]), np.array([-np.inf, -np.inf]), np.array([0.0, -0.0])]


@pytest.mark.parametrize("array", SPECIAL, ids=str)
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "mean", "any", "all", "argmax", "argmin"])
def test_special_values_are_numpys(kind: str, array: np.ndarray) -> None:
    x = sg.variable("x", array.shape)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(sg.evaluate(getattr(sg, kind)(x), {x: array}), getattr(np, kind)(array))


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "mean", "var", "std", "any", "all", "argmax", "cumsum"])
def test_dtypes_are_numpys(kind: str, dtype: str) -> None:
    x, array = sg.variable("x", (2, 3), dtype), np.ones((2, 3), dtype)
    found = getattr(x, kind)(axis=1)
    wanted = getattr(np, kind)(array, axis=1)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(sg.evaluate(found, {x: array}), wanted)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 0), (), (-1, -3)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "mean", "var", "std", "any", "all"])
def test_axes_are_numpys(kind: str, keepdims: bool, axis: Any) -> None:
    x, array = sg.variable("x", (2, 3, 4)), np.random.default_rng(0).normal(size=(2, 3, 4))
    found = getattr(np, kind)(x, axis=axis, keepdims=keepdims)
    wanted = getattr(np, kind)(array, axis=axis, keepdims=keepdims)
    assert found.shape == np.shape(wanted)
    np.testing.assert_allclose(sg.evaluate(found, {x: array}), wanted, rtol=1e-13)
    assert getattr(x, kind)(axis=axis, keepdims=keepdims) is found


@pytest.mark.parametrize("ddof", [0, 1, 3, 5])
def test_variances_over_too_few_entries_are_numpys(ddof: int) -> None:
    array = np.array([1.0, 2.0, 4.0])
    for size in (3, sg.dim("N")):
        x = sg.variable("x", (size,))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.testing.assert_allclose(sg.evaluate(sg.var(x, ddof=ddof), {x: array}), np.var(array, ddof=ddof))


def test_ties_share_the_slope() -> None:
    x = sg.variable("x", (2, 3))
    at = {x: [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]}
    slopes = sg.evaluate(sg.grad(sg.max(x, 1).sum(), x), at)
    np.testing.assert_allclose(slopes, [[0, 0.5, 0.5], [1 / 3] * 3])
    tangent = sg.evaluate(sg.jvp(sg.max(x, 1), x, [[1.0, 2.0, 6.0], [1.0, 2.0, 6.0]]), at)
    np.testing.assert_allclose(tangent, [4, 3])


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_products_with_zeros_have_exact_derivatives_of_all_orders(zeros: int) -> None:
    values = np.array([2.0, -1.5, 0.5, 3.0])
    values[:zeros] = 0
    x = sg.variable("x", (4,))
    loss = sg.prod(x)
    others = [np.prod(np.delete(values, i)) for i in range(4)]
    np.testing.assert_allclose(sg.evaluate(sg.grad(loss, x), {x: values}), others, rtol=1e-15)
    pairs = [[0 if i == j else np.prod(np.delete(values, [i, j])) for j in range(4)] for i in range(4)]
    np.testing.assert_allclose(sg.evaluate(sg.hessian(loss, x), {x: values}), pairs, rtol=1e-15)
    third = sg.evaluate(sg.grad(sg.hessian(loss, x)[0, 1], x), {x: values})
    np.testing.assert_allclose(third, [0, 0, values[3], values[2]], rtol=1e-15)


@pytest.mark.parametrize("array", [[1000.0, 1000.0], [-1000.0, -2000.0], [-np.inf, 0.0], [np.inf, 0.0]])
def test_logsumexp_does_not_overflow(array: list[float]) -> None:
    x = sg.variable("x", (2,))
    found = sg.evaluate([sg.logsumexp(x), sg.log_softmax(x), sg.softmax(x)], {x: array})
    assert found[0] == np.logaddexp(*array)
    if np.inf not in array:
        np.testing.assert_allclose(found[1], np.array(array) - np.logaddexp(*array), rtol=1e-13)
        np.testing.assert_allclose(found[2], np.exp(found[1]), rtol=1e-13)


def test_logsumexp_of_nothing_is_minus_infinity() -> None:
    x = sg.variable("x", (2, 0))
    assert sg.evaluate(sg.logsumexp(x, 1), {x: np.zeros((2, 0))}).tolist() == [-np.inf] * 2
    x = sg.variable("y", (2,))
    assert sg.evaluate(sg.logsumexp(x), {x: [-np.inf] * 2}) == -np.inf


def test_softmax_rows_sum_to_one_along_any_axes() -> None:
    x, array = sg.variable("x", (2, 3, 4)), np.random.default_rng(0).normal(size=(2, 3, 4)) * 100
    for axis in (0, -1, (0, 2), None):
        total = sg.softmax(x, axis).sum(axis)
        np.testing.assert_allclose(sg.evaluate(total, {x: array}), np.ones(total.shape), rtol=1e-14)


def test_means_over_run_time_sizes_keep_float32() -> None:
    x = sg.variable("x", (sg.dim("N"), 3), "float32")
    for y in (sg.mean(x), sg.var(x, 0), sg.std(x, ddof=1)):
        assert y.dtype == sg.grad(y.sum(), x).dtype == "float32"


@pytest.mark.parametrize("kind", ["max", "min", "argmax", "argmin"])
def test_extremes_of_nothing_are_refused(kind: str) -> None:
    x = sg.variable("x", (3, 0))
    with pytest.raises(ShapeError, match=rf"{kind} of no entries: the shape is \(3, 0\)"):
        getattr(sg, kind)(x, axis=1)
    assert getattr(sg, kind)(x, axis=0).shape == (0,)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda x: x.sum(2), ShapeError, "axis 2 is out of range for a tensor with 2 axes"),
        (lambda x: x.sum((0, -2)), ShapeError, "axis given twice"),
        (lambda x: x.sum(0.5), ShapeError, "axis must be an int, not 0.5"),
        (lambda x: x.argmax((0, 1)), ShapeError, "axis must be an int"),
        (lambda x: sg.softmax(x > 0), DtypeError, "softmax of a bool tensor"),
    ],
)
def test_wrong_axes_and_dtypes(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build(sg.variable("x", (2, 3)))

"""Layers."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DtypeError, ShapeError

X, W, b = sg.variable("X", (4, 3)), sg.variable("W", (3, 2)), sg.variable("b", (2,))
RNG = np.random.default_rng(0)
AT = {X: RNG.normal(size=(4, 3)), W: RNG.normal(size=(3, 2)), b: RNG.normal(size=2)}


def test_linear() -> None:
    np.testing.assert_allclose(sg.evaluate(sg.nn.linear(X, W, b), AT), AT[X] @ AT[W] + AT[b], rtol=1e-14)
    assert sg.nn.linear(X, W) is X @ W
    assert sg.nn.linear(X[0], W, b).shape == (2,)
    assert sg.nn.linear(sg.variable("stack", (5, sg.dim("N"), 3)), W, b).shape == (5, sg.dim("N"), 2)


def test_linear_has_the_gradients_of_the_textbooks() -> None:
    upstream = RNG.normal(size=(4, 2))
    by_x, by_w, by_b = sg.evaluate(sg.vjp(sg.nn.linear(X, W, b), [X, W, b], upstream), AT)
    np.testing.assert_allclose(by_x, upstream @ AT[W].T, rtol=1e-13)
    np.testing.assert_allclose(by_w, AT[X].T @ upstream, rtol=1e-13)
    np.testing.assert_allclose(by_b, upstream.sum(0), rtol=1e-13)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="the inner sizes 3 and 2 differ"):
        sg.nn.linear(X, W.T, b)
    with pytest.raises(ShapeError, match="cannot be broadcast"):
        sg.nn.linear(X, W, sg.variable("c", (3,)))


def test_embedding() -> None:
    places, table = sg.variable("i", (2, 3), "int64"), sg.variable("T", (5, 4))
    at = {places: np.array([[0, 4, 4], [1, -1, 2]]), table: RNG.normal(size=(5, 4))}
    y = sg.nn.embedding(places, table)
    np.testing.assert_array_equal(sg.evaluate(y, at), at[table][at[places]])
    sg.testing.assert_grad(sg.sum(sg.sin(y)), table, at=at)
    with pytest.raises(DtypeError, match="by integers, not by float64"):
        sg.nn.embedding(X, table)
    with pytest.raises(ShapeError, match="a table of rows"):
        sg.nn.embedding(places, b)

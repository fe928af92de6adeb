"""Layers."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import ShapeError

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

"""Products of slices become one product: when, and with the same values."""

from __future__ import annotations

import numpy as np

import symgrad as sg
from codegen.program.batches import join_slices
from symgrad.families.contraction import Contraction
from symgrad.graph import topological_order

X = sg.variable("X", (4, 3, 5))
W, V = sg.variable("W", (5, 7)), sg.variable("V", (3, 7))


def products(*ends: sg.Tensor) -> list[tuple[int, ...]]:
    order = topological_order(join_slices(ends))
    return [node.shape for node in order if isinstance(node.operation, Contraction)]


def test_all_slices_make_one_product():
    assert products(*(X[t] @ W for t in range(4))) == [(4, 3, 7)]
    assert products(*(V.T @ X[t] for t in range(4))) == [(4, 7, 5)]
    assert products(*(sg.tanh(X[t] @ W) for t in reversed(range(4)))) == [(4, 3, 7)]


def test_some_slices_stay_apart():
    assert products(*(X[t] @ W for t in range(3))) == [(3, 7)] * 3
    assert products(*(X[t] @ (W if t else W + 1) for t in range(4))) == [(3, 7)] * 4
    assert products(*(X[:, t] @ W for t in range(3))) == [(4, 7)] * 3
    assert products(X[:1][0] @ W) == [(3, 7)]


def test_products_of_products():
    Y = sg.stack([X[t] @ W for t in range(4)])
    assert len(products(*(Y[t] @ V.T for t in range(4)))) <= 5


def test_values_and_gradients():
    arrays = {v: np.random.default_rng(1).standard_normal(v.shape) for v in (X, W, V)}
    state = V
    for t in range(4):
        state = sg.tanh(X[t] @ W + state)
    loss = sg.sum(state**2)
    function = sg.compile([X, W, V], [loss, sg.grad(loss, [X, W, V])])
    value, gradients = function(*arrays.values())
    np.testing.assert_allclose(value, sg.evaluate(loss, arrays), rtol=1e-12)
    for v, gradient in zip((X, W, V), gradients, strict=True):
        np.testing.assert_allclose(gradient, sg.evaluate(sg.grad(loss, v), arrays), rtol=1e-10, atol=1e-12)

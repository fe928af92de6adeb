"""where: an entry that is not taken contributes exactly zero to every derivative, and no genuine derivative is lost."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.derivative.guards import chooses, unsafe_nodes
from symgrad.graph import topological_order
from tests.symgrad.numeric import finite_difference

x = sg.variable("x", (3,))
W = sg.variable("W", (3, 2))
AT = {x: np.array([0.0, -1.0, 2.0]), W: np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])}
positive = x > 0
never = x[2] > 5  # false at this point

EXPRESSIONS = {
    "log": sg.where(positive, sg.log(x), 0.0),
    "sqrt": sg.where(positive, sg.sqrt(x), x),
    "quotient": sg.where(positive, 1 / x, 0.0),
    "power": sg.where(positive, x**-1.5, 0.0),
    "overflow": sg.where(x < 1, sg.exp(1000 * x), 1.0),
    "a chain of functions": sg.where(positive, sg.sin(sg.log(x) * sg.tanh(sg.sqrt(x))), 0.0),
    "broadcast": sg.where(positive[:, None], sg.log(x)[:, None] * W, 0.0),
    "where in where": sg.where(positive, sg.where(x > 1, sg.log(x), sg.sqrt(x)), 0.0),
    "both branches": sg.where(positive, sg.log(x), sg.log(1 - x)),
    "sum": sg.where(never, sg.sum(sg.log(x)), 1.0),
    "mean": sg.where(never, sg.mean(1 / x), 1.0),
    "maximum": sg.where(never, sg.max(sg.log(x)), 1.0),
    "logsumexp": sg.where(never, sg.logsumexp(sg.log(x)), 1.0),
    "softmax": sg.where(never, sg.softmax(sg.log(x)), x),
    "log_softmax": sg.where(never, sg.log_softmax(sg.log(x)), x),
    "running sum": sg.where(x > 5, sg.cumsum(sg.log(x)), x),
    "taken entries": sg.where(x[[0, 2]] > 0, sg.log(x)[[0, 2]], 0.0),
    "rows of a product": sg.where(positive[:, None], sg.log(x)[:, None] * W @ W.T, 0.0),
    "a product": sg.where(never, sg.log(x) @ W, 1.0),
    "inverse": sg.where(never, sg.linalg.inv(sg.log(x) * sg.eye(3) + 5), 1.0),
    "log-determinant": sg.where(never, sg.linalg.slogdet(sg.log(x) * sg.eye(3) + 5).logabsdet, 1.0),
    "in a larger expression": sg.sum(sg.where(positive, sg.log(x), 0.0) * x) ** 2 * x,
}
every = pytest.mark.parametrize("name", list(EXPRESSIONS))


def taken(name: str) -> sg.Tensor:
    weights = np.random.default_rng(0).normal(size=EXPRESSIONS[name].shape)
    return sg.sum(weights * EXPRESSIONS[name])


@every
def test_gradients_are_finite_and_right(name: str) -> None:
    loss = taken(name)
    slopes = sg.evaluate(sg.grad(loss, [x, W]), AT)
    for i in range(3):
        if AT[x][i] == 0 and name in ("both branches",):
            continue  # a difference would step over the edge of the condition
        unit = np.eye(3)[i]
        step = max(0.0, AT[x][i])  # at the edge of the condition itself only a step to the left stays on its side
        if step == 0:
            left = [float(sg.evaluate(loss, AT | {x: AT[x] - h * unit})) for h in (1e-8, 0)]
            wanted = (left[1] - left[0]) / 1e-8
        else:
            wanted = finite_difference(lambda a: sg.evaluate(loss, AT | {x: a[0]}), [AT[x]], [unit])
        np.testing.assert_allclose(slopes[0][i], wanted, rtol=1e-5, atol=1e-5)
    assert np.isfinite(slopes[1]).all()


@every
def test_tangents_agree_with_gradients(name: str) -> None:
    loss = taken(name)
    tangent = np.array([1.0, -2.0, 0.5])
    slopes = sg.evaluate(sg.grad(loss, x), AT)
    np.testing.assert_allclose(sg.evaluate(sg.jvp(loss, x, tangent), AT), slopes @ tangent, rtol=1e-12)


@every
def test_second_derivatives_are_finite_and_agree(name: str) -> None:
    loss = taken(name)
    hessian = sg.evaluate(sg.hessian(loss, x), AT)
    assert np.isfinite(hessian).all()
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12, atol=1e-14)
    vector = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(sg.evaluate(sg.hvp(loss, x, vector), AT), hessian @ vector, rtol=1e-11, atol=1e-13)
    reverse = sg.grad(sg.sum(sg.grad(loss, x) * vector), x)
    np.testing.assert_allclose(sg.evaluate(reverse, AT), hessian @ vector, rtol=1e-11, atol=1e-13)


def test_third_derivatives() -> None:
    loss = taken("log")
    for _ in range(3):
        slope = sg.grad(loss, x)
        loss = sg.sum(slope)
    weight = np.random.default_rng(0).normal(size=3)[2]
    np.testing.assert_allclose(sg.evaluate(slope, AT), [0, 0, weight * 2 / 8], rtol=1e-13)


def test_a_genuine_infinity_is_not_hidden() -> None:
    y = sg.where(x >= 0, sg.sqrt(x), 0.0).sum()
    assert sg.evaluate(sg.grad(y, x), AT)[0] == np.inf


def test_a_genuine_slope_at_a_zero_cotangent_is_not_hidden() -> None:
    """d/dg of slope * g is the slope, also where g is zero."""
    g = sg.variable("g", (3,))
    pulled = sg.vjp(sg.where(positive, sg.exp(x), 0.0), x, g)
    by_g = sg.jvp(pulled, g, [1.0, 1.0, 1.0])
    np.testing.assert_allclose(sg.evaluate(by_g, AT | {g: np.zeros(3)}), [0, 0, np.exp(2)])


def test_products_stay_plain_where_nothing_can_be_infinite() -> None:
    """A relu written with where has the gradient that one would write by hand."""
    X, V = sg.variable("X", (4, 3)), sg.variable("V", (3, 2))
    h = X @ V
    gradient = sg.grad(sg.sum(sg.tanh(sg.where(h > 0, h, 0.1 * h)) ** 2), V)
    names = {getattr(getattr(n.operation, "function", None), "name", "") for n in topological_order([gradient])}
    assert "multiply_no_nan" not in names
    assert not any(node.dtype == "bool" and node.shape != h.shape for node in topological_order([gradient]))


def test_missing_rows_behind_a_product() -> None:
    X, V, m = sg.variable("X", (2, 3)), sg.variable("V", (3, 2)), sg.variable("m", (2, 1), "bool")
    loss = sg.sum(sg.where(m, sg.log(X) @ V, 0.0))
    values = {X: [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], V: np.ones((3, 2)), m: [[False], [True]]}
    by_x, by_v = sg.evaluate(sg.grad(loss, [X, V]), values)
    np.testing.assert_allclose(by_x, [[0, 0, 0], [2, 1, 2 / 3]])
    np.testing.assert_allclose(by_v, np.log([[1, 1], [2, 2], [3, 3]]))


def test_what_counts_as_unsafe() -> None:
    y = sg.tanh(sg.log(x)) + 1
    order = topological_order([y])
    assert unsafe_nodes(order) == {sg.log(x), sg.tanh(sg.log(x)), y}
    assert unsafe_nodes(topological_order([x * np.inf])) == {sg.constant(np.inf), x * np.inf}
    assert unsafe_nodes(topological_order([sg.sum(sg.nn.relu(x))])) == set()
    assert chooses(sg.where(positive, x, 0.0))
    assert not chooses(sg.maximum(x, 0.0))


T, M = sg.dim("T"), sg.dim("M")
SCORES, PLACES = sg.variable("scores", (T, T)), sg.arange(T)
FIRST = np.tri(3, dtype=bool)
Q = sg.variable("Q", (3, 3))


@pytest.mark.parametrize(
    "node",
    [
        sg.sqrt(x**2 + 1),
        W / (sg.var(x) + 1e-5),
        sg.log(sg.mean(x**2) + 1),
        sg.nn.layer_norm(W),
        x**3,
        (abs(x) + 1) ** -0.5,
        sg.softmax(sg.where(np.array([True, False, True]), x, -np.inf)),
        sg.softmax(sg.where(~FIRST, -np.inf, Q)),
        sg.softmax(Q + np.where(FIRST, 0.0, -np.inf)),
        sg.softmax(sg.where(FIRST.T, sg.where(FIRST, Q, -np.inf), -np.inf)),
        sg.softmax(sg.where(PLACES[:, None] >= PLACES, SCORES, -np.inf)),
        sg.softmax(sg.where(PLACES[:, None] < PLACES, -np.inf, SCORES)),
        sg.softmax(sg.where(sg.greater(PLACES, PLACES[:, None]), -np.inf, SCORES)),
        sg.nn.attention(*[sg.variable(name, (3, 2)) for name in "qkv"], mask=FIRST, causal=True),
        sg.nn.attention(*[sg.variable(name, (3, 2)) for name in "qkv"], causal=True),
        sg.nn.attention(*[sg.variable(name, (2, T, M)) for name in "qkv"], causal=True),
    ],
)
def test_what_is_finite_for_sure_needs_no_guards(node: sg.Tensor) -> None:
    assert node not in unsafe_nodes(topological_order([node]))


@pytest.mark.parametrize(
    "node",
    [
        sg.sqrt(x**2),
        W / sg.var(x),
        1 / (sg.variable("small", (3,), "float32") ** 2 + 1e-30),
        sg.nn.layer_norm(W, eps=0),
        x**-2,
        (abs(x) + 1) ** x,
        sg.softmax(sg.where(np.array([False, False, False]), x, -np.inf)),
        sg.softmax(sg.where(x > 0, x, -np.inf)),
        sg.softmax(sg.where(FIRST, -np.inf, Q)),
        sg.softmax(sg.where(FIRST, -np.inf, sg.where(FIRST.T, Q, -np.inf))),
        sg.softmax(Q + np.where(FIRST, 0.0, np.inf)),
        sg.softmax(Q + np.where(FIRST, 0.0, np.nan)),
        sg.softmax(sg.where(PLACES[:, None] > PLACES, SCORES, -np.inf)),
        sg.softmax(sg.where(PLACES[:, None] - 1 >= PLACES, SCORES, -np.inf)),
        sg.softmax(sg.where(PLACES[:, None] <= PLACES, -np.inf, SCORES)),
        sg.softmax(sg.where(PLACES[:, None] <= PLACES[:, None], SCORES, -np.inf), 0) * 1,
        sg.softmax(sg.where(np.array([True, False, True]), sg.log(x), -np.inf)),
        sg.log_softmax(sg.where(np.array([True, False, True]), x, -np.inf)),
    ],
)
def test_what_may_be_infinite_needs_them(node: sg.Tensor) -> None:
    assert node in unsafe_nodes(topological_order([node]))

"""Stability rules: each fires on the form written out, gives the same where both are finite, and is finite where that is not."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.families.leaf import variables_of
from symgrad.graph import topological_order
from symgrad.simplify import stability
from tests.symgrad.simplify.rules import assert_same_values, rewritten

x, y = sg.variable("x", (4, 4)), sg.variable("y", (4, 4))
v = sg.variable("v", (5,))
labels = np.array([0, 3, 1, 1])
e = sg.exp(x)
sigmoid, softplus = sg.nn.sigmoid, sg.nn.softplus


def log_sigmoid(z: sg.Tensor) -> sg.Tensor:
    return apply("log_sigmoid", z)


shifted = x - sg.max(x, 1, keepdims=True)
exp_shifted = sg.exp(shifted)

FIRES = {
    # form written out: (before, after, rules that fire)
    "log(sum(exp))": (sg.log(sg.sum(e, 1)), sg.logsumexp(x, 1), {"logarithm"}),
    "log(sum(exp)), kept": (sg.log(e.sum((0, 1), keepdims=True)), sg.logsumexp(x, (0, 1), True), {"logarithm"}),
    "log(sum(exp)), named": (sg.log(sg.sum(e.named("e"), 1).named("s")), sg.logsumexp(x, 1), {"logarithm"}),
    "log(1 + exp)": (sg.log(1 + e), softplus(x), {"logarithm"}),
    "log(exp + 1)": (sg.log(e + 1), softplus(x), {"logarithm"}),
    "log1p(exp)": (sg.log1p(e), softplus(x), {"log1p"}),
    "log(exp + exp)": (sg.log(e + sg.exp(y)), sg.logaddexp(x, y), {"logarithm"}),
    "log(1 + x)": (sg.log(1 + v), sg.log1p(v), {"logarithm"}),
    "exp - 1": (sg.exp(v) - 1, sg.expm1(v), {"expm1"}),
    "1 / (1 + exp(-x))": (1 / (1 + sg.exp(-x)), sigmoid(x), {"sigmoid and softmax"}),
    "1 / (1 + exp(x))": (1 / (1 + e), sigmoid(-x), {"sigmoid and softmax"}),
    "y / (exp(-x) + 1)": (y / (sg.exp(-x) + 1), y * sigmoid(x), {"sigmoid and softmax"}),
    "exp(x) / (1 + exp(x))": (e / (1 + e), sigmoid(x), {"sigmoid and softmax"}),
    "reciprocal(1 + exp(-x))": (sg.reciprocal(1 + sg.exp(-x)), sigmoid(x), {"reciprocal"}),
    "log(sigmoid)": (sg.log(sigmoid(x)), log_sigmoid(x), {"logarithm"}),
    "log(1 / (1 + exp(-x)))": (sg.log(1 / (1 + sg.exp(-x))), log_sigmoid(x), {"sigmoid and softmax", "logarithm"}),
    "log(1 - sigmoid)": (sg.log(1 - sigmoid(x)), log_sigmoid(-x), {"logarithm"}),
    "log1p(-sigmoid)": (sg.log1p(-sigmoid(x)), log_sigmoid(-x), {"log1p"}),
    "softmax": (e / e.sum(1, keepdims=True), sg.softmax(x, 1), {"sigmoid and softmax"}),
    "softmax over rows": (e / e.sum(0, keepdims=True), sg.softmax(x, 0), {"sigmoid and softmax"}),
    "softmax of everything": (e / e.sum(), sg.softmax(x, (0, 1)), {"sigmoid and softmax"}),
    "softmax with a new axis": (e / e.sum(1)[:, None], sg.softmax(x, 1), {"sigmoid and softmax"}),
    "softmax with a broadcast": (
        e / sg.broadcast_to(e.sum(0, keepdims=True), (4, 4)),
        sg.softmax(x, 0),
        {"sigmoid and softmax"},
    ),
    "softmax with a shift": (
        exp_shifted / exp_shifted.sum(1, keepdims=True),
        sg.softmax(x, 1),
        {"sigmoid and softmax", "shift"},
    ),
    "softmax of a shifted vector": (sg.softmax(v - v.max()), sg.softmax(v), {"shift"}),
    "log(softmax)": (sg.log(sg.softmax(x, 1)), sg.log_softmax(x, 1), {"logarithm"}),
    "log(softmax), written out": (
        sg.log(e / e.sum(1, keepdims=True)),
        sg.log_softmax(x, 1),
        {"sigmoid and softmax", "logarithm"},
    ),
    "log(softmax), some entries": (
        sg.log(sg.softmax(x, 1).named("p")[np.arange(4), labels]),
        sg.log_softmax(x, 1)[np.arange(4), labels],
        {"logarithm"},
    ),
    "log(softmax), picked": (
        sg.log(sg.take_along_axis(sg.softmax(x, 1), labels[:, None], 1)),
        sg.take_along_axis(sg.log_softmax(x, 1), labels[:, None], 1),
        {"logarithm"},
    ),
    "log(sigmoid), sliced": (sg.log(sigmoid(x)[1:].T), log_sigmoid(x)[1:].T, {"logarithm"}),
}

NEAR_MISSES = {
    "log(2 + exp)": sg.log(2 + e),
    "log(1 - exp)": sg.log(1 - e),
    "log(sum(2 * exp))": sg.log(sg.sum(2 * e)),
    "log(prod(exp))": sg.log(sg.prod(e)),
    "log(max(exp))": sg.log(sg.max(e)),
    "log(sum(x))": sg.log(sg.sum(x)),
    "log(exp + x)": sg.log(e + x),
    "log2(1 + exp)": sg.log2(1 + e),
    "log(1 - softmax)": sg.log(1 - sg.softmax(x)),
    "log of entries of a sum": sg.log((1 + v)[1:]),
    "exp - 2": sg.exp(v) - 2,
    "1 - exp": 1 - sg.exp(v),
    "exp - exp": sg.exp(v) - sg.exp(-v),
    "1 / (2 + exp(-x))": 1 / (2 + sg.exp(-x)),
    "1 / (1 - exp(-x))": 1 / (1 - sg.exp(-x)),
    "1 / (1 + x)": 1 / (1 + x),
    "exp(x) / sum(exp(y))": e / sg.exp(y).sum(1, keepdims=True),
    "exp / sum along the other axis": e / e.sum(1),
    "exp / broadcast sum along the other axis": e / sg.broadcast_to(e.sum(1), (4, 4)),
    "exp / reshaped sum along the other axis": e / e.sum(0, keepdims=True).T,
    "exp / mean": e / e.mean(1, keepdims=True),
    "exp / max": e / e.max(1, keepdims=True),
    "x / sum(x)": x / x.sum(1, keepdims=True),
    "exp / sum, more rows": sg.exp(v) / sg.broadcast_to(sg.exp(v).sum(), (2, 5)),
    "softmax(x - min(x))": sg.softmax(x - x.min(1, keepdims=True), 1),
    "softmax(x - max(y))": sg.softmax(x - y.max(1, keepdims=True), 1),
    "softmax(x - max of the other axis)": sg.softmax(x - x.max(0, keepdims=True), 1),
    "softmax(x - max, not kept)": sg.softmax(x - x.max(1), 1),
    "softmax(max(x) - x)": sg.softmax(x.max(1, keepdims=True) - x, 1),
}


def moderate(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 3.0, size=shape)


@pytest.mark.parametrize("name", list(FIRES))
def test_the_form_becomes_the_stable_one(name: str) -> None:
    before, wanted, rules = FIRES[name]
    after, fired = rewritten(before, stability.RULES)
    assert after is wanted
    assert set(fired) == rules
    assert_same_values(before, after, moderate, rtol=1e-13)


def test_every_rule_has_a_form() -> None:
    assert set().union(*(rules for _, _, rules in FIRES.values())) == {rule.name for rule in stability.RULES}
    assert all(rule.reason for rule in stability.RULES)


@pytest.mark.parametrize("name", list(FIRES))
@pytest.mark.parametrize("scale", [1e-12, 900.0])
def test_what_is_finite_is_so_far_out_with_its_gradient(name: str, scale: float) -> None:
    before, after, _ = FIRES[name]
    leaves = variables_of(topological_order([before]))
    at = {leaf: scale * np.random.default_rng(i).uniform(0.1, 1.0, leaf.shape) for i, leaf in enumerate(leaves)}
    if name == "exp - 1" and scale > 1:
        pytest.skip("this is infinite in truth")
    gradients = sg.grad(sg.sum(before), leaves)  # sg.grad stabilises
    assert np.isfinite(sg.evaluate(after, at)).all()
    assert all(np.isfinite(gradient).all() for gradient in sg.evaluate(gradients, at))


@pytest.mark.parametrize("name", list(NEAR_MISSES))
def test_near_misses_stay(name: str) -> None:
    after, fired = rewritten(NEAR_MISSES[name], stability.RULES)
    assert after is NEAR_MISSES[name]
    assert not fired


def test_digits_that_cancelled_come_back() -> None:
    small = {v: np.full(5, 1e-18)}
    assert (sg.evaluate(sg.exp(v) - 1, small) == 0).all()
    assert (sg.evaluate(sg.stabilize([sg.exp(v) - 1]), small)[0] == 1e-18).all()
    assert (sg.evaluate(sg.stabilize([sg.log(1 + v)]), small)[0] == 1e-18).all()


def test_cross_entropy_by_hand_is_the_stable_one() -> None:
    """As the course notes write it: shift, exponentials, probabilities, the log of the right ones, their mean."""
    W = sg.variable("W", (3, 4))
    X = sg.variable("X", (4, 3))
    scores = X @ W
    scores = scores - sg.max(scores, axis=1, keepdims=True)
    p = sg.exp(scores) / sg.sum(sg.exp(scores), axis=1, keepdims=True)
    by_hand = -sg.mean(sg.log(p[np.arange(4), labels]))
    gradient = sg.grad(by_hand, W)
    at = {X: 1000 * np.eye(4, 3), W: np.random.default_rng(0).normal(size=(3, 4))}
    wanted = sg.evaluate(sg.grad(sg.nn.cross_entropy(X @ W, labels), W), at)
    np.testing.assert_allclose(sg.evaluate(gradient, at), wanted, rtol=1e-12, atol=1e-14)
    assert sg.grad(sg.log(sg.softmax(X @ W))[0, 0], W) is sg.grad(sg.log_softmax(X @ W)[0, 0], W)

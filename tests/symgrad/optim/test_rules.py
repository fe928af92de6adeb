"""Update rules against the formulas of their papers, written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

RATE = 0.1


def _trajectory(optimizer, steps=5, backend="llvm", dtype="float64"):
    """Return the parameters after each step of minimising sum((a w - 1)**2) for two parameters."""
    w, b = sg.variable("w", (3,), dtype=dtype), sg.variable("b", (), dtype=dtype)
    params = {"w": w, "b": b}
    loss = sg.sum((w * [1.0, -2.0, 0.5] - b - 1.0).astype(dtype) ** 2)
    updates = optimizer(params, sg.grad(loss, params), RATE)
    step = sg.compile([params, updates.state], loss, updates=updates, backend=backend)
    values = {"w": np.array([0.5, 1.0, -1.5], dtype), "b": np.array(0.25, dtype)}
    state = sg.initialize(updates.state)
    result = []
    for _ in range(steps):
        step(values, state)
        result.append(np.append(values["w"], values["b"]))
    return np.array(result)


def _by_hand(rule, steps=5):
    """Return the same with `rule(gradient, memory, t) -> direction`, memory a dict."""
    a = np.array([1.0, -2.0, 0.5])
    w, b, memory, result = np.array([0.5, 1.0, -1.5]), 0.25, {}, []
    for t in range(1, steps + 1):
        residual = w * a - b - 1
        gradient = np.append(2 * residual * a, -2 * residual.sum())
        point = np.append(w, b)
        moved = point - RATE * rule(gradient, memory, t, point)
        w, b = moved[:3], moved[3]
        result.append(moved)
    return np.array(result)


def _momentum(g, memory, t, w, nesterov=False):
    v = memory["v"] = 0.9 * memory.get("v", 0) + g
    return 0.9 * v + g if nesterov else v


def _rmsprop(g, memory, t, w):
    s = memory["s"] = 0.9 * memory.get("s", 0) + 0.1 * g**2
    return g / (np.sqrt(s) + 1e-8)


def _adam(g, memory, t, w, decay=0.0):
    m = memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    v = memory["v"] = 0.999 * memory.get("v", 0) + 0.001 * g**2
    return (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) + decay * w


RULES = {
    "sgd": (sg.optim.sgd, lambda g, memory, t, w: g),
    "momentum": (sg.optim.momentum, _momentum),
    "nesterov": (
        lambda *a: sg.optim.momentum(*a, nesterov=True),
        lambda g, memory, t, w: _momentum(g, memory, t, w, nesterov=True),
    ),
    "rmsprop": (sg.optim.rmsprop, _rmsprop),
    "adam": (sg.optim.adam, _adam),
    "adamw": (
        lambda *a: sg.optim.adamw(*a, weight_decay=0.05),
        lambda g, memory, t, w: _adam(g, memory, t, w, decay=0.05),
    ),
}


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("name", RULES)
def test_takes_the_steps_of_its_paper(name, backend):
    optimizer, rule = RULES[name]
    np.testing.assert_allclose(_trajectory(optimizer, backend=backend), _by_hand(rule), rtol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_float32_stays_float32(name):
    optimizer, rule = RULES[name]
    found = _trajectory(optimizer, dtype="float32")
    np.testing.assert_allclose(found, _by_hand(rule), rtol=2e-4, atol=1e-5)


def test_learning_rate_may_be_a_tensor():
    w, rate = sg.variable("w", (2,), dtype="float32"), sg.variable("rate")
    updates = sg.optim.sgd(w, sg.grad(sg.sum(w), w), rate)
    assert updates[w].dtype == "float32"
    np.testing.assert_allclose(sg.evaluate(updates[w], {w: np.float32([1, 2]), rate: 0.5}), [0.5, 1.5])


def test_gradients_that_do_not_fit_are_refused():
    w, v = sg.variable("w", (2,)), sg.variable("v", (3,))
    with pytest.raises(sg.ShapeError, match=r"must have shape \(2,\)"):
        sg.optim.sgd(w, v)
    with pytest.raises(sg.GradientError, match="1 parameters but 2 gradients"):
        sg.optim.sgd([w], [w, v])
    with pytest.raises(sg.GradientError, match="must be a variable"):
        sg.optim.sgd(w + 1, w)
    labels = sg.variable("labels", (2,), dtype="int64")
    with pytest.raises(sg.GradientError, match="only floats can be trained"):
        sg.optim.sgd(labels, labels)

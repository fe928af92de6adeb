"""Tests of traces: the lecture's circuits with its own figures, and the shapes of everything."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

W0, W1, W2, X0, X1 = (sg.variable(name) for name in ("w0", "w1", "w2", "x0", "x1"))
AT = {W0: 2, W1: -3, W2: -3, X0: -1, X1: -2}
SCORE = W0 * X0 + W1 * X1 + W2


def test_the_first_circuit() -> None:
    x, y, z = (sg.variable(name) for name in "xyz")
    q = x + y
    t = sg.trace(q * z, at={x: -2, y: 5, z: -4})
    assert (t.value(q), t.value(q * z)) == (3, -12)
    assert [t.gradient(node) for node in (z, q, x, y, q * z)] == [3, -4, -4, -4, 1]


def test_the_neuron_gate_by_gate() -> None:
    minus = -SCORE
    e = sg.exp(minus)
    one_more = 1 + e
    f = 1 / one_more
    t = sg.trace(f, AT)
    assert round(float(t.value(f)), 2) == 0.73
    chain = [round(float(t.gradient(node)), 2) for node in (f, one_more, e, minus, SCORE)]
    assert chain == [1.00, -0.53, -0.53, -0.20, 0.20]
    inputs = [round(float(t.gradient(node)), 2) for node in (W0, X0, W1, X1, W2)]
    assert inputs == [-0.20, 0.39, -0.39, -0.59, 0.20]


def test_the_neuron_with_its_tail_lumped_into_one_gate() -> None:
    gates = sg.trace(1 / (1 + sg.exp(-SCORE)), AT)
    lumped = sg.trace(sg.nn.sigmoid(SCORE), AT)
    assert len(lumped.nodes) < len(gates.nodes)
    for node in (W0, X0, W1, X1, W2, SCORE):
        np.testing.assert_allclose(lumped.gradient(node), gates.gradient(node), rtol=1e-15)


def test_max_routes_and_multiply_swaps() -> None:
    x, y, z, w = (sg.variable(name) for name in "xyzw")
    t = sg.trace(2 * (x * y + sg.maximum(z, w)), {x: 3, y: -4, z: 2, w: -1})
    assert [float(t.gradient(node)) for node in (x, y, z, w)] == [-8, 6, 2, 0]


def test_tensors_have_gradients_of_their_shape() -> None:
    X, W, b, y = (
        sg.variable("X", (2, 3)),
        sg.variable("W", (3, 4)),
        sg.variable("b", (4,)),
        sg.variable("y", (2,), "int64"),
    )
    h = sg.nn.relu(X @ W + b).named("h")
    loss = sg.nn.cross_entropy(h, y).named("L")
    numbers = np.random.default_rng(0)
    at = {X: numbers.normal(size=(2, 3)), W: numbers.normal(size=(3, 4)), b: np.ones(4), y: np.array([0, 3])}
    t = sg.trace(loss, at)
    for node in t.nodes:
        assert t.value(node).shape == node.shape
        if node.dtype == np.float64:
            assert t.gradient(node).shape == node.shape
    gradients = sg.evaluate(sg.grad(loss, [X, W, b, h]), at)
    for node, wanted in zip([X, W, b, h], gradients, strict=True):
        np.testing.assert_allclose(t.gradient(node), wanted, atol=1e-15)
    lines = [line.split(" = ")[0] for line in t.text().splitlines()]
    assert "  t1 -> W: X.T @ upstream" in lines
    assert "  t1 -> X: upstream @ W.T" in lines
    assert any(line.startswith("h     relu(t2)") for line in lines)


def test_what_edges_carry_adds_up_to_the_gradients() -> None:
    x, b = sg.variable("x", (3, 1)), sg.variable("b", (4,))
    hidden = sg.tanh(x * b + b)
    t = sg.trace(sg.sum(hidden * hidden), {x: np.arange(3.0)[:, None], b: np.linspace(-1, 1, 4)})
    received: dict[sg.Tensor, np.ndarray] = {}
    for gate in t.nodes:
        for edge in t.edges(gate):
            assert edge.gate is gate
            received[edge.source] = received.get(edge.source, 0) + edge.downstream
    for node, total in received.items():
        np.testing.assert_allclose(total, t.gradient(node), atol=1e-14)


def test_names() -> None:
    f, h = sg.variable("f"), sg.exp(sg.variable("x")).named("h")
    t = sg.trace(f * h, {f: 2.0, sg.variable("x"): 0.0})
    assert t.names[f] == "f"
    assert t.names[h] == t.names[h.inputs[0]] == "h"
    assert t.names[t.root] == "f_2"


def test_what_cannot_be_traced() -> None:
    x = sg.variable("x", (3,))
    with pytest.raises(sg.GradientError, match=r"has shape \(3,\).*np\.trace"):
        sg.trace(x, {x: np.ones(3)})
    with pytest.raises(sg.GradientError, match="a symbolic tensor is traced, not float"):
        sg.trace(2.0)  # type: ignore[arg-type]
    with pytest.raises(sg.BindingError, match="no value given for variable 'x'"):
        sg.trace(sg.sum(x))


def test_questions_about_other_nodes_are_refused() -> None:
    x, k = sg.variable("x", (3,)), sg.variable("k", (3,), "int64")
    t = sg.trace(sg.sum(x * k), {x: np.ones(3), k: np.arange(3)})
    with pytest.raises(sg.GraphError, match="not a node of the traced expression"):
        t.value(sg.variable("y"))
    with pytest.raises(sg.GradientError, match="not floating"):
        t.gradient(k)
    assert t.value(k).tolist() == [0, 1, 2]


def test_what_a_gate_sends_back_has_the_shapes_of_its_inputs() -> None:
    x, b, k = sg.variable("x", (3, 1)), sg.variable("b", (4,)), sg.variable("k", (4,), "int64")
    product = x * b
    t = sg.trace(sg.sum(product) + sg.sum(b[k]), {x: np.ones((3, 1)), b: np.arange(4.0), k: np.zeros(4, "int64")})
    to_x, to_b = t.downstream(product)
    assert to_x is not None
    assert to_b is not None
    np.testing.assert_array_equal(to_x, np.full((3, 1), 6.0))
    np.testing.assert_array_equal(to_b, np.full(4, 3.0))
    assert t.has_gradient(b)
    assert not t.has_gradient(k)
    assert t.downstream(k) == []

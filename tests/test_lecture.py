"""The rows of the lecture with its own figures."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from examples import circuits, jacobians, losses, tensors, two_layer_net


def _variable(trace, name):
    return next(node for node in trace.nodes if getattr(node.operation, "name", None) == name)


def test_circuit_of_sum_and_product():
    trace = circuits.product_of_sum()
    x, y, z, q = (_variable(trace, name) for name in "xyzq")
    assert trace.value(q) == 3
    assert trace.value(trace.root) == -12
    assert (trace.gradient(z), trace.gradient(q), trace.gradient(x), trace.gradient(y)) == (3, -4, -4, -4)


def test_neuron_gate_by_gate():
    trace = circuits.neuron(lumped=False)
    f = trace.root
    (_, one_plus) = f.inputs
    exponential = next(node for node in one_plus.inputs if node.inputs)
    negated = exponential.inputs[0]
    s = negated.inputs[0]
    assert round(float(trace.value(f)), 2) == 0.73
    chain = [round(float(trace.gradient(node)), 2) for node in (f, one_plus, exponential, negated, s)]
    assert chain == [1.00, -0.53, -0.53, -0.20, 0.20]


@pytest.mark.parametrize("lumped", [False, True])
def test_neuron_gradients(lumped):
    trace = circuits.neuron(lumped)
    found = {name: float(trace.gradient(_variable(trace, name))) for name in ("w0", "x0", "w1", "x1", "w2")}
    # The slide multiplies rounded figures (2 * 0.20 = 0.40 is shown as 0.39, -3 * 0.20 as -0.59): these are the exact
    # ones, rounded.
    assert {name: round(value, 2) for name, value in found.items()} == {
        "w0": -0.20,
        "x0": 0.39,
        "w1": -0.39,
        "x1": -0.59,
        "w2": 0.20,
    }
    assert round(float(trace.value(trace.root)), 2) == 0.73


def test_lumped_neuron_agrees_with_the_gates():
    one, other = (circuits.neuron(lumped) for lumped in (False, True))
    for name in ("w0", "x0", "w1", "x1", "w2"):
        np.testing.assert_allclose(
            one.gradient(_variable(one, name)), other.gradient(_variable(other, name)), rtol=1e-15
        )


def test_patterns_in_the_backward_flow():
    gradients = {
        pattern: [
            float(trace.gradient(node)) for node in trace.nodes if node.operation.__class__.__name__ == "Variable"
        ]
        for pattern, trace in circuits.gates().items()
    }
    assert gradients == {"add": [2, 2], "multiply": [15, 10], "copy": [6], "max": [0, 9]}
    for pattern, trace in circuits.gates().items():
        assert f'class="gate {pattern}"' in trace.svg()


def test_relu_is_a_diagonal_jacobian_that_is_not_built():
    x = sg.variable("x", (4,))
    y = sg.nn.relu(x)
    at = {x: [1.0, -2.0, 3.0, -1.0]}
    downstream = sg.vjp(y, x, [4.0, -1.0, 5.0, 9.0])
    np.testing.assert_array_equal(sg.evaluate(downstream, at), [4, 0, 5, 0])
    np.testing.assert_array_equal(sg.evaluate(sg.jacobian(y, x), at), np.diag([1, 0, 1, 0]))
    assert downstream.shape == (4,)


def test_matrix_multiply_without_its_jacobian(capsys):
    avoided, _ = jacobians.matrix_multiply()
    printed = capsys.readouterr().out
    assert avoided == 256 * 2**30
    assert "dL_dX = dY @ W.T" in printed
    assert "dL_dW = X.T @ dY" in printed
    assert "would take 256 GB" in printed


def test_two_layer_net_takes_the_steps_of_the_hand_written_one(monkeypatch):
    monkeypatch.setattr(two_layer_net, "STEPS", 300)
    arrays = two_layer_net.data()
    hand = two_layer_net.by_hand(*arrays)
    derived, formulas = two_layer_net.with_symgrad(*arrays)
    np.testing.assert_allclose(derived, hand, rtol=1e-9)
    assert hand[-1] < hand[0] / 50
    assert "h.T @" in formulas


@pytest.mark.parametrize("widths", [(), (6,), (7, 6), (6, 6, 6, 6)])
@pytest.mark.parametrize("loss", losses.LOSSES)
@pytest.mark.parametrize("penalty", losses.PENALTIES)
def test_losses_and_penalties_on_networks_of_any_depth(widths, loss, penalty):
    x, labels, layers, scores = losses.network(widths)
    generator = np.random.default_rng(len(widths))
    at = {
        x: generator.standard_normal((losses.SAMPLES, losses.FEATURES)),
        labels: generator.integers(0, losses.CLASSES, losses.SAMPLES),
    }
    for layer, arrays in zip(layers, sg.initialize(layers, seed=2), strict=True):
        at |= {layer[name]: arrays[name] for name in layer}
    total = losses.LOSSES[loss](scores, labels) + losses.PENALTIES[penalty]([layer["W"] for layer in layers])
    sg.testing.assert_grad(total, layers, at=at)


@pytest.mark.parametrize("name", tensors.cases())
def test_gradients_of_tensors_have_their_shape(name):
    loss, wrt = tensors.cases()[name]
    generator = np.random.default_rng(1)
    at = {x: generator.standard_normal(x.shape) for x in wrt}
    for x, g in zip(wrt, sg.grad(loss, wrt), strict=True):
        assert g.shape == x.shape
        assert sg.evaluate(g, at).shape == x.shape
    sg.testing.assert_grad(loss, wrt, at=at)

"""Tests of derivations: the steps, the shapes, and the Jacobians that were never built."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.formula.naming import identifier
from symgrad.formula.text_names import run_text

X, W, B = sg.variable("X", (5, 4)), sg.variable("W", (4, 3)), sg.variable("b", (3,))


def test_the_matrix_product_and_the_jacobian_that_is_avoided() -> None:
    x, w = sg.variable("X", (64, 4096), "float32"), sg.variable("W", (4096, 4096), "float32")
    text = str(sg.derivation(sg.sum((x @ w).named("Y")), {"X": x, "W": w}))
    assert "dL/dX = dL/dY @ W.T    (64, 4096)" in text
    assert "dL/dW = X.T @ dL/dY    (4096, 4096)" in text
    assert "the Jacobian dY/dX, (64, 4096, 64, 4096), would take 256 GiB in float32" in text
    assert "the Jacobian dY/dW, (64, 4096, 4096, 4096), would take 16 TiB in float32" in text


def test_the_steps_go_from_the_loss_to_the_variables() -> None:
    h = sg.tanh(X @ W + B).named("h")
    derivation = sg.derivation(sg.sum(h * h), [W, B])
    assert [step.name for step in derivation.steps] == ["L", "t3", "h", "t2", "t1"]
    total, square, tanh, plus, product = derivation.steps
    assert (str(total.formula), str(total.downstream[0].formula)) == ("sum(t3)", "broadcast_to(dL/dL, (5, 3))")
    assert [(d.name, d.use, d.uses) for d in square.downstream] == [("h", 1, 2), ("h", 2, 2)]
    assert (str(tanh.formula), str(tanh.upstream)) == ("tanh(t2)", "dL/dh")
    assert (str(tanh.downstream[0].local), str(tanh.downstream[0].formula)) == ("1 - h**2", "dL/dh * (1 - h**2)")
    assert [(d.name, str(d.formula), d.repeated) for d in plus.downstream] == [
        ("t1", "dL/dt2", False),
        ("b", "sum(dL/dt2, axis=0)", True),
    ]
    assert [str(d.formula) for d in product.downstream] == ["X.T @ dL/dt1"]
    assert derivation.shapes["h"] == (5, 3)


def test_the_steps_add_up_to_the_gradient() -> None:
    """Run the derivation as one would by hand: each downstream line is added to the gradient of its source."""
    h = sg.nn.relu(X @ W + B).named("h")
    loss = (sg.nn.cross_entropy(h, np.array([0, 2, 1, 1, 0])) + 0.1 * sg.sum(W * W) + sg.max(h * B)).named("loss")
    numbers = np.random.default_rng(0)
    at = {X: numbers.normal(size=(5, 4)), W: numbers.normal(size=(4, 3)), B: numbers.normal(size=3)}
    t = sg.trace(loss, at)
    derivation = sg.derivation(loss, [W, B])
    values = {name: t.value(node) for node, name in t.names.items()}
    gradients = {"loss": np.array(1.0)}
    for step in derivation.steps:
        assert values[step.name].shape == step.gate.shape
        for d in step.downstream:
            upstream = f"dloss/d{step.name}"
            scope = values | {identifier(upstream): gradients[step.name]}
            found = run_text(str(d.formula).replace(upstream, identifier(upstream)), scope)["result"]
            gradients[d.name] = gradients.get(d.name, 0) + np.broadcast_to(found, d.source.shape)
    for node in (W, B, h):
        np.testing.assert_allclose(gradients[t.names[node]], t.gradient(node), atol=1e-14)


def test_what_the_loss_does_not_depend_on_is_said() -> None:
    derivation = sg.derivation(sg.sum(X), {"X": X, "V": sg.variable("V", (2,))})
    assert derivation.unreached == ("V",)
    assert derivation.text().splitlines()[-1] == "dL/dV = 0: L does not depend on V"


def test_a_number_depends_on_nothing() -> None:
    derivation = sg.derivation(sg.constant(3.0), X)
    assert (derivation.steps, derivation.unreached) == ((), ("X",))
    assert derivation.text().endswith("dL/dX = 0: L does not depend on X")


def test_only_gates_on_the_way_are_shown() -> None:
    derivation = sg.derivation(sg.sum(sg.exp(X) @ W), W)
    assert [step.name for step in derivation.steps] == ["L", "t2"]


def test_run_time_sizes_stay_symbols() -> None:
    x = sg.variable("x", (sg.dim("N"), 4))
    text = sg.derivation(sg.sum(x @ W), W).text()
    assert "(N, 3, 4, 3), would take 288*N bytes in float64" in text


@pytest.mark.parametrize("loss", [X, sg.sum(sg.cast(X, "int64")), 2.0])
def test_a_derivation_starts_from_a_number(loss: object) -> None:
    with pytest.raises(sg.GradientError, match="starts from a single floating number"):
        sg.derivation(loss, X)  # type: ignore[arg-type]


def test_wrt_must_be_floating() -> None:
    with pytest.raises(sg.GradientError, match="int64"):
        sg.derivation(sg.sum(X), sg.variable("k", (3,), "int64"))

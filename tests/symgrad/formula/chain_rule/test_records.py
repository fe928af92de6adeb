"""Tests of formulas that every style prints."""

from __future__ import annotations

import symgrad as sg
from symgrad.formula.chain_rule.records import name_formula, number_formula

X, W = sg.variable("X", (5, 4)), sg.variable("W", (4, 3))


def test_names_and_numbers_in_every_style() -> None:
    assert str(name_formula("dL/dW1")) == "dL/dW1"
    assert name_formula("W1").latex() == "W_{1}"
    assert "<mi>W</mi>" in name_formula("W1").mathml()
    assert (str(number_formula(-1.0)), number_formula(0.5).latex()) == ("-1", "0.5")


def test_steps_hold_formulas_for_every_style() -> None:
    (_, product) = sg.derivation(sg.sum(X @ W), W).steps
    (downstream,) = product.downstream
    assert str(downstream.formula) == "X.T @ dL/dt1"
    assert downstream.formula.latex() == r"X^{\top} \frac{\partial L}{\partial t_{1}}"
    assert downstream.formula.mathml().startswith("<math")
    assert str(downstream.gradient) == "dL/dW"
    assert product.avoided == ("the Jacobian dt1/dW, (5, 3, 4, 3), would take 1.406 KiB in float64",)


def test_printing_is_the_text() -> None:
    derivation = sg.derivation(sg.sum(X @ W), W)
    assert str(derivation) == derivation.text()

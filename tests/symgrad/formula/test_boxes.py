"""Tests of boxes: names, numbers and what stands side by side."""

from __future__ import annotations

import pytest

from symgrad.formula.boxes import (
    Box,
    Numeral,
    Upright,
    beside,
    letter,
    name_box,
    number_box,
    subscripted,
    superscripted,
)
from symgrad.formula.latex import latex


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("W", "W"),
        ("W1", "W_{1}"),
        ("W_12", "W_{12}"),
        ("w_out", r"w_{\mathrm{out}}"),
        ("x_i", "x_{i}"),
        ("alpha", r"\alpha"),
        ("lambda2", r"\lambda_{2}"),
        ("scores", r"\mathrm{scores}"),
        ("layer.0.weight", r"\mathrm{layer.0.weight}"),
        ("my_long_name", r"\mathrm{my\_long\_name}"),
        ("dL/dW1", r"\frac{\partial L}{\partial W_{1}}"),
        ("dL/dscores", r"\frac{\partial L}{\partial \mathrm{scores}}"),
        ("θ", "θ"),
    ],
)
def test_names_are_set_as_mathematics_writes_them(name: str, expected: str) -> None:
    assert latex(name_box(name)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, "2"),
        (2.0, "2"),
        (-0.5, "-0.5"),
        (1e-5, "10^{-5}"),
        (2.5e20, r"2.5 \cdot 10^{20}"),
        (float("inf"), r"\infty"),
        (float("-inf"), r"-\infty"),
        (float("nan"), r"\mathrm{nan}"),
        (True, r"\mathrm{True}"),
    ],
)
def test_numbers_have_powers_of_ten(value: float, expected: str) -> None:
    assert latex(number_box(value)) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (letter("A"), letter("x"), "A x"),
        (Numeral("2"), letter("x"), "2 x"),
        (Numeral("2"), Numeral("3"), r"2 \cdot 3"),
        (letter("A"), Upright("scores"), r"A \, \mathrm{scores}"),
        (name_box("scores_1"), name_box("h"), r"\mathrm{scores\_1} \, h"),
    ],
)
def test_factors_do_not_run_together(left: Box, right: Box, expected: str) -> None:
    assert latex(beside(left, right)) == expected


def test_indices_and_exponents_do_not_pile_up() -> None:
    w1 = name_box("W1")
    assert latex(subscripted(w1, letter("i"))) == r"\left(W_{1}\right)_{i}"
    assert latex(superscripted(w1, Numeral("2"))) == "W_{1}^{2}"

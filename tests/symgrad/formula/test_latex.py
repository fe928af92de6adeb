"""Tests of LaTeX: how each box is written, and lines."""

from __future__ import annotations

import pytest

from symgrad.formula.boxes import (
    BARS,
    Box,
    CasesBox,
    MatrixBox,
    Numeral,
    Over,
    Root,
    Row,
    Script,
    Symbol,
    Upright,
    fenced,
    letter,
    sign,
)
from symgrad.formula.latex import latex, latex_lines

X, TWO = letter("x"), Numeral("2")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Symbol(r"\sigma", "σ"), r"\sigma"),
        (Upright("softmax", is_function=True), r"\operatorname{softmax}"),
        (Upright("tanh", is_function=True), r"\tanh"),
        (Upright("50%_{}"), r"\mathrm{50\%\_}"),
        (Row((X, sign("+"), TWO)), "x + 2"),
        (Row((sign("-", "−"), X)), "-x"),
        (Row((Upright("tanh", is_function=True), fenced(X))), r"\tanh\left(x\right)"),
        (Over(X, TWO), r"\frac{x}{2}"),
        (Script(X, TWO), "x_{2}"),
        (Script(X, TWO, letter("T")), "x_{2}^{T}"),
        (Script(Over(X, TWO), sup=TWO), r"{\frac{x}{2}}^{2}"),
        (Script(sign(r"\sum", "∑"), letter("i"), under=True), r"\sum_{i}"),
        (Root(X), r"\sqrt{x}"),
        (Root(X, Numeral("3")), r"\sqrt[3]{x}"),
        (fenced(X, BARS), r"\left\lvert x\right\rvert"),
        (
            CasesBox(X, Row((X, sign(">"), TWO)), TWO),
            r"\begin{cases} x & \text{if } x > 2 \\ 2 & \text{otherwise} \end{cases}",
        ),
        (MatrixBox(((X, TWO), (TWO, X))), r"\begin{pmatrix} x & 2 \\ 2 & x \end{pmatrix}"),
    ],
)
def test_every_box_has_its_command(box: Box, expected: str) -> None:
    assert latex(box) == expected


def test_lines_are_aligned() -> None:
    assert latex_lines([(None, X)]) == "x"
    assert latex_lines([(letter("h"), X)]) == "h = x"
    assert latex_lines([(letter("h"), X), (None, TWO)]) == "\\begin{aligned}\nh &= x \\\\\n& 2\n\\end{aligned}"

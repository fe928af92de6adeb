"""Tests of MathML: how each box is written, and lines."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from symgrad.formula.boxes import (
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
from symgrad.formula.mathml import mathml, mathml_lines

X, TWO = letter("x"), Numeral("2")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (X, "<mi>x</mi>"),
        (Symbol(r"\sigma", "σ"), "<mi>σ</mi>"),
        (sign("<"), "<mo>&lt;</mo>"),
        (sign(r"\,", "\u2009"), '<mspace width="0.17em"/>'),
        (Upright("a<b"), '<mi mathvariant="normal">a&lt;b</mi>'),
        (Upright("tr", is_function=True), '<mi mathvariant="normal">tr</mi><mo>&#x2061;</mo>'),
        (Row((X, TWO)), "<mrow><mi>x</mi><mn>2</mn></mrow>"),
        (Over(X, TWO), "<mfrac><mi>x</mi><mn>2</mn></mfrac>"),
        (Script(X, TWO), "<msub><mi>x</mi><mn>2</mn></msub>"),
        (Script(X, sup=TWO), "<msup><mi>x</mi><mn>2</mn></msup>"),
        (Script(X, TWO, X), "<msubsup><mi>x</mi><mn>2</mn><mi>x</mi></msubsup>"),
        (Script(sign("∑"), X, under=True), "<munder><mo>∑</mo><mi>x</mi></munder>"),
        (Script(Upright("max", True), X), '<msub><mi mathvariant="normal">max</mi><mi>x</mi></msub>'),
        (Root(X), "<msqrt><mi>x</mi></msqrt>"),
        (Root(X, TWO), "<mroot><mi>x</mi><mn>2</mn></mroot>"),
        (fenced(X), '<mrow><mo fence="true">(</mo><mi>x</mi><mo fence="true">)</mo></mrow>'),
    ],
)
def test_every_box_has_its_element(box: Box, expected: str) -> None:
    assert mathml(box) == expected


@pytest.mark.parametrize("box", [CasesBox(X, X, TWO), MatrixBox(((X, TWO), (TWO, X)))])
def test_tables_have_two_rows_of_two(box: Box) -> None:
    element = ElementTree.fromstring(mathml(box))
    assert [len(row) for row in element.iter("mtr")] == [2, 2]


def test_lines_are_one_element() -> None:
    single = mathml_lines([(None, X)])
    assert single == '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mi>x</mi></math>'
    assert "<mrow><mi>h</mi><mo>=</mo><mi>x</mi></mrow>" in mathml_lines([(letter("h"), X)])
    element = ElementTree.fromstring(mathml_lines([(letter("h"), X), (None, TWO)]))
    assert len(list(element.iter("{http://www.w3.org/1998/Math/MathML}mtr"))) == 2

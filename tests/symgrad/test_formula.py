"""Tests of `sg.formula`, as users call it."""

from __future__ import annotations

import pytest

import symgrad as sg

X, Y = sg.variable("x", (3,)), sg.variable("y", (3,))


def test_a_tensor_is_an_expression() -> None:
    assert sg.formula(sg.exp(X) * Y) == "exp(x) * y"


def test_entries_of_a_nesting_are_lines() -> None:
    assert sg.formula({"a": X + Y, "b": {"c": X * Y}}) == "a = x + y\nb_c = x * y"
    assert sg.formula([X + Y, X * Y]) == "result_0 = x + y\nresult_1 = x * y"


def test_styles() -> None:
    assert sg.formula(X * Y, style="latex") == r"x \odot y"
    assert sg.formula(X, style="mathml").startswith('<math xmlns="http://www.w3.org/1998/Math/MathML"')
    with pytest.raises(sg.GraphError, match="one of text, latex, mathml, not 'word'"):
        sg.formula(X, style="word")


def test_only_tensors_have_formulas() -> None:
    with pytest.raises(sg.GraphError, match=r"not float: 2\.0"):
        sg.formula({"a": 2.0})

"""Tests of what a term knows about the nodes below it."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.layout import broadcast_to
from symgrad.formula.notation import Number, Reference
from symgrad.formula.terms import Terms, add_term
from symgrad.formula.terms.context import filled
from symgrad.formula.text import text
from symgrad.graph import topological_order


def terms_of(x: sg.Tensor, opaque: dict[sg.Tensor, str] | None = None) -> Terms:
    terms = Terms(opaque or {})
    for node in topological_order([x]):
        add_term(node, terms)
    return terms


def test_repeating_is_left_to_broadcasting() -> None:
    x = sg.variable("x", (3,))
    wide = broadcast_to(x, (2, 3))
    terms = terms_of(wide)
    assert terms.loose(wide) == Reference(x)
    assert terms.loose_shape(wide) == (3,)
    assert terms.full(wide) != terms.loose(wide)


def test_a_repeated_number_is_a_number() -> None:
    two = broadcast_to(sg.constant(2.0), (2, 3))
    terms = terms_of(two.T)
    assert terms.number(two.T) == 2
    assert terms.is_number(two)
    assert text(terms.full(two)) == "full((2, 3), 2.0)"


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (0, "float64", "zeros((2,))"),
        (1.0, "float64", "ones((2,))"),
        (-0.0, "float64", "full((2,), -0.0)"),
        (0, "float32", "zeros((2,), float32)"),
        (2, "int64", "full((2,), 2)"),
        (2, "int32", "full((2,), 2, int32)"),
        (True, "bool", "full((2,), True)"),
    ],
)
def test_one_number_everywhere_has_its_dtype(value: float, dtype: str, expected: str) -> None:
    assert text(filled(Number(value), (2,), np.dtype(dtype))) == expected
    array = eval(expected, {name: getattr(np, name) for name in ("zeros", "ones", "full", "float32", "int32")})
    assert array.dtype == dtype
    assert (array == value).all()


def test_nothing_looks_into_opaque_nodes() -> None:
    x = sg.variable("x", (3,))
    terms = terms_of(sg.exp(x), {sg.exp(x): "e"})
    assert terms.operation(sg.exp(x)) is None
    assert terms.function(sg.exp(x)) is None
    assert terms.loose(sg.exp(x)) == Reference(sg.exp(x))


def test_names_are_not_looked_through() -> None:
    named = sg.constant(2.0).named("two")
    terms = terms_of(named)
    assert terms.number(named) is None
    assert terms.loose(named) == Reference(named)

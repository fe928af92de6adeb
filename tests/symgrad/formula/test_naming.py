"""Tests of names in formulas."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.formula.naming import Names, identifier, node_names
from symgrad.formula.notation import Name
from symgrad.graph import topological_order


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("W1", "W1"),
        ("dL/dh", "dL_dh"),
        ("layer.0.weight", "layer_0_weight"),
        ("lambda", "lambda_"),
        ("θ", "θ"),
        ("ﬁ", "fi"),
        ("/", "_"),
    ],
)
def test_identifier_reads_like_the_name(name: str, expected: str) -> None:
    assert identifier(name) == expected


@given(st.text(min_size=1))
def test_identifier_is_one(name: str) -> None:
    result = identifier(name)
    assert result.isidentifier()
    assert not keyword.iskeyword(result)


def test_a_name_is_given_once() -> None:
    names = Names(())
    assert [names.claim("h").identifier for _ in range(3)] == ["h", "h_2", "h_3"]
    assert names.claim("h_2") == Name("h_2_2", "h_2_2")


def test_names_that_become_the_same_identifier_are_kept_apart() -> None:
    names = Names(())
    assert (names.claim("a.b").identifier, names.claim("a/b")) == ("a_b", Name("a_b_2", "a/b_2"))


def test_reserved_names_are_not_given() -> None:
    assert Names({"sum"}).claim("sum") == Name("sum_", "sum")


def test_an_ending_is_tried_before_a_number() -> None:
    names = Names(())
    assert [names.claim("W1", "_result").identifier for _ in range(2)] == ["W1", "W1_result"]


def test_fresh_names_avoid_those_taken() -> None:
    names = Names(())
    names.claim("t2")
    assert [names.fresh("t").identifier for _ in range(2)] == ["t1", "t3"]


def test_nodes_of_a_circuit_are_called_as_the_user_called_them() -> None:
    x = sg.variable("x")
    h = sg.exp(x).named("h")
    root = h * 2 + sg.sin(x)
    names = node_names(topological_order([root]), root, "f")
    assert [names[node] for node in (x, h, h.inputs[0], h * 2, sg.sin(x), root)] == ["x", "h", "h", "t1", "t2", "f"]
    assert sg.constant(2.0) not in names


def test_a_name_for_a_variable_is_another_name() -> None:
    x = sg.variable("x")
    names = node_names([x, x.named("input")], x.named("input"), "f")
    assert list(names.values()) == ["x", "input"]

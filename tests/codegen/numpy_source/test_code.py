"""Fragments nest with the parentheses that Python's grammar needs, and no others that matter."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.numpy_source.code import (
    OPERATORS,
    Binding,
    Code,
    attribute,
    call,
    index,
    infix,
    method,
    prefix,
    tuple_text,
)

LEAVES = st.sampled_from(
    [
        (Code("x"), "x"),
        (Code("2", literal=int), "2"),
        (Code("-1.5", Binding.SIGN, float), "(-1.5)"),
        (method(Code("x"), "sum"), "x.sum()"),
    ]
)


def _nest(children):
    """Return pairs of a fragment and the same expression with parentheses everywhere."""
    binary = st.tuples(st.sampled_from(sorted(OPERATORS)), children, children).map(
        lambda t: (infix(t[0], t[1][0], t[2][0]), f"({t[1][1]} {OPERATORS[t[0]][0]} {t[2][1]})")
    )
    signs = st.tuples(st.sampled_from("-~"), children).map(lambda t: (prefix(t[0], t[1][0]), f"({t[0]}{t[1][1]})"))
    others = children.map(lambda c: (attribute(c[0], "T"), f"({c[1]}).T")) | children.map(
        lambda c: (index(c[0], ":", c[0]), f"({c[1]})[:, {c[1]}]")
    )
    return binary | signs | others | children.map(lambda c: (call("np.exp", c[0], axis="0"), f"np.exp({c[1]}, axis=0)"))


@given(st.recursive(LEAVES, _nest, max_leaves=12))
def test_nesting_keeps_the_order_of_evaluation(pair):
    code, everything_in_parentheses = pair
    # Adding a negative number is written as a subtraction: the one rewrite.
    wanted = everything_in_parentheses.replace(" + (-1.5)", " - 1.5")
    assert ast.dump(ast.parse(code.text)) == ast.dump(ast.parse(wanted))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (infix("matmul", infix("multiply", Code("a"), Code("b")), Code("c")), "(a * b) @ c"),
        (infix("multiply", infix("matmul", Code("a"), Code("b")), Code("c")), "(a @ b) * c"),
        (infix("power", Code("x"), Code("-1", Binding.SIGN, int)), "x ** -1"),
        (prefix("-", infix("power", Code("x"), Code("2", literal=int))), "-x ** 2"),
        (infix("less", infix("less", Code("a"), Code("b")), Code("c")), "(a < b) < c"),
        (infix("logical_and", infix("less", Code("a"), Code("b")), Code("c")), "(a < b) & c"),
    ],
)
def test_texts(code, text):
    assert code.text == text


def test_tuples():
    assert [tuple_text(items) for items in ([], ["a"], ["a", "b"])] == ["()", "(a,)", "(a, b)"]

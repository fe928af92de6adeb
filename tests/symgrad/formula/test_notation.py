"""Tests of the notation tree and of the engine that sets parentheses."""

from __future__ import annotations

import pytest

from symgrad.formula.notation import (
    ADD,
    COMPARISONS,
    HADAMARD,
    MATRIX,
    SCALE,
    SUBTRACT,
    Level,
    Name,
    Negative,
    Number,
    Operator,
    Piece,
    call,
    fold,
    infix,
    infix_operands,
    with_parts,
)

X, Y = Name("x", "x"), Name("y", "y")


def test_call_puts_keywords_last() -> None:
    tree = call("sum", X, axis=Number(1))
    assert tree.keywords == ("axis",)
    assert tree.parts == (X, Number(1))


def test_with_parts_keeps_everything_else() -> None:
    assert with_parts(infix(ADD, X, Y), (Y, X)) == infix(ADD, Y, X)
    assert with_parts(X, ()) is X


def test_fold_gives_the_parts_in_order() -> None:
    assert fold(infix(SUBTRACT, X, call("f", Y, Number(2))), lambda tree, parts: [type(tree).__name__, *parts]) == [
        "Infix",
        ["Name"],
        ["Call", ["Name"], ["Number"]],
    ]


def test_fold_works_at_any_depth() -> None:
    tree = X
    for _ in range(50_000):
        tree = Negative(parts=(tree,))
    assert fold(tree, lambda node, depths: max(depths, default=0) + 1) == 50_001


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        (ADD, Level.SUM, Level.PRODUCT, ("l", "r")),
        (ADD, Level.COMPARISON, Level.SUM, ("(l)", "(r)")),
        (SUBTRACT, Level.SUM, Level.SUM, ("l", "(r)")),
        (HADAMARD, Level.PRODUCT, Level.PRODUCT, ("l", "(r)")),
        (HADAMARD, Level.SUM, Level.POWER, ("(l)", "r")),
        (SCALE, Level.ATOM, Level.PRODUCT, ("l", "r")),
        (MATRIX, Level.MATRIX_PRODUCT, Level.MATRIX_PRODUCT, ("l", "(r)")),
        (MATRIX, Level.PRODUCT, Level.ATOM, ("(l)", "r")),
        (COMPARISONS["less"], Level.SUM, Level.COMPARISON, ("l", "(r)")),
    ],
)
def test_operands_are_bracketed_where_they_bind_less_tightly(
    operator: Operator, left: Level, right: Level, expected: tuple[str, str]
) -> None:
    assert infix_operands(operator, (Piece("l", left), Piece("r", right)), lambda text: f"({text})") == expected


@pytest.mark.parametrize(("operator", "bare"), [("+", True), ("-", True), ("*", False)])
def test_a_sum_absorbs_a_sum_on_its_right(operator: str, bare: bool) -> None:
    right = Piece("r", Level.SUM, operator)
    assert infix_operands(ADD, (Piece("l"), right), lambda text: f"({text})")[1] == ("r" if bare else "(r)")

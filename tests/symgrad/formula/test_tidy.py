"""Tests of tidying: signs and numbers move in front."""

from __future__ import annotations

import pytest
import sympy

from symgrad.formula.notation import (
    ADD,
    HADAMARD,
    SCALE,
    SUBTRACT,
    Fraction,
    MatrixProduct,
    Name,
    Negative,
    Number,
    Power,
    Reduce,
    Size,
    Transpose,
    Tree,
    call,
    fold,
    infix,
    with_parts,
)
from symgrad.formula.text import text
from symgrad.formula.tidy import tidy

A, B, S = Name("A", "A"), Name("B", "B"), Name("s", "s")
N = sympy.Symbol("N", integer=True, nonnegative=True)


def times(number: float, tree: Tree) -> Tree:
    return infix(SCALE, Number(number), tree)


def minus(tree: Tree) -> Tree:
    return Negative(parts=(tree,))


def over(a: Tree, b: Tree) -> Tree:
    return Fraction(parts=(a, b))


def matmul(a: Tree, b: Tree) -> Tree:
    return MatrixProduct((2, 2), parts=(a, b))


def transposed(tree: Tree) -> Tree:
    return Transpose(parts=(tree,))


def total(tree: Tree) -> Tree:
    return Reduce("sum", (0, 1), 2, parts=(tree,))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (minus(minus(A)), "A"),
        (minus(Number(2)), "-2"),
        (infix(ADD, A, minus(B)), "A - B"),
        (infix(ADD, minus(A), B), "B - A"),
        (infix(ADD, minus(A), minus(B)), "-(A + B)"),
        (infix(SUBTRACT, A, minus(B)), "A + B"),
        (infix(SUBTRACT, minus(A), B), "-(A + B)"),
        (infix(ADD, A, Number(-2)), "A - 2"),
        (infix(ADD, times(0.5, A), times(0.5, B)), "0.5 * (A + B)"),
        (infix(SUBTRACT, over(A, Size(N)), over(B, Size(N))), "(A - B) / N"),
        (infix(ADD, times(-3, A), times(3, B)), "3 * (B - A)"),
        (infix(ADD, times(2, A), times(3, B)), "2 * A + 3 * B"),
        (infix(ADD, A, A), "2 * A"),
        (infix(SUBTRACT, times(3, A), A), "2 * A"),
        (times(2, times(3, A)), "6 * A"),
        (times(2, times(0.5, A)), "A"),
        (times(-1, A), "-A"),
        (times(-2, A), "-2 * A"),
        (times(2, minus(A)), "-2 * A"),
        (infix(HADAMARD, minus(A), times(2, B)), "-2 * A * B"),
        (matmul(times(2, A), minus(B)), "-2 * A @ B"),
        (matmul(A, over(B, Number(5))), "A @ B / 5"),
        (matmul(over(A, Number(5)), over(B, Number(5))), "A @ (B / 5) / 5"),
        (transposed(times(2, A)), "2 * A.T"),
        (total(minus(A)), "-sum(A)"),
        (matmul(matmul(call("eye", Size(3)), A), call("eye", Size(N))), "A"),
        (matmul(transposed(call("eye", Size(3))), times(2, A)), "2 * A"),
        (transposed(transposed(A)), "A"),
        (times(0.1, times(3, A)), "0.3 * A"),
        (times(-1, times(0.7071067811865476, A)), "-0.7071067811865476 * A"),
        (over(minus(A), B), "-A / B"),
        (over(A, minus(B)), "-A / B"),
        (over(minus(A), minus(B)), "A / B"),
        (times(2, over(Number(1), Size(2 * N))), "1 / N"),
        (infix(SCALE, over(Number(1), Size(N)), A), "A / N"),
        (infix(SCALE, S, minus(A)), "-s * A"),
        (over(A, Number(0)), "A / 0"),
    ],
)
def test_signs_and_numbers_stand_in_front(tree: Tree, expected: str) -> None:
    assert text(fold(tree, lambda node, parts: tidy(with_parts(node, tuple(parts))))) == expected


@pytest.mark.parametrize(
    "tree",
    [
        times(2, Number(3)),
        infix(HADAMARD, Number(2), A),
        Reduce("max", (0,), 2, parts=(minus(A),)),
        Power(parts=(minus(A), Number(2))),
        infix(ADD, A, B),
        infix(SUBTRACT, A, A),
        matmul(call("eye", Size(3), Size(4)), A),
        times(float("inf"), A),
        infix(ADD, Number(True), A),
    ],
)
def test_what_has_nothing_to_move_stays(tree: Tree) -> None:
    assert tidy(tree) == tree

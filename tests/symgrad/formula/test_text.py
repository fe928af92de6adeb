"""Tests of formulas as text: golden cases of precedence. That the text is true is tested where whole formulas are."""

from __future__ import annotations

import pytest
import sympy

from symgrad.formula.notation import (
    ADD,
    COMPARISONS,
    HADAMARD,
    LOGIC,
    SCALE,
    SUBTRACT,
    Einsum,
    Fraction,
    Group,
    Index,
    Literal,
    MatrixProduct,
    Name,
    Negative,
    NewAxis,
    Number,
    PickLabels,
    Power,
    Range,
    Reduce,
    Size,
    Transpose,
    Tree,
    Where,
    Word,
    call,
    infix,
)
from symgrad.formula.text import number_text, size_text, text

A, B, C = (Name(letter, letter) for letter in "ABC")
N = sympy.Symbol("N", integer=True, nonnegative=True)


def power(a: Tree, b: Tree) -> Tree:
    return Power(parts=(a, b))


def over(a: Tree, b: Tree) -> Tree:
    return Fraction(parts=(a, b))


def minus(a: Tree) -> Tree:
    return Negative(parts=(a,))


def matmul(a: Tree, b: Tree) -> Tree:
    return MatrixProduct((2, 2), parts=(a, b))


def transposed(a: Tree) -> Tree:
    return Transpose(parts=(a,))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (power(power(A, B), C), "(A**B)**C"),
        (power(A, power(B, C)), "A**B**C"),
        (power(minus(A), Number(2)), "(-A)**2"),
        (minus(power(A, Number(2))), "-A**2"),
        (power(A, minus(B)), "A**(-B)"),
        (power(Number(-2), A), "(-2)**A"),
        (minus(minus(A)), "-(-A)"),
        (minus(infix(ADD, A, B)), "-(A + B)"),
        (minus(infix(HADAMARD, A, B)), "-A * B"),
        (infix(ADD, minus(A), B), "-A + B"),
        (infix(SUBTRACT, A, minus(B)), "A - (-B)"),
        (infix(SUBTRACT, A, infix(SUBTRACT, B, C)), "A - (B - C)"),
        (infix(ADD, A, infix(SUBTRACT, B, C)), "A + B - C"),
        (infix(HADAMARD, A, infix(ADD, B, C)), "A * (B + C)"),
        (infix(HADAMARD, A, infix(HADAMARD, B, C)), "A * B * C"),
        (infix(HADAMARD, A, over(B, C)), "A * (B / C)"),
        (infix(HADAMARD, over(A, B), C), "A / B * C"),
        (infix(HADAMARD, A, matmul(B, C)), "A * (B @ C)"),
        (infix(HADAMARD, matmul(A, B), C), "A @ B * C"),
        (infix(SCALE, Number(2), matmul(A, B)), "2 * A @ B"),
        (matmul(infix(HADAMARD, A, B), C), "(A * B) @ C"),
        (matmul(matmul(A, B), C), "A @ B @ C"),
        (matmul(A, matmul(B, C)), "A @ (B @ C)"),
        (over(A, infix(HADAMARD, B, C)), "A / (B * C)"),
        (over(over(A, B), C), "A / B / C"),
        (over(A, over(B, C)), "A / (B / C)"),
        (over(infix(ADD, A, B), Number(2)), "(A + B) / 2"),
        (transposed(infix(ADD, A, B)), "(A + B).T"),
        (transposed(minus(A)), "(-A).T"),
        (transposed(power(A, Number(2))), "(A**2).T"),
        (power(transposed(A), Number(2)), "A.T**2"),
        (Transpose(stacked=True, parts=(A,)), "A.mT"),
        (infix(COMPARISONS["less"], infix(COMPARISONS["less"], A, B), C), "(A < B) < C"),
        (infix(LOGIC["logical_and"], infix(COMPARISONS["less"], A, B), C), "(A < B) & C"),
        (infix(LOGIC["logical_or"], A, infix(LOGIC["logical_and"], B, C)), "A | B & C"),
        (infix(HADAMARD, infix(COMPARISONS["greater"], A, Number(0)), B), "(A > 0) * B"),
        (Where(parts=(infix(COMPARISONS["greater"], A, Number(0)), A, Number(0))), "where(A > 0, A, 0)"),
        (Index(parts=(infix(ADD, A, B), Range(), NewAxis())), "(A + B)[:, None]"),
        (Index(parts=(A, Range(1, N - 1, 2), Number(0))), "A[1:N - 1:2, 0]"),
        (PickLabels(parts=(A, B, Size(N))), "A[arange(N), B]"),
        (Reduce("sum", (0, 1), 2, parts=(A,)), "sum(A)"),
        (Reduce("max", (1,), 2, True, parts=(A,)), "max(A, axis=1, keepdims=True)"),
        (Reduce("mean", (0, 2), 3, parts=(A, Size(6))), "mean(A, axis=(0, 2))"),
        (Einsum("bij", "bkj", "bik", parts=(A, B)), "einsum('bij,bkj->bik', A, B)"),
        (call("reshape", A, Group(parts=(Size(N), Size(2)))), "reshape(A, (N, 2))"),
        (call("full", Group(parts=(Size(3),)), Number(0.5), Word("float32")), "full((3,), 0.5, float32)"),
        (Literal("[1.0, 2.0]", "float32"), "array([1.0, 2.0], float32)"),
    ],
)
def test_parentheses_stand_where_python_needs_them(tree: Tree, expected: str) -> None:
    assert text(tree) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2, "2"), (2.0, "2"), (-0.0, "-0.0"), (0.1, "0.1"), (1e-5, "1e-05"), (1e22, "1e+22"), (True, "True")],
)
def test_numbers_read_back_as_themselves(value: float, expected: str) -> None:
    assert number_text(value) == expected
    assert eval(expected) == value


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (3, "3"),
        (N, "N"),
        (2 * N + 1, "2*N + 1"),
        (sympy.floor((N + 1) / 2), "((N + 1) // 2)"),
        (sympy.ceiling(N / 3), "(-((-N) // 3))"),
        (sympy.Max(N - 1, 0), "maximum(0, N - 1)"),
        (sympy.Min(N, 2, N + 1), "minimum(2, N)"),
    ],
)
def test_sizes_are_whole_in_python_too(size: sympy.Expr | int, expected: str) -> None:
    assert size_text(size) == expected
    if isinstance(size, sympy.Expr):
        for n in range(7):
            assert eval(expected, {"N": n, "maximum": max, "minimum": min}) == size.subs(N, n)


def test_a_size_is_bracketed_as_an_operand() -> None:
    assert text(over(A, Size(N + 1))) == "A / (N + 1)"
    assert text(over(A, Size(2 * N))) == "A / (2*N)"

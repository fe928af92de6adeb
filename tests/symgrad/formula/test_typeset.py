"""Tests of typesetting: golden cases of brackets, nested powers, signs, fractions, transposes and sums."""

from __future__ import annotations

import pytest
import sympy

from symgrad.formula.latex import latex
from symgrad.formula.notation import (
    ADD,
    COMPARISONS,
    HADAMARD,
    SCALE,
    SUBTRACT,
    Einsum,
    Fraction,
    Index,
    Infix,
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
    call,
    infix,
)
from symgrad.formula.typeset import typeset, typeset_name

A, B, C, X, Y = (Name(letter, letter) for letter in ("A", "B", "C", "x", "y"))
W1, SLOPE = Name("W1", "W1"), Name("dL_dh", "dL/dh")
N = sympy.Symbol("N", integer=True, nonnegative=True)
TWO = Number(2)


def power(a: Tree, b: Tree) -> Tree:
    return Power(parts=(a, b))


def over(a: Tree, b: Tree) -> Tree:
    return Fraction(parts=(a, b))


def minus(a: Tree) -> Tree:
    return Negative(parts=(a,))


def matmul(a: Tree, b: Tree, ranks: tuple[int, int] = (2, 2)) -> Tree:
    return MatrixProduct(ranks, parts=(a, b))


def transposed(a: Tree) -> Tree:
    return Transpose(parts=(a,))


def plus(a: Tree, b: Tree) -> Infix:
    return infix(ADD, a, b)


def where(condition: Tree, a: Tree, b: Tree) -> Tree:
    return Where(parts=(condition, a, b))


POSITIVE = infix(COMPARISONS["greater"], X, Number(0))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (power(power(A, B), C), r"\left(A^{B}\right)^{C}"),
        (power(A, power(B, C)), r"A^{B^{C}}"),
        (power(minus(A), TWO), r"\left(-A\right)^{2}"),
        (minus(power(A, TWO)), r"-A^{2}"),
        (power(W1, TWO), r"W_{1}^{2}"),
        (power(over(A, B), TWO), r"\left(\frac{A}{B}\right)^{2}"),
        (power(A, minus(B)), r"A^{-B}"),
        (minus(minus(A)), r"-\left(-A\right)"),
        (minus(plus(A, B)), r"-\left(A + B\right)"),
        (minus(infix(HADAMARD, A, B)), r"-A \odot B"),
        (infix(SUBTRACT, A, minus(B)), r"A - \left(-B\right)"),
        (infix(SUBTRACT, A, infix(SUBTRACT, B, C)), r"A - \left(B - C\right)"),
        (infix(HADAMARD, A, plus(B, C)), r"A \odot\left(B + C\right)"),
        (infix(HADAMARD, A, matmul(B, C)), r"A \odot B C"),
        (infix(HADAMARD, over(A, B), C), r"\frac{A}{B} \odot C"),
        (matmul(infix(HADAMARD, A, B), C), r"\left(A \odot B\right) C"),
        (matmul(A, matmul(B, C)), r"A B C"),
        (infix(SCALE, TWO, matmul(A, plus(B, C))), r"2 A \left(B + C\right)"),
        (infix(SCALE, TWO, infix(HADAMARD, A, B)), r"2 A \odot B"),
        (infix(SCALE, TWO, power(TWO, X)), r"2 \cdot 2^{x}"),
        (over(plus(A, B), TWO), r"\frac{A + B}{2}"),
        (over(over(A, B), C), r"\frac{\frac{A}{B}}{C}"),
        (transposed(plus(A, B)), r"\left(A + B\right)^{\top}"),
        (transposed(power(A, TWO)), r"\left(A^{2}\right)^{\top}"),
        (transposed(W1), r"W_{1}^{\top}"),
        (transposed(SLOPE), r"\left(\frac{\partial L}{\partial h}\right)^{\top}"),
        (transposed(transposed(A)), "A"),
        (matmul(X, Y, (1, 1)), r"x^{\top} y"),
        (matmul(X, A, (1, 2)), r"A^{\top} x"),
        (matmul(X, transposed(A), (1, 2)), "A x"),
        (matmul(A, X, (2, 1)), "A x"),
        (infix(SCALE, matmul(X, Y, (1, 1)), A), r"\left(x^{\top} y\right) A"),
        (call("outer", X, plus(X, Y)), r"x \left(x + y\right)^{\top}"),
        (where(POSITIVE, A, Number(0)), r"A \odot\left[x > 0\right]"),
        (where(POSITIVE, Number(1), Number(0)), r"\left[x > 0\right]"),
        (where(POSITIVE, over(Number(1), Size(N)), Number(0)), r"\frac{1}{N}\left[x > 0\right]"),
        (
            where(POSITIVE, A, B),
            r"\begin{cases} A & \text{if } x > 0 \\ B & \text{otherwise} \end{cases}",
        ),
        (infix(HADAMARD, POSITIVE, A), r"\left[x > 0\right] \odot A"),
        (Reduce("sum", (0, 1), 2, parts=(A,)), r"\sum_{i j} A_{i j}"),
        (Reduce("sum", (1,), 2, parts=(W1,)), r"W_{1} \mathbf{1}"),
        (Reduce("sum", (0,), 2, parts=(A,)), r"\mathbf{1}^{\top} A"),
        (Reduce("sum", (0,), 2, parts=(MatrixProduct((2, 2), parts=(A, B)),)), r"\mathbf{1}^{\top} A B"),
        (Reduce("sum", (0,), 2, parts=(plus(A, B),)), r"\mathbf{1}^{\top}\left(A + B\right)"),
        (Reduce("sum", (1,), 2, True, parts=(A,)), r"A \mathbf{1} \mathbf{1}^{\top}"),
        (Reduce("sum", (0,), 2, True, parts=(A,)), r"\mathbf{1} \mathbf{1}^{\top} A"),
        (Reduce("sum", (0,), 1, parts=(plus(X, Y),)), r"\sum_{i}\left(x + y\right)_{i}"),
        (Reduce("mean", (0,), 1, parts=(X, Size(N))), r"\frac{1}{N} \sum_{i} x_{i}"),
        (Reduce("max", (1,), 2, parts=(A,)), r"\max_{j} A_{i j}"),
        (Reduce("logsumexp", (1,), 2, parts=(A,)), r"\log \sum_{j} e^{A_{i j}}"),
        (Reduce("norm", (0,), 1, parts=(plus(X, Y),)), r"\left\lVert x + y\right\rVert"),
        (Reduce("norm", (0, 1), 2, parts=(A,)), r"\left\lVert A\right\rVert_{F}"),
        (Reduce("norm", (1,), 2, parts=(A,)), r"\left\lVert A_{i \cdot}\right\rVert"),
        (
            Reduce("norm", (0, 2), 3, True, parts=(plus(A, B),)),
            r"\left\lVert \left(A + B\right)_{\cdot j \cdot}\right\rVert",
        ),
        (power(Reduce("norm", (0,), 1, parts=(X,)), TWO), r"\left\lVert x\right\rVert^{2}"),
        (plus(X, Reduce("sum", (0,), 1, parts=(Y,))), r"x + \sum_{i} y_{i}"),
        (infix(SCALE, Reduce("sum", (0,), 1, parts=(Y,)), X), r"\left(\sum_{i} y_{i}\right) x"),
        (minus(Reduce("sum", (0,), 1, parts=(Y,))), r"-\sum_{i} y_{i}"),
        (Einsum("bij", "bjk", "bik", parts=(A, B)), r"\sum_{j} A_{b i j} B_{b j k}"),
        (Einsum("ij", "ij", "ji", parts=(A, B)), r"A_{i j} B_{i j}"),
        (Index(parts=(X, Range(), NewAxis())), r"x \mathbf{1}^{\top}"),
        (Index(parts=(A, Range(1, N), Number(0))), r"A_{1 : N, 0}"),
        (PickLabels(parts=(A, Y, Size(N))), r"A_{i, y_{i}}"),
        (Size(2 * N + 1), "2 N + 1"),
        (Size(sympy.floor(N / 2)), r"\left\lfloor \frac{1}{2} N\right\rfloor"),
        (Size(N**2), "N^{2}"),
    ],
)
def test_brackets_stand_where_mathematics_needs_them(tree: Tree, expected: str) -> None:
    assert latex(typeset(tree)) == expected


def test_lines_are_called_by_the_users_name() -> None:
    assert latex(typeset_name(SLOPE)) == r"\frac{\partial L}{\partial h}"

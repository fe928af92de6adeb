"""Tests of functions in mathematical notation."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.formula.latex import latex
from symgrad.formula.notation import (
    ADD,
    SCALE,
    Group,
    Index,
    Literal,
    MatrixProduct,
    Name,
    Number,
    Size,
    Transpose,
    Tree,
    Word,
    call,
    infix,
)
from symgrad.formula.typeset import typeset
from symgrad.formula.typeset_calls import literal_box

A, X, Y = (Name(letter, letter) for letter in ("A", "x", "y"))
SHAPE = Group(parts=(Size(2), Size(3)))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (call("abs", X), r"\left\lvert x\right\rvert"),
        (call("sqrt", X), r"\sqrt{x}"),
        (call("cbrt", X), r"\sqrt[3]{x}"),
        (call("exp", X), "e^{x}"),
        (call("sigmoid", X), r"\sigma\left(x\right)"),
        (call("tanh", X), r"\tanh\left(x\right)"),
        (call("log2", X), r"\log_{2}\left(x\right)"),
        (call("gammaln", X), r"\log \Gamma\left(x\right)"),
        (call("floor", X), r"\left\lfloor x\right\rfloor"),
        (call("floor_divide", X, Y), r"\left\lfloor \frac{x}{y}\right\rfloor"),
        (call("remainder", X, Y), r"x \bmod y"),
        (call("maximum", X, Number(0)), r"\max\left(x, 0\right)"),
        (call("inv", A), "A^{-1}"),
        (call("inv", Transpose(parts=(A,))), r"A^{-\top}"),
        (Transpose(parts=(call("inv", A),)), r"A^{-\top}"),
        (Transpose(parts=(call("inv", Transpose(parts=(A,))),)), "A^{-1}"),
        (call("inv", call("inv", A)), r"\left(A^{-1}\right)^{-1}"),
        (call("inv", infix(ADD, A, Y)), r"\left(A + y\right)^{-1}"),
        (call("inv", MatrixProduct((2, 2), parts=(A, A))), r"\left(A A\right)^{-1}"),
        (call("solve", A, X), "A^{-1} x"),
        (call("solve", Transpose(parts=(A,)), X), r"A^{-\top} x"),
        (call("solve", A, infix(ADD, X, Y)), r"A^{-1}\left(x + y\right)"),
        (call("solve", A, call("solve", A, X)), "A^{-1} A^{-1} x"),
        (Transpose(parts=(call("solve", A, X),)), r"\left(A^{-1} x\right)^{\top}"),
        (call("solve_triangular", A, X, lower=Word("True")), "A^{-1} x"),
        (call("solve_triangular", A, X, trans=Number(1)), r"A^{-\top} x"),
        (call("solve_triangular", Transpose(parts=(A,)), X, trans=Number(1)), "A^{-1} x"),
        (call("cholesky", A), r"\operatorname{chol}\left(A\right)"),
        (call("det", A), r"\det A"),
        (call("det", infix(ADD, A, Y)), r"\det\left(A + y\right)"),
        (infix(SCALE, call("det", A), Y), r"\left(\det A\right) y"),
        (Index(parts=(call("slogdet", A), Number(1))), r"\log\left\lvert \det A\right\rvert"),
        (Index(parts=(call("slogdet", A), Number(0))), r"\operatorname{sign}\left(\det A\right)"),
        (call("swish", X), r"\operatorname{swish}\left(x\right)"),
        (call("softmax", A), r"\operatorname{softmax}\left(A\right)"),
        (call("softmax", A, axis=Number(0)), r"\operatorname{softmax}_{0}\left(A\right)"),
        (call("log_softmax", A), r"\operatorname{log softmax}\left(A\right)"),
        (call("trace", A), r"\operatorname{tr}\left(A\right)"),
        (call("diag", X), r"\operatorname{diag}\left(x\right)"),
        (call("one_hot", Y, Size(3)), r"\operatorname{onehot}\left(y\right)"),
        (call("eye", Size(3)), "I"),
        (call("ones", SHAPE), r"\mathbf{1}"),
        (call("zeros", SHAPE), r"\mathbf{0}"),
        (call("full", SHAPE, Number(2)), r"2 \mathbf{1}"),
        (call("broadcast_to", X, SHAPE), "x"),
        (call("float64", X), "x"),
        (call("logical_not", X), r"\lnot x"),
        (call("multiply_no_nan", X, Y), r"x \odot y"),
        (call("divide", Number(1), Number(0)), r"\frac{1}{0}"),
    ],
)
def test_functions_have_their_signs(tree: Tree, expected: str) -> None:
    assert latex(typeset(tree)) == expected


def test_long_exponents_stand_in_brackets() -> None:
    x = X
    for _ in range(4):
        x = call("abs", x)
    assert latex(typeset(call("exp", x))).startswith(r"\exp\left(")


def test_a_condition_that_counts_stands_in_brackets() -> None:
    x = sg.variable("x", (3,))
    assert sg.formula(sg.sum(sg.cast(x > 0, "float64")), "latex") == r"\sum_{i}\left[x > 0\right]_{i}"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("[1.0, 2.5]", r"\left(1, 2.5\right)"),
        ("[[1, 2], [3, 4]]", r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"),
        ("[inf, -inf, nan]", r"\left(\infty, -\infty, \mathrm{nan}\right)"),
        ("[[[1]], [[2]]]", r"\left(\begin{pmatrix} 1 \end{pmatrix}, \begin{pmatrix} 2 \end{pmatrix}\right)"),
    ],
)
def test_small_arrays_are_written_out(rows: str, expected: str) -> None:
    assert latex(literal_box(Literal(rows, None))) == expected


def test_all_functions_of_the_formula_book_can_be_set() -> None:
    from symgrad.functions import FUNCTIONS

    x = sg.variable("x", (3,))
    for function in FUNCTIONS.values():
        tensor = apply(function, *([x] * function.arity))
        assert "x" in sg.formula(tensor, "latex")
        assert "<mi>x</mi>" in sg.formula(tensor, "mathml")

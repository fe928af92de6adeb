"""Tests of the notation of elementwise operations: every function of the formula book is printed and run."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.functions import FUNCTIONS

X, Y = sg.variable("x", (3,)), sg.variable("y", (3,))
K, L = sg.variable("i", (3,), "int64"), sg.variable("j", (3,), "int64")
VALUES = {
    X: np.array([-0.5, 0.25, 2.0]),
    Y: np.array([1.5, 0.25, -1.0]),
    K: np.array([1, 0, 1]),
    L: np.array([0, 2, 1]),
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_reads_back(name: str, read_back) -> None:
    function = FUNCTIONS[name]
    arguments = [X, Y, 0.5 * X][: function.arity]
    values = dict(VALUES)
    if function.signature not in ("logical", "select"):
        middle = [(low + high) / 2 for low, high in function.domain]
        values |= {X: np.array(middle[0]) + np.array([-0.1, 0.0, 0.1]), Y: np.full(3, middle[-1])}
    if name == "where":
        arguments = [X > 0, Y, X]
    read_back(apply(function, *arguments), values)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_of_numbers_reads_back(name: str, read_back) -> None:
    function = FUNCTIONS[name]
    numbers = [sum(interval) / 2 for interval in function.domain]
    read_back(apply(function, *(sg.constant(number) for number in numbers)), {})


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (X * 2, "2 * x"),
        (X * Y, "x * y"),
        (X**2, "x**2"),
        (X**-1, "1 / x"),
        (X**3.5, "x**3.5"),
        (2**X, "2**x"),
        (abs(X), "abs(x)"),
        (-(X + Y), "-(x + y)"),
        (sg.where(X > 0, Y, 0), "where(x > 0, y, 0)"),
        ((X > 0) & (Y > 0), "(x > 0) & (y > 0)"),
        (~(X > 0), "logical_not(x > 0)"),
        (sg.cast(X > 0, "float64") * Y, "(x > 0) * y"),
        (sg.cast(X > 0, "float64") * sg.cast(Y > 0, "float64"), "float64(x > 0) * float64(y > 0)"),
        (sg.cast(X, "float32"), "float32(x)"),
        (K // 2 + L % 2, "floor_divide(i, 2) + remainder(j, 2)"),
        ((X > 0) + (Y > 0), "(x > 0) | (y > 0)"),
        (sg.mean(X), "mean(x)"),
        (sg.sum(X) / 4, "sum(x) / 4"),
        (sg.sum(X[None], 1), "sum(x[None], axis=1)"),
        (sg.expand_dims(sg.sum(sg.exp(X[:, None]) + X, 1), 1) / 3, "mean(exp(x[:, None]) + x, axis=1, keepdims=True)"),
        (sg.eye(3), "eye(3)"),
        (sg.eye(3, 2, dtype="float32"), "eye(3, 2, dtype=float32)"),
        (sg.one_hot(K, 4), "one_hot(i, 4)"),
        (sg.one_hot(K, 4) * X[:, None], "one_hot(i, 4) * x[:, None]"),
        (sg.constant(1.0) / sg.constant(0.0), "divide(1.0, 0.0)"),
    ],
)
def test_operators_and_words(tensor: sg.Tensor, expected: str, read_back) -> None:
    assert read_back(tensor, VALUES) == expected


def test_a_cast_of_a_number_keeps_its_value(read_back) -> None:
    assert read_back(sg.cast(sg.constant(2.7), "int64"), {}) == "int64(2.7)"
    assert read_back(X * sg.cast(sg.constant(True), "float64"), VALUES) == "x"


def test_float32_stays_float32(read_back) -> None:
    x = sg.variable("x", (3,), "float32")
    read_back(sg.tanh(x * 0.1) / 3 + x, {x: np.array([0.5, 1.0, 2.0], np.float32)})

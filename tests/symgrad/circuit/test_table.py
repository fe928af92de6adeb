"""Tests of traces as text."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.circuit.table import format_array, format_number

W0, W1, W2, X0, X1 = (sg.variable(name) for name in ("w0", "w1", "w2", "x0", "x1"))
AT = {W0: 2, W1: -3, W2: -3, X0: -1, X1: -2}
SCORE = W0 * X0 + W1 * X1 + W2


def test_the_text_of_the_neuron() -> None:
    lines = sg.trace(1 / (1 + sg.exp(-SCORE)), AT).text().splitlines()
    assert lines[1].split() == ["w0", "2.00", "-0.20"]
    assert lines[lines.index("") - 1 :] == [
        "f     1 / t7        0.73      1.00",
        "",
        "backward: upstream x local = downstream",
        "  f -> t7: 1.00 x (-f / t7 = -0.53) = -0.53",
        "  t7 -> t6: -0.53 x 1.00 = -0.53",
        "  t6 -> t5: -0.53 x (t6 = 0.37) = -0.20",
        "  t5 -> t4: -0.20 x -1.00 = 0.20",
        "  t4 -> t3: 0.20 x 1.00 = 0.20",
        "  t4 -> w2: 0.20 x 1.00 = 0.20",
        "  t3 -> t1: 0.20 x 1.00 = 0.20",
        "  t3 -> t2: 0.20 x 1.00 = 0.20",
        "  t2 -> w1: 0.20 x (x1 = -2.00) = -0.39",
        "  t2 -> x1: 0.20 x (w1 = -3.00) = -0.59",
        "  t1 -> w0: 0.20 x (x0 = -1.00) = -0.20",
        "  t1 -> x0: 0.20 x (w0 = 2.00) = 0.39",
    ]


def test_uses_add_up() -> None:
    x = sg.variable("x")
    text = sg.trace(sg.sin(x) * x, {x: 2.0}).text()
    assert "  x: 2 uses add up, 0.91 + -0.83 = 0.08" in text.splitlines()


def test_a_branch_not_taken_stays_silent() -> None:
    x = sg.variable("x")
    t = sg.trace(sg.where(x > 0, sg.log(x), 0.0), {x: 0.0})
    assert t.gradient(x) == 0
    assert "nan" not in t.text()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array(2.5), "2.50"),
        (np.array([[1, 2]]), "[[1, 2]]"),
        (np.array([True]), "[True]"),
        (np.array([1e-4, 1e7, np.nan, 0.0]), "[1.00e-04, 1.00e+07, nan, 0.00]"),
        (np.zeros((0, 3)), "[]"),
        (np.arange(100.0), "(100,) from 0.00 to 99.00, mean 49.50"),
    ],
)
def test_arrays_are_short(array: np.ndarray, expected: str) -> None:
    assert format_array(array) == expected


def test_numbers_have_digits_behind_the_point() -> None:
    assert [format_number(value) for value in (0.734, 0.0004, -1e7, 0.0)] == ["0.73", "4.00e-04", "-1.00e+07", "0.00"]
    assert format_number(0.5, 4) == "0.5000"

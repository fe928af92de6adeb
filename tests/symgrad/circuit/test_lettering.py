"""Tests of labels."""

from __future__ import annotations

import numpy as np
import pytest

from symgrad.circuit.lettering import array_label, shape_label, shortened, text_width


@pytest.mark.parametrize(
    ("array", "expected", "shape"),
    [
        (np.array(-2.5), "−2.50", ""),
        (np.array(-0.0), "0.00", ""),
        (np.array(7), "7", ""),
        (np.array([[1.0, -2.0]]), "[[1.00, −2.00]]", ""),
        (np.arange(6.0).reshape(2, 3), "0.00 … 5.00", "(2, 3)"),
        (np.array([True] * 3 + [False] * 4), "3 of 7 true", "(7,)"),
        (np.zeros((0, 3)), "[]", ""),
        (np.ones(9), "all 1.00", "(9,)"),
        (np.array([np.nan, 1, 2, 3, np.nan]), "2 of 5 nan", "(5,)"),
    ],
)
def test_labels(array, expected, shape):
    assert array_label(array, 2) == expected
    assert shape_label(array) == shape


def test_widths_grow_with_text_and_size():
    assert text_width("", 12) == 0
    assert text_width("aa", 12) == 2 * text_width("a", 12) == text_width("a", 24)


def test_long_text_is_shortened():
    assert shortened("relu(x)", 7) == "relu(x)"
    assert shortened("relu(xy)", 7) == "relu(x…"

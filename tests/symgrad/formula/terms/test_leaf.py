"""Tests of the notation of leaves."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.leaf import size_value
from symgrad.formula.terms.leaf import LARGEST_LITERAL

N = sg.dim("N")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.5, "2.5"),
        (np.array([1.0, 2.0]), "array([1.0, 2.0])"),
        (np.array([[1, 2]]), "array([[1, 2]])"),
        (np.array([1.5], np.float32), "array([1.5], float32)"),
        (np.array([True, False]), "array([True, False])"),
        (np.array([np.inf, -np.inf, np.nan]), "array([inf, -inf, nan])"),
        (np.zeros(LARGEST_LITERAL + 1), "C1"),
        (np.zeros((0, 2)), "C1"),
    ],
)
def test_constants_are_written_out_while_they_are_small(value: object, expected: str, read_back) -> None:
    assert read_back(sg.constant(value), {}) == expected


def test_float32_constants_read_back_exactly(read_back) -> None:
    assert read_back(sg.constant(np.array([1 / 3, -np.inf], np.float32)), {}) == "array([0.33333334, -inf], float32)"
    assert read_back(sg.constant(1e-3, "float32"), {}) == "0.001"
    assert read_back(sg.simplify([sg.constant(1e-3, "float32") * 2])[0], {}) == "0.002"


def test_counters_and_sizes(read_back) -> None:
    x = sg.variable("x", (N,))
    values = {N: 4, x: np.arange(4.0)}
    assert read_back(x * sg.arange(N), values) == "x * float64(arange(N))"
    assert read_back(sg.sum(x) / x.size, values) == "mean(x)"
    assert read_back(x / (N + 1), values) == "x / (N + 1)"
    count = sg.reshape(sg.cast(size_value(N + 1), "float64") * 2, (1,))
    assert read_back(sg.concatenate([count, x]), values) == "concatenate((broadcast_to(2 * (N + 1), (1,)), x))"

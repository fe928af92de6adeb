"""Tests of the notation of indexing."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.indexing import scatter_add, take_along_axis

A, V = sg.variable("A", (4, 3)), sg.variable("v", (2,))
K, L = sg.variable("i", (2,), "int64"), sg.variable("j", (2,), "int64")
ROWS = sg.variable("rows", (4,), "int64")
_numbers = np.random.default_rng(2)
VALUES = {
    A: _numbers.normal(size=(4, 3)),
    V: _numbers.normal(size=2),
    K: np.array([1, 0]),
    L: np.array([2, 2]),
    ROWS: np.array([2, 0, 1, 1]),
}


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (A[K], "A[i]"),
        (A[K, L], "A[i, j]"),
        (sg.take(A, L, axis=1), "A[:, j]"),
        (scatter_add(V, L, 5), "scatter_add(v, j, 5)"),
        (sg.vjp(sg.take(A, L, axis=1), A, sg.ones((4, 2))), "scatter_add(ones((4, 2)), j, 3, axis=1)"),
        (sg.vjp(A[K, L], A, V), "scatter_add(v, (i, j), (4, 3))"),
        (take_along_axis(A, ROWS[:, None], 1), "A[arange(4), rows][:, None]"),
        (take_along_axis(A, sg.argmax(A, axis=0, keepdims=True), 0), None),
        (sg.vjp(take_along_axis(A, ROWS[:, None], 1), A, sg.ones((4, 1))), "one_hot(rows, 3)"),
        (
            sg.vjp(take_along_axis(A, sg.constant([[0, 0]]), 1), A, sg.ones((4, 2))),
            "scatter_along_axis(ones((4, 2)), broadcast_to(array([[0, 0]]), (4, 2)), 3, axis=1)",
        ),
    ],
)
def test_indexing_is_written_as_in_numpy(tensor: sg.Tensor, expected: str | None, read_back) -> None:
    printed = read_back(tensor, VALUES)
    assert expected is None or printed == expected

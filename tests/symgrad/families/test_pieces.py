"""Pieces: what cannot be joined, cut, padded or repeated, and run-time sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import GraphError, ShapeError
from symgrad.families.pieces import triangle_of

N = sg.dim("N")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda x: sg.concatenate([]), "concatenate needs at least one tensor"),
        (lambda x: sg.concatenate([x, x.T]), r"cannot concatenate \(2, 3\) and \(3, 2\) along axis 0"),
        (lambda x: sg.concatenate([x, x[0]]), r"cannot concatenate \(2, 3\) and \(3,\)"),
        (lambda x: sg.concatenate([1.0, 2.0]), "use stack"),
        (lambda x: sg.concatenate([x], 2), "axis 2 is out of range"),
        (lambda x: sg.stack([x, x.T]), r"stack needs equal shapes, given \(2, 3\), \(3, 2\)"),
        (lambda x: sg.split(x, 2, 1), "cannot split axis 1 of size 3 into 2 equal sections"),
        (lambda x: sg.split(x, 0), "into 0 equal sections"),
        (lambda x: sg.split(sg.variable("y", (N,)), 2), "its size N is known only at run time"),
        (lambda x: sg.pad(x, ((1, 2), (3, 4), (5, 6))), "needs 2 pairs"),
        (lambda x: sg.pad(x, -1), "non-negative"),
        (lambda x: sg.diagonal(x[0]), "a diagonal needs two axes"),
        (lambda x: sg.diagonal(sg.variable("y", (N, 3))), "must be the main one of a square matrix"),
        (lambda x: sg.diag(sg.variable("y", (2, 2, 2))), "diag needs one or two axes"),
        (lambda x: sg.repeat(x, -1, 0), "cannot be negative"),
    ],
)
def test_what_does_not_fit_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        build(sg.variable("x", (2, 3)))


def test_only_constant_padding() -> None:
    with pytest.raises(GraphError, match="not 'reflect'"):
        np.pad(sg.variable("x", (3,)), 1, mode="reflect")


@pytest.mark.parametrize("width", [2, (1, 2), [(1, 2)], ((1, 0), (0, 2)), ((1,), (2,))])
def test_pad_widths_as_numpy_takes_them(width: Any) -> None:
    x, array = sg.variable("x", (2, 3)), np.ones((2, 3))
    np.testing.assert_array_equal(sg.evaluate(np.pad(x, width), {x: array}), np.pad(array, width))


def test_pad_keeps_the_dtype() -> None:
    x = sg.variable("x", (2,), "float32")
    padded = sg.pad(x, 1, constant_values=0.1)
    assert padded.dtype == "float32"
    assert sg.evaluate(padded, {x: [1.0, 2.0]}).tolist() == [np.float32(0.1), 1, 2, np.float32(0.1)]


def test_dtypes_of_parts_promote() -> None:
    parts = [sg.variable("a", (1,), "int32"), sg.variable("b", (1,), "float32")]
    assert sg.concatenate(parts).dtype == sg.stack(parts).dtype == "float64"


def test_sizes_known_at_run_time() -> None:
    x = sg.variable("x", (N, 2))
    assert sg.concatenate([x, x]).shape == (2 * N, 2)
    assert sg.stack([x, x], 1).shape == (N, 2, 2)
    assert sg.tile(x, (3, 1)).shape == sg.repeat(x, 3, 0).shape == (3 * N, 2)
    assert sg.pad(x, ((1, 1), (0, 0))).shape == (N + 2, 2)
    assert sg.diag(sg.variable("v", (N,))).shape == (N, N)
    assert sg.repeat(sg.variable("v", (1,)), N).shape == (N,)


def test_split_gives_back_all_entries() -> None:
    x, array = sg.variable("x", (0, 6)), np.zeros((0, 6))
    for sections in (2, [1, 4], [0, 9]):
        found = sg.evaluate(sg.split(x, sections, 1), {x: array})
        assert [part.shape for part in found] == [part.shape for part in np.split(array, sections, 1)]
    assert [part.shape for part in sg.split(x, 2)] == [(0, 6), (0, 6)]


def test_triangles_are_recognised() -> None:
    x = sg.variable("x", (2, 3, N))
    for k in (-2, 0, 1):
        assert triangle_of(sg.tril(x, k)) == ("tril", x, k)
        assert triangle_of(sg.triu(x, k)) == ("triu", x, k)
    rows, columns = sg.arange(3)[:, None], sg.arange(N)
    assert triangle_of(sg.where(columns <= rows, x, 0.0)) == ("tril", x, 0)
    for other in (
        sg.where(columns < rows, x, 0.0),
        sg.where(rows >= columns, x, 0.0),
        sg.where(columns <= rows, x, -0.0),
        sg.where(columns <= rows, x, 1.0),
        sg.where(columns <= rows + rows, x, 0.0),
        sg.where(columns <= rows, sg.variable("y", (3, 1)), 0.0),
        sg.where(x > 0, x, 0.0),
        x,
    ):
        assert triangle_of(other) is None

"""Tests of the notation of windows."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

N = sg.dim("N")
A, V, U = sg.variable("A", (4, 5)), sg.variable("v", (6,)), sg.variable("u", (N,))
VALUES = {A: np.arange(20.0).reshape(4, 5), V: np.arange(6.0), U: np.arange(5.0), N: 5}


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (sg.windows(V, 3, 0), "windows(v, 3, axes=0)"),
        (sg.windows(U, 3, 0), "windows(u, 3, axes=0)"),
        (sg.windows(A, (2, 3), (0, 1)), "windows(A, (2, 3), axes=(0, 1))"),
        (sg.windows(A, 2, (1, 0), (1, 2), 2), "windows(A, (2, 2), axes=(1, 0), strides=(1, 2), dilation=(2, 2))"),
        (sg.overlap_add(A, 11, 0, strides=2), "overlap_add(A, 11, axes=0, strides=2)"),
        (sg.overlap_add(sg.windows(A, 2, (0, 1)), (4, 5), (0, 1)), None),
        (sg.overlap_add(sg.windows(U, 2, 0), N, 0), "overlap_add(windows(u, 2, axes=0), (N,), axes=0)"),
    ],
)
def test_windows_are_written_as_they_are_built(tensor: sg.Tensor, expected: str | None, read_back) -> None:
    printed = read_back(tensor, VALUES)
    assert expected is None or printed == expected


@pytest.mark.parametrize("style", ["latex", "mathml"])
def test_other_styles_name_them(style: str) -> None:
    written = sg.formula(sg.overlap_add(sg.windows(V, 3, 0), 6, 0), style=style)
    assert "windows" in written
    assert "overlap" in written


def test_axes_are_an_index_and_steps_are_named() -> None:
    written = sg.formula(sg.windows(A, 2, (0, 1), strides=2), style="latex")
    assert written == (
        r"\operatorname{windows}_{\left(0, 1\right)}\left(A, \left(2, 2\right), "
        r"\mathrm{strides} = \left(2, 2\right)\right)"
    )

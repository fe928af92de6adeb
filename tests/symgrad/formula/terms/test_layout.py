"""Tests of the notation of layout."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.indexing import take_along_axis
from symgrad.families.layout import embed

N = sg.dim("N")
A, B, V = sg.variable("A", (3, 4)), sg.variable("B", (2, 3, 4)), sg.variable("v", (4,))
M, U, Q = sg.variable("M", (N, 3)), sg.variable("u", (N,)), sg.variable("Q", (3, 3))
LABELS = sg.variable("y", (N,), "int64")
_numbers = np.random.default_rng(0)
VALUES = {tensor: _numbers.normal(size=tensor.shape) for tensor in (A, B, V, Q)} | {
    M: _numbers.normal(size=(5, 3)),
    U: _numbers.normal(size=5),
    LABELS: np.array([0, 2, 1, 1, 0]),
    N: 5,
}


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (A.T, "A.T"),
        (B.mT, "B.mT"),
        (sg.transpose(B, (1, 0, 2)), "transpose(B, (1, 0, 2))"),
        (A[0], "A[0]"),
        (A[:, 1], "A[:, 1]"),
        (A[1:, ::2], "A[1:, ::2]"),
        (A[:, ::-1], "A[:, ::-1]"),
        (A[::-2], "A[::-2]"),
        (A[2:0:-1], "A[:0:-1]"),
        (sg.reshape(A[:, ::-4], (3,)), "A[:, 3]"),
        (sg.pad(A[1:1], ((2, 0), (0, 0))), "zeros((2, 4))"),
        (A[1:1], "A[0:0]"),
        (A[..., None], "A[:, :, None]"),
        (V[None] + A, "v + A"),
        (V[:, None] + V, "v[:, None] + v"),
        (U[::-1], "u[::-1]"),
        (U[-1], "u[N - 1]"),
        (U[1:], "u[1:]"),
        (U[::2], "u[::2]"),
        (M[0, :2], "M[0, :2]"),
        (M.reshape(3 * N), "reshape(M, (3*N,))"),
        (sg.reshape(B, (6, 4)), "reshape(B, (6, 4))"),
        (sg.squeeze(sg.sum(A, axis=1, keepdims=True), 1), "sum(A, axis=1, keepdims=True)[:, 0]"),
        (sg.expand_dims(sg.sum(A, axis=1), 1), "sum(A, axis=1, keepdims=True)"),
        (sg.broadcast_to(V, (3, 4)), "broadcast_to(v, (3, 4))"),
        (sg.broadcast_to(sg.sum(V), (2,)).T * 2, "broadcast_to(2 * sum(v), (2,))"),
        (sg.concatenate([A, A[:1]]), "concatenate((A, A[:1]))"),
        (sg.concatenate([A, A], axis=1), "concatenate((A, A), axis=1)"),
        (sg.diag(V), "diag(v)"),
        (sg.diag(Q), "diag(Q)"),
        (sg.diag(sg.ones(3)), "eye(3)"),
        (sg.diagonal(B[:, :, :3], 0, 1, 2), "diagonal(B[:, :, :3], axis1=-2, axis2=-1)"),
        (sg.vjp(sg.diagonal(B[:, :, :3], 0, 1, 2), B, sg.ones((2, 3))), None),
        (sg.pad(V, ((1, 2),)), "pad(v, ((1, 2),))"),
        (sg.pad(U, 1), "pad(u, ((1, 1),))"),
        (embed(V, (1,), (2,), (8,)), "embed(v, start=(1,), step=(2,), shape=(8,))"),
        (sg.squeeze(take_along_axis(M, LABELS[:, None], 1), 1), "M[arange(N), y]"),
    ],
)
def test_layout_is_written_as_numpy_users_write_it(tensor: sg.Tensor, expected: str | None, read_back) -> None:
    printed = read_back(tensor, VALUES)
    assert expected is None or printed == expected


def test_names_stand_on_lines(read_back) -> None:
    h = sg.exp(V).named("h")
    assert read_back(h * h, VALUES) == "h = exp(v)\nh * h"

"""Which matrices are known to be symmetric."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.families.linear_algebra import Inverse
from symgrad.simplify.symmetry import is_symmetric
from symgrad.tensor import make

A, X = sg.variable("A", (3, 3)), sg.variable("X", (5, 3))
S, R = sg.variable("S", (3, 3), symmetric=True), sg.variable("R", (3, 3), symmetric=True)
v = sg.variable("v", (3,))


@pytest.mark.parametrize(
    "matrix",
    [
        S, S.T, S + R, 2 * S, S / sg.sum(v), sg.exp(S), S * R, S.named("Sigma"), make(Inverse(), (S,)),
        make(Inverse(), (X.T @ X,)), X.T @ X, X @ X.T, sg.outer(v, v), A + A.T, A @ S + (A @ S).T, sg.eye(3),
        sg.diag(v), X.T @ X + 2 * sg.eye(3),
    ],
)  # fmt: skip
def test_symmetric(matrix):
    assert is_symmetric(matrix)


@pytest.mark.parametrize("matrix", [A, X, v, S @ R, S + v, S + A, A - A.T, sg.outer(v, 2 * v), A @ A, S[:, ::-1]])
def test_not_known_to_be_symmetric(matrix):
    assert not is_symmetric(matrix)


def test_symmetric_operands_are_written_without_transposes():
    assert sg.formula(sg.grad(v @ S @ v, v)) == "2 * S @ v"
    assert sg.formula(X @ S.T) == "X @ S"
    assert sg.formula(v @ S) == "S @ v"
    assert sg.formula(S.T @ X.T) == "S @ X.T"

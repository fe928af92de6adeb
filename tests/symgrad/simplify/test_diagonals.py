"""Diagonal matrices: recognised, and never multiplied by zeros."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.simplify.diagonals import diagonal_of, is_identity, on_the_diagonal

v, w = sg.variable("v", (3,)), sg.variable("w", (3,))
A = sg.variable("A", (3, 3))


def test_what_is_diagonal():
    assert diagonal_of(sg.diag(v)) is v
    assert diagonal_of(sg.eye(3)) is sg.ones((3,))
    assert diagonal_of(A) is None
    assert diagonal_of(sg.eye(3, k=1)) is None
    assert diagonal_of(sg.eye(3, 4)) is None


def test_identity_matrices():
    N = sg.dim("N")
    assert is_identity(sg.eye(3))
    assert is_identity(sg.eye(N, dtype="float32"))
    assert is_identity(sg.diag(sg.ones((3,))))
    assert not is_identity(sg.diag(v))
    assert not is_identity(sg.eye(3, dtype="int64"))


def test_the_diagonal_of_what_broadcasts():
    assert on_the_diagonal(v) is v
    assert sg.simplify([on_the_diagonal(v[:, None]), on_the_diagonal(v[None])]) == [v, v]
    assert sg.formula(on_the_diagonal(A)) == "diag(A)"


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (sg.eye(3) * v, "diag(v)"),
        (v[:, None] * sg.eye(3) / w, "diag(v / w)"),
        (sg.eye(3) * A, "diag(diag(A))"),
        (sg.diag(v) ** 2, "diag(v**2)"),
        (sg.where(v > 1, sg.eye(3), 0), "diag(float64(v > 1))"),
        (sg.diag(v) @ sg.diag(w), "diag(v * w)"),
        (sg.hessian(sg.logsumexp(v), v), "t1 = softmax(v)\ndiag(t1) - outer(t1, t1)"),
        (sg.jacobian(sg.tanh(v), v), "diag(1 - tanh(v)**2)"),
    ],
)
def test_products_stay_on_the_diagonal(tensor, text, read_values):
    written = sg.formula(tensor)
    assert written == text
    read_values(tensor, written)

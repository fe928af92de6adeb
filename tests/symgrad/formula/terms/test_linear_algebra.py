"""Tests of the notation of linear algebra, of norms and of triangles."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.formula.terms import Terms, add_term
from symgrad.formula.terms.linear_algebra import norm, triangle, vector_solution
from symgrad.graph import topological_order

A, B, S = sg.variable("A", (3, 3)), sg.variable("B", (3, 2)), sg.variable("S", (2, 3, 3))
X, Y = sg.variable("x", (3,)), sg.variable("y", (2, 3))
_numbers = np.random.default_rng(0)
VALUES = {
    A: _numbers.normal(size=(3, 3)) / 2 + 3 * np.eye(3),
    B: _numbers.normal(size=(3, 2)),
    S: _numbers.normal(size=(2, 3, 3)) / 2 + 3 * np.eye(3),
    X: _numbers.normal(size=3),
    Y: _numbers.normal(size=(2, 3)),
}
L = sg.linalg


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (L.inv(A), "inv(A)"),
        (L.inv(A @ A.T), "inv(A @ A.T)"),
        (L.inv(A).T @ X, "inv(A).T @ x"),
        (L.det(A), "det(A)"),
        (L.det(S) * 2, "2 * det(S)"),
        (L.slogdet(A).logabsdet, "linalg.slogdet(A)[1]"),
        (L.slogdet(S).sign, "linalg.slogdet(S)[0]"),
        (L.cholesky(A), "linalg.cholesky(A)"),
        (L.cholesky(A, upper=True), "linalg.cholesky(A.T).T"),
        (L.solve(A, X), "linalg.solve(A, x)"),
        (L.solve(A, B), "linalg.solve(A, B)"),
        (L.solve(S, X), "linalg.solve(S, x)"),
        (L.solve(S, B), "linalg.solve(S, B)"),
        (L.solve(A, S), "linalg.solve(A, S)"),
        (L.solve(A, sg.ones(3)), "linalg.solve(A, ones((3,)))"),
        (L.solve(A, sg.ones((3, 2))), "linalg.solve(A, ones((3, 2)))"),
        (L.solve(A, sg.broadcast_to(X[:1][:, None], (3, 1)))[:, 0], None),
        (L.solve(S, Y[..., None])[..., 0], "linalg.solve(S, y[:, :, None])[:, :, 0]"),
        (L.solve_triangular(A, X), "solve_triangular(A, x)"),
        (L.solve_triangular(A, B, 1, lower=True), "solve_triangular(A, B, trans=1, lower=True)"),
        (L.solve_triangular(S, X, lower=True), "solve_triangular(S, x, lower=True)"),
        (L.norm(X), "linalg.norm(x)"),
        (L.norm(A), "linalg.norm(A)"),
        (L.norm(S), "linalg.norm(S)"),
        (L.norm(A - 1, axis=1), "linalg.norm(A - 1, axis=1)"),
        (L.norm(S, axis=(0, 2), keepdims=True), "linalg.norm(S, axis=(0, 2), keepdims=True)"),
        (sg.sqrt(sg.sum(A**2, 0)[None]), "linalg.norm(A, axis=0, keepdims=True)"),
        (sg.sqrt(sg.sum(X * X)), None),
        (sg.sqrt(sg.sum(sg.reshape(S, (1, 2, 3, 3)) ** 2, (1, 2, 3))), None),
        (sg.sqrt(sg.mean(X**2)), "sqrt(mean(x**2))"),
        (sg.sqrt(sg.max(X**2)), "sqrt(max(x**2))"),
        (sg.tril(A), "tril(A)"),
        (sg.triu(S, 1), "triu(S, 1)"),
        (sg.tril(B, -1) * 2, "2 * tril(B, -1)"),
        (sg.where(sg.arange(3) <= sg.arange(3)[:, None], A, 1.0), None),
        (sg.where(sg.arange(3) < sg.arange(3)[:, None], A, 0.0), None),
        (sg.grad(L.det(A), A), "det(A) * inv(A).T"),
        (sg.grad(L.slogdet(A).logabsdet, A), "inv(A).T"),
        (sg.grad(sg.sum(L.det(S)), S), "det(S)[:, None, None] * inv(S).mT"),
        (sg.grad(sg.sum(L.solve(A, X)), X), "linalg.solve(A.T, ones((3,)))"),
        (sg.grad(sg.sum(L.cholesky(A)), A), None),
        (sg.grad(sg.sum(L.solve_triangular(A, B) ** 2), A), None),
        (sg.hvp(L.slogdet(A).logabsdet, A, A.T), None),
    ],
)
def test_linear_algebra_is_written_as_in_numpy(tensor: sg.Tensor, expected: str | None, read_back) -> None:
    printed = read_back(tensor, VALUES)
    assert expected is None or printed.splitlines()[-1] == expected


def test_single_precision_reads_back(read_back) -> None:
    x = sg.variable("x", (3, 3), "float32")
    array = VALUES[A].astype("float32")
    for tensor in (L.inv(x), L.norm(x, axis=0), L.solve_triangular(x, x, lower=True), sg.grad(L.norm(x), x)):
        read_back(tensor, {x: array})


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (sg.grad(L.slogdet(A).logabsdet, A), r"A^{-\top}"),
        (sg.grad(L.det(A), A), r"\left(\det A\right) A^{-\top}"),
        (L.slogdet(A).logabsdet, r"\log\left\lvert \det A\right\rvert"),
        (L.solve(A, X), "A^{-1} x"),
        (L.solve(A.T, X + 1), r"A^{-\top}\left(x + 1\right)"),
        (L.norm(A @ X - X), r"\left\lVert A x - x\right\rVert"),
    ],
)
def test_mathematics_is_that_of_the_textbook(tensor: sg.Tensor, expected: str) -> None:
    assert sg.formula(tensor, style="latex") == expected


def test_what_is_only_called_by_its_name_is_not_looked_into() -> None:
    total = sg.sum(X**2)
    root = sg.sqrt(total)
    solution = L.solve(A, X)
    for opaque in ([], [total, solution.inputs[0]]):
        terms = Terms(opaque)
        for node in topological_order([root, solution]):
            add_term(node, terms)
        assert (norm(root, terms) is None) == bool(opaque)
        assert (vector_solution(solution, terms) is None) == bool(opaque)
    assert triangle(sg.where(A > 0, A, 0.0), Terms()) is None

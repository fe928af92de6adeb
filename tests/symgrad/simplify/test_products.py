"""Products as textbooks write them."""

from __future__ import annotations

import pytest

import symgrad as sg

x, y = sg.variable("x", (3,)), sg.variable("y", (3,))
A, B = sg.variable("A", (3, 3)), sg.variable("B", (3, 4))
T = sg.variable("T", (2, 3, 4))
s = sg.variable("s")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        ((s * A) @ (B / s), "A @ B"),
        ((2 * A) @ (-B), "-2 * A @ B"),
        (sg.einsum("bij,bij->b", 3 * T, T), "3 * sum(T * T, axis=(1, 2))"),
        (sg.ones((5, 3)) @ B, "broadcast_to(sum(B, axis=0), (5, 4))"),
        (sg.full((3,), 2.0) @ B, "2 * sum(B, axis=0)"),
        (sg.outer(sg.ones((2,)), x), "broadcast_to(x, (2, 3))"),
        (sg.broadcast_to(x[:, None], (3, 4)) * 2 @ B.T, "2 * outer(x, sum(B, axis=1))"),
        (x[:, None] * y * s, "s * outer(x, y)"),
        (x[:, None] * A * y, "x[:, None] * A * y"),
        (sg.sum(2 * A * x, axis=1), "2 * A @ x"),
        (sg.sum(A * A, axis=0), "sum(A**2, axis=0)"),
        (sg.sum(A * x[:, None], axis=0, keepdims=True), "(A.T @ x)[None]"),
        (sg.reshape(2 * A, (9,)), "2 * reshape(A, (9,))"),
        (sg.concatenate([2 * x, y]), "concatenate((2 * x, y))"),
        (sg.where(x > 0, 0.3, 0), "0.3 * float64(x > 0)"),
        (sg.where(x > 0, s, 0) * y, "s * y * (x > 0)"),
        (sg.where(x > 0, y, 0), "where(x > 0, y, 0)"),
        (sg.grad(sg.sum(sg.minimum(x, 0) * y), x), "y * heaviside(-x, 0.5)"),
        ((x[None] * B.T).T, "x[:, None] * B"),
        ((A.T * B[:, :3].T).T, "A * B[:, :3]"),
    ],
)
def test_products_are_written_as_in_textbooks(tensor, text, read_values):
    written = sg.formula(tensor)
    read_values(tensor, written)
    assert written == text


def test_integers_are_left_alone():
    n = sg.variable("n", (3,), dtype="int32")
    assert sg.formula(n @ n + n) == "n @ n + n"
    assert sg.formula(sg.ones((2, 3), "int32") @ n) == "ones((2, 3), int32) @ n"

"""Sums: like terms, common factors, signs, products with a common operand."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.simplify.sums import MOST_TERMS, terms_of

x, y, z, u = (sg.variable(name, (3,)) for name in "xyzu")
A, B = sg.variable("A", (3, 3)), sg.variable("B", (3, 3))
C, T = sg.variable("C", (3, 2)), sg.variable("T", (2, 3, 3))
s, t = sg.variable("s"), sg.variable("t")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (x + x + x, "3 * x"),
        (x / 2 + x / 3, "5 * x / 6"),
        (x + y + x, "2 * x + y"),
        (-x + y, "y - x"),
        (-x - y, "-(x + y)"),
        (x - (y - z), "x - y + z"),
        (x + -(y - z), "x - y + z"),
        (x + (y + z), "x + y + z"),
        (x + (1 - y), "x + 1 - y"),
        (2 * x - 4 * y, "2 * (x - 2 * y)"),
        (x / 3 - y / 3, "(x - y) / 3"),
        (0.3 * x - 0.3 * y, "0.3 * (x - y)"),
        (s * x + s * y, "s * (x + y)"),
        (x / s - y / s**2, "(x - y / s) / s"),
        (x * y + x * z, "x * (y + z)"),
        (x * y - x, "x * (y - 1)"),
        (x + 1 + 2, "x + 3"),
        (x + 1 - 1, "x"),
        (A @ x + B @ x, "(A + B) @ x"),
        (A @ x - 2 * (B @ x), "(A - 2 * B) @ x"),
        (x @ A + A @ x, "(A + A.T) @ x"),
        (A @ C + B @ C, "(A + B) @ C"),
        (C.T @ A + C.T @ B, "C.T @ (A + B)"),
        (sg.outer(x, y) + sg.outer(x, z), "outer(x, y + z)"),
        (T @ A + T @ B, "T @ (A + B)"),
        (A @ x + B @ y, "A @ x + B @ y"),
        (sg.diag(x) + 2 * sg.diag(y), "diag(x + 2 * y)"),
        (sg.eye(3) - sg.diag(y), "diag(1 - y)"),
        (A + x, "A + x"),
        (s + x, "s + x"),
    ],
)
def test_sums_are_written_as_in_textbooks(tensor, text, read_values):
    written = sg.formula(tensor)
    assert written == text
    read_values(tensor, written)


def test_like_products_are_found_however_they_are_written():
    assert sg.formula(A @ x + x @ A.T) == "2 * A @ x"
    assert sg.formula(sg.einsum("ij,jk->ki", A, B) + B.T @ A.T) == "2 * B.T @ A.T"


def test_terms_of_takes_sums_apart():
    terms = terms_of(x - (y + 2 * z))
    assert [(term.number, dict(term.powers)) for term in terms] == [(1, {x: 1}), (-1, {y: 1}), (-2, {z: 1})]


def test_long_sums_are_taken_apart_only_so_far():
    total = x
    for i in range(100):
        total = total + sg.variable(f"v{i}", (3,))
    assert len(terms_of(total)) <= MOST_TERMS + 1

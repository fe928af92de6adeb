"""Tests of the rules in words."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.evaluate import _RULES as EVALUATED
from symgrad.families.leaf import Leaf
from symgrad.formula.rules import _RULES as WORDS
from symgrad.formula.rules import rule_of

X, A = sg.variable("x", (3,)), sg.variable("A", (3, 3))


def test_every_operation_with_inputs_has_a_rule() -> None:
    assert {operation for operation in EVALUATED if not issubclass(operation, Leaf)} == set(WORDS)


@pytest.mark.parametrize(
    ("tensor", "start"),
    [
        (X + 1, "add distributes"),
        (X * X, "multiply swaps"),
        (sg.maximum(X, 0), "max routes"),
        (sg.max(X), "max routes"),
        (sg.sum(X), "sum distributes"),
        (sg.tanh(X), "chain rule entry by entry"),
        (A @ X, "product"),
        (sg.softmax(X), "softmax p"),
        (sg.log_softmax(X), "log-softmax"),
        (sg.broadcast_to(X, (2, 3)), "copy adds up"),
        (sg.argmax(X), "constant between jumps"),
        (sg.linalg.inv(A), "inverse Y: downstream = -Y.T @ upstream @ Y.T"),
        (sg.linalg.det(A), "determinant: downstream = upstream * det(A) * inv(A).T"),
        (sg.linalg.slogdet(A).logabsdet, "log-determinant"),
        (sg.linalg.slogdet(A).sign, "constant between jumps"),
        (sg.linalg.cholesky(A), "factor L"),
        (sg.linalg.solve(A, A), "solution x of A x = b: b gets u"),
        (sg.linalg.solve_triangular(A, A), "solution x of A x = b: b gets u"),
    ],
)
def test_rules_are_those_of_the_textbook(tensor: sg.Tensor, start: str) -> None:
    assert rule_of(tensor.operation).startswith(start)

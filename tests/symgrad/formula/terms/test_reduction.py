"""Tests of the notation of reductions, normalisations and scans."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.scan import linear_recurrence

A, Q, B = sg.variable("A", (2, 3)), sg.variable("Q", (3, 3)), sg.variable("B", (2, 3, 3))
VALUES = {x: np.random.default_rng(1).normal(size=x.shape) for x in (A, Q, B)}


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (sg.sum(A), "sum(A)"),
        (sg.sum(A, axis=0), "sum(A, axis=0)"),
        (sg.sum(A, axis=1, keepdims=True), "sum(A, axis=1, keepdims=True)"),
        (sg.max(B, axis=(0, 2)), "max(B, axis=(0, 2))"),
        (sg.prod(A), "prod(A)"),
        (sg.argmax(A, axis=1), "argmax(A, axis=1)"),
        (sg.any(A > 0, axis=0), "any(A > 0, axis=0)"),
        (sg.all(A > -9), "all(A > -9)"),
        (sg.logsumexp(A, axis=1), "logsumexp(A, axis=1)"),
        (sg.mean(A, axis=0), "mean(A, axis=0)"),
        (sg.softmax(A), "softmax(A)"),
        (sg.softmax(A, axis=0), "softmax(A, axis=0)"),
        (sg.log_softmax(B, axis=(1, 2)), "log_softmax(B, axis=(1, 2))"),
        (np.trace(Q), "trace(Q)"),
        (np.trace(B, axis1=1, axis2=2), "sum(diagonal(B, axis1=-2, axis2=-1), axis=1)"),
        (sg.cumsum(A, axis=1), "cumsum(A, axis=1)"),
        (linear_recurrence(A, A, 1), "linear_recurrence(A, A, axis=1)"),
        (linear_recurrence(A, A, 0, reverse=True), "linear_recurrence(A, A, axis=0, reverse=True)"),
    ],
)
def test_reductions_read_as_in_numpy(tensor: sg.Tensor, expected: str, read_back) -> None:
    assert read_back(tensor, VALUES) == expected


def test_derivatives_of_products_and_running_sums_read_back(read_back) -> None:
    read_back(sg.grad(sg.prod(A), A), VALUES)
    read_back(sg.grad(sg.sum(sg.cumsum(A, axis=0) * A), A), VALUES)
    read_back(sg.grad(sg.sum(sg.max(A, axis=1)), A), VALUES)

"""Reductions, softmax and scans: their texts; values are compared in test_generate."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.scan import linear_recurrence
from tests.codegen.numpy_source.written import expression, run, source, statements

X = sg.variable("X", (4, 3))
N = sg.dim("N")
V = sg.variable("V", (N, 3), "float32")
K = sg.variable("K", (4,), "int32")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (X.sum(), "X.sum()"),
        (X.sum(0), "X.sum(axis=0)"),
        ((X * 2).sum(1, keepdims=True), "np.sum(X * 2, axis=1, keepdims=True)"),
        (X.sum((0, 1), keepdims=True), "X.sum(keepdims=True)"),
        (X.max(1)[:, None], "X.max(axis=1, keepdims=True)"),
        (X.mean(), "X.mean()"),
        (X.mean(1)[:, None], "X.mean(axis=1, keepdims=True)"),
        (V.mean(0), "V.mean(axis=0)"),
        (V.sum(0) / 5, "V.sum(axis=0) / 5"),
        (X.sum(0) / 3, "X.sum(axis=0) / 3"),
        (X.prod(0), "X.prod(axis=0)"),
        (X.argmax(1), "X.argmax(axis=1)"),
        ((X > 0).all(1), "np.all(X > 0, axis=1)"),
        (K.sum(), "K.astype(np.int64).sum()"),
        (sg.logsumexp(X, 1, keepdims=True), "logsumexp(X, axis=1, keepdims=True)"),
        (sg.softmax(X), "softmax(X, axis=1)"),
        (sg.log_softmax(X, (0, 1)), "log_softmax(X, axis=(0, 1))"),
        (sg.cumsum(X, 1), "X.cumsum(axis=1)"),
        (linear_recurrence(X, X, 0, True), "linear_recurrence(X, X, axis=0, reverse=True)"),
    ],
)
def test_texts(tensor, text):
    assert expression(tensor) == text


def test_a_sum_with_another_use_is_not_hidden_in_a_mean():
    total = X.sum(0).named("total")
    assert statements(total / 4, total) == ["total = X.sum(axis=0)", "return total / 4, total"]


def test_a_running_sum_from_the_end():
    x = sg.variable("x", (4,))
    gradient = sg.vjp(sg.cumsum(x), x, [1.0, 2.0, 3.0, 4.0])
    assert "np.flip(" in source(gradient)
    np.testing.assert_array_equal(run(source(gradient, x), {x: np.zeros(4)})[0], [10, 9, 7, 4])


def test_the_mean_of_no_rows_is_nan():
    with pytest.warns(RuntimeWarning):
        assert np.isnan(run(source(V.mean(0)), {V: np.zeros((0, 3), "f4")})).all()

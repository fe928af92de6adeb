"""Indexing by integer arrays, and its adjoints."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.indexing import gather
from tests.codegen.numpy_source.written import expression, run, source, statements

X = sg.variable("X", (4, 3))
P = sg.variable("P", (2,), "int64")
K = sg.variable("K", (), "int64")
N = sg.dim("N")
S, LABELS = sg.variable("S", (N, 3), "float32"), sg.variable("labels", (N,), "int64")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (X[P], "X[P]"),
        (sg.take(X, P, 1), "X[:, P]"),
        (sg.take(X, [0, 2], 1), "X[:, CONSTANT1]"),
        (gather(X, [P, P + 1]), "X[P, P + 1]"),
        (X[K] + 1, "X[K] + 1"),
        (sg.scatter_add(X, [0, 1, 0, 2], 5), "scatter_add(X, CONSTANT1, (5, 3))"),
        (sg.scatter_add(X, [0, 1, 0], 5, axis=1), "scatter_add(X, np.s_[:, CONSTANT1], (4, 5))"),
        (
            sg.take_along_axis(X, X.argmax(1, keepdims=True), 1),
            "np.take_along_axis(X, X.argmax(axis=1, keepdims=True), axis=1)",
        ),
        (sg.take_along_axis(S, LABELS[:, None], 1)[:, 0], "S[np.arange(N), labels]"),
        (sg.one_hot(LABELS, 3, "float32"), "(labels[:, None] == np.arange(3)).astype(np.float32)"),
    ],
)
def test_texts(tensor, text):
    assert expression(tensor) == text


def test_the_gradient_of_picked_scores():
    picked = sg.take_along_axis(S, LABELS[:, None], 1)
    gradient = sg.grad(sg.sum(picked * picked), S)
    (*_, line) = statements(gradient)
    assert "scatter_add" in line or "scatter_along_axis" in line
    scores, labels = np.float32([[1, 2, 3], [4, 5, 6]]), np.array([2, -3])
    got = run(source(S, LABELS, gradient), {S: scores, LABELS: labels})[-1]
    np.testing.assert_array_equal(got, [[0, 0, 6], [8, 0, 0]])


def test_one_number_for_every_row():
    gradient = sg.grad(sg.sum(sg.take_along_axis(S, LABELS[:, None], 1)), S)
    assert statements(gradient)[-1] == "return scatter_add(np.float32(1), (np.arange(N), labels), (N, 3))"


def test_several_labels_a_row():
    places = sg.variable("places", (4, 2), "int64")
    gradient = sg.grad(sg.sum(sg.take_along_axis(X, places, 1) ** 2), X)
    assert "scatter_along_axis" in source(gradient)
    arrays = {X: np.arange(12.0).reshape(4, 3), places: np.array([[0, 0], [1, 2], [2, 2], [0, 1]])}
    np.testing.assert_array_equal(run(source(X, places, gradient), arrays)[-1], sg.evaluate(gradient, arrays))


def test_an_index_out_of_range_raises():
    with pytest.raises(IndexError):
        run(source(X[P]), {X: np.zeros((4, 3)), P: np.array([0, 4])})

"""Tests of the words of printed formulas."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.formula.text_names import WORDS, run_text, text_names


def test_every_word_means_something() -> None:
    assert set(text_names()) <= WORDS
    assert {"softmax", "one_hot", "exp", "relu", "einsum", "float32", "where"} <= set(text_names())


def test_words_are_functions_of_plain_arrays() -> None:
    words = text_names()
    z = np.array([[1.0, 2.0], [3.0, 3.0]])
    np.testing.assert_allclose(words["softmax"](z).sum(axis=1), 1)
    np.testing.assert_allclose(words["logsumexp"](z), np.log(np.exp(z).sum()))
    np.testing.assert_array_equal(words["one_hot"](np.array([1, 0]), 2), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(words["relu"](np.array([-1.0, 2.0])), [0, 2])
    np.testing.assert_array_equal(words["abs"](np.array([-1.0, 2.0])), [1, 2])
    assert words["sigmoid"](0.0) == 0.5


def test_linear_algebra_is_numpys() -> None:
    words = text_names()
    a, b = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
    for name in ("inv", "det", "norm", "cholesky", "slogdet"):
        np.testing.assert_array_equal(words[name](a), getattr(np.linalg, name)(a))
    np.testing.assert_array_equal(words["solve"](a, b), np.linalg.solve(a, b))
    np.testing.assert_allclose(words["solve_triangular"](a, b, lower=True), np.linalg.solve(np.tril(a), b))
    np.testing.assert_allclose(words["solve_triangular"](a, b, trans=1), np.linalg.solve(np.triu(a).T, b))


def test_adjoints_are_adjoint() -> None:
    words = text_names()
    x, g = np.arange(6.0).reshape(2, 3), np.array([[1.0, 2.0], [3.0, 4.0]])
    places = np.array([[2, 2], [0, 1]])
    taken = np.take_along_axis(x, places, 1)
    assert (taken * g).sum() == (x * words["scatter_along_axis"](g, places, 3, axis=1)).sum()
    rows, columns = np.array([1, 1]), np.array([0, 0])
    assert (x[rows, columns] * g[0]).sum() == (x * words["scatter_add"](g[0], (rows, columns), (2, 3))).sum()
    assert (x[:, 2:0:-1] * g).sum() == (x * words["embed"](g, start=(0, 2), step=(1, -1), shape=(2, 3))).sum()
    np.testing.assert_array_equal(words["embed_diagonal"](g)[0], np.diag(g[0]))


def test_lines_follow_one_another() -> None:
    found = run_text("a = 2 * x\nb = a + 1\nb * b", {"x": np.float64(1)})
    assert found == {"a": 2, "b": 3, "result": 9}


def test_users_functions_are_words_too() -> None:
    twice = sg.elementwise("twice", lambda x: 2 * x)
    assert run_text("twice(x)", {"x": 3.0}, {"twice": twice.function})["result"] == 6


@pytest.mark.parametrize("text", ["import os", "x[0] = 1", "for i in x: i"])
def test_only_formulas_are_run(text: str) -> None:
    with pytest.raises(ValueError, match="not a printed formula"):
        run_text(text, {"x": np.ones(2)})

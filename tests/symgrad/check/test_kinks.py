"""Kinks of a graph at a point."""

import numpy as np

import symgrad as sg
from symgrad.check.kinks import kinks_at
from symgrad.evaluate import evaluate_nodes

X = sg.variable("X", (2, 2))


def kinks(tensor, values):
    return kinks_at(evaluate_nodes([tensor], {X: np.array(values, float)}))


def test_functions_at_their_kink_are_counted():
    assert kinks(sg.nn.relu(X), [[0, 1], [-1, 0]]) == ("relu (2 entries)",)
    assert kinks(sg.abs(X) + sg.maximum(X, 1), [[0, 1], [2, 3]]) == ("absolute (1 entry)", "maximum (1 entry)")


def test_ties():
    assert kinks(X.max(1), [[1, 1], [2, 3]]) == ("max (1 entry)",)
    assert kinks(X.min(), [[1, 1], [2, 3]]) == ("min (1 entry)",)


def test_smooth_points_have_none():
    assert kinks(sg.nn.relu(X).max(1) + sg.exp(X).sum(), [[1, 2], [-3, 4]]) == ()

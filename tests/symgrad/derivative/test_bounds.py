"""Bounds hold for whatever the variables are, and are found where gradients need them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

import symgrad as sg
from symgrad.derivative.bounds import lower_bounds
from symgrad.evaluate import evaluate_nodes
from symgrad.graph import topological_order
from tests.graphs import graphs

x = sg.variable("x", (3,))


def bound(node: sg.Tensor) -> float:
    return lower_bounds(topological_order([node]))[node]


@given(graphs())
def test_no_entry_is_below_its_bound(graph) -> None:
    graph = graph.with_gradients()
    bounds = lower_bounds(topological_order(graph.outputs))
    for node, value in evaluate_nodes(graph.outputs, graph.bindings).items():
        numbers = np.asarray(value, float)
        numbers = numbers[~np.isnan(numbers)]
        slack = 1e-5 * abs(bounds[node]) if math.isfinite(bounds[node]) else 0
        assert not np.any(numbers < bounds[node] - slack), node


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (x, -math.inf),
        (sg.constant([2.0, -3.0]), -3.0),
        (sg.constant([2.0, math.nan]), -math.inf),
        (sg.arange(3) + 2, 2.0),
        (x**2 + 1, 1.0),
        (x * x, 0.0),
        ((x**2 + 1) * (sg.exp(x) + 2), 2.0),
        (x * sg.exp(x), -math.inf),
        (sg.exp(x) / (x**2 + 1), 0.0),
        (sg.var(x) + 0.25, 0.25),
        (sg.sqrt(sg.mean(x**2, keepdims=True) + 0.25)[:, None].T, 0.5),
        (sg.maximum(x, 1.5), 1.5),
        (sg.minimum(abs(x), 1.5), 0.0),
        (sg.where(x > 0, 3.0, abs(x) + 1), 1.0),
        (sg.max(sg.nn.sigmoid(x)), 0.0),
        (sg.softmax(x), 0.0),
        (sg.logsumexp(x), -math.inf),
        (sg.mean(sg.variable("y", (sg.dim("N"),)) ** 2), 0.0),
        (sg.concatenate([abs(x), x**2 + 1]), 0.0),
    ],
)
def test_what_is_known(node: sg.Tensor, wanted: float) -> None:
    assert bound(node) == pytest.approx(wanted)

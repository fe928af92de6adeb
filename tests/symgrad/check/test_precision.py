"""Float64 versions of float32 graphs."""

import numpy as np

import symgrad as sg
from symgrad.check.precision import in_float64
from symgrad.graph import topological_order
from tests.graphs import random_graph


def test_everything_is_widened():
    x = sg.variable("x", (3,), "float32", init="he")
    k = sg.variable("k", (3,), "int32")
    c = sg.constant(np.float32([0.1, 0.2, 0.3]))
    loss = sg.sum(sg.exp(x) * 0.1 + k.astype("float32") * c + (x > 0).astype("float32"))
    (wide,), new = in_float64([loss])
    assert all(node.dtype != np.float32 for node in topological_order([wide]))
    assert new[x].operation.name == "x"
    assert new[x].operation.init == "he"
    assert new[k] is k
    arrays = {new[x]: np.array([0.5, -1.0, 2.0]), k: np.array([1, 2, 3], "int32")}
    by_hand = np.exp(arrays[new[x]]) * 0.1 + arrays[k] * np.float32([0.1, 0.2, 0.3]).astype(float)
    np.testing.assert_allclose(sg.evaluate(wide, arrays), by_hand.sum() + 2, rtol=1e-15)


def test_a_float64_graph_stays_itself():
    x = sg.variable("x", (3,))
    y = sg.sum(sg.softmax(x) * x)
    assert in_float64([y])[0] == [y]


def test_random_graphs_can_be_widened():
    for seed in range(60):
        graph = random_graph(seed)
        wide, new = in_float64([*graph.outputs, *graph.bindings])
        bindings = {new[x]: a.astype("f8") if a.dtype == np.float32 else a for x, a in graph.bindings.items()}
        for old, value in zip(graph.outputs, sg.evaluate(wide[: len(graph.outputs)], bindings), strict=True):
            assert value.dtype == (np.float64 if old.dtype == np.float32 else old.dtype)
            assert value.shape == sg.evaluate(old, graph.bindings).shape

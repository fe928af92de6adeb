"""Tidying: equal values, fewer and plainer operations."""

import numpy as np
from hypothesis import given

import symgrad as sg
from codegen.numpy_source.tidy import tidy
from tests.codegen.numpy_source.written import statements
from tests.graphs import assert_close, graphs

N = sg.dim("N")


@given(graphs())
def test_values_stay(graph):
    graph = graph.with_gradients()
    before = sg.evaluate(list(graph.outputs), graph.bindings)
    after = sg.evaluate(tidy(graph.outputs), graph.bindings)
    for a, b, tensor in zip(after, before, graph.outputs, strict=True):
        assert_close(a, b, graph.precision, tensor)


def test_the_starting_one_is_a_number():
    x = sg.variable("x", (3,))
    loss = sg.sum(x**3).named("L")
    assert statements(sg.grad(loss, x)) == ["return 3 * x ** 2"]


def test_division_by_a_run_time_size():
    x = sg.variable("x", (N,), "float32")
    gradient = sg.grad(sg.mean(sg.sin(x)), x)
    assert statements(gradient)[-1] == "return np.cos(x) / N"
    np.testing.assert_array_equal(sg.evaluate(tidy([gradient])[0], {x: np.zeros(4, "f4")}), np.float32([0.25] * 4))


def test_minus_one_over_n():
    x, labels = sg.variable("x", (N, 3)), sg.variable("labels", (N,), "int64")
    picked = sg.take_along_axis(x, labels[:, None], 1)
    assert "np.float64(-1) / N" in statements(sg.grad(-sg.mean(picked), x))[-1]


def test_entries_used_one_by_one_stand_side_by_side():
    w = sg.variable("w", (3,))
    gradient = sg.grad(w[0] * w[1] + sg.exp(w[2]), w)
    assert statements(gradient) == ["return np.array([w[1], w[0], np.exp(w[2])])"]


def test_entries_that_do_not_fill_the_vector_have_zeros_between_them():
    w = sg.variable("w", (3,))
    gradient = sg.grad(sg.exp(w[0]) + sg.sin(w[2]), w)
    assert statements(gradient) == ["return np.array([np.exp(w[0]), np.float64(0), np.cos(w[2])])"]
    np.testing.assert_allclose(sg.evaluate(tidy([gradient])[0], {w: np.zeros(3)}), [1, 0, 1])

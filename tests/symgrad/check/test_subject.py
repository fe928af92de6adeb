"""Subjects: functions and claimed gradients, from graphs and from Python functions."""

import math

import numpy as np
import pytest

import symgrad as sg
from symgrad.check.subject import function_subject, graph_subject


def test_a_graph_of_float32_is_evaluated_in_float64():
    x = sg.variable("x", (3,), "float32")
    k = sg.variable("k", (3,), "int64")
    at = {x: np.float32([0.1, 0.2, 0.3]), k: np.array([1, 2, 3])}
    subject = graph_subject(sg.sum(sg.sin(x) * k).named("L"), {"x": x}, at)
    (parameter,) = subject.parameters
    assert (subject.name, parameter.name) == ("L", "x")
    assert parameter.dtype == parameter.claimed.dtype == np.float64
    point = at[x].astype(float)
    np.testing.assert_allclose(parameter.claimed, np.cos(point) * at[k], rtol=1e-15)
    assert parameter.working.dtype == np.float32
    assert subject.value(0, point * 2) == pytest.approx(np.sum(np.sin(point * 2) * at[k]), rel=1e-15)
    assert subject.at_point == pytest.approx(np.sum(np.sin(point) * at[k]), rel=1e-15)
    np.testing.assert_allclose(subject.gradient(0, point * 2), np.cos(point * 2) * at[k], rtol=1e-15)


def test_a_graph_can_be_checked_by_what_it_computes():
    x = sg.variable("x", (2,))
    h = sg.exp(x)
    subject = graph_subject(sg.sum(h * h * x), [h, x], {x: [0.0, 1.0]})
    assert [p.name for p in subject.parameters] == ["wrt[0]", "x"]
    np.testing.assert_allclose(subject.parameters[0].point, np.exp([0.0, 1.0]))
    assert subject.value(0, np.array([1.0, 2.0])) == 4.0
    assert subject.value(1, np.array([0.0, 0.0])) == 0.0


def test_a_loss_that_does_not_depend_on_a_variable():
    x, y = sg.variable("x", (2,)), sg.variable("y", (2,))
    subject = graph_subject(sg.sum(x), y, {x: [1.0, 2.0], y: [0.0, 0.0]})
    assert subject.value(0, np.ones(2)) == 3.0
    np.testing.assert_array_equal(subject.parameters[0].claimed, [0, 0])


def test_missing_values_are_named():
    x, y = sg.variable("x", (2,)), sg.variable("y", (2,))
    with pytest.raises(sg.BindingError, match="variable 'y'"):
        graph_subject(sg.sum(x * y), x, {x: [1.0, 2.0]})


def test_a_function_of_a_nesting():
    at = {"W": np.ones((2, 2), "f4"), "labels": np.array([0, 1]), "scale": 2.0}

    def function(d):
        assert d["W"].dtype == np.float64
        assert isinstance(d["scale"], float)
        d["W"] *= d["scale"]
        return d["W"].sum()

    def gradient(d):
        assert d["W"].dtype == np.float32
        return {"W": np.full((2, 2), 2, "f4"), "labels": None, "scale": 4.0}

    subject = function_subject(function, gradient, at | {"labels": at["labels"]})
    assert [p.name for p in subject.parameters] == ["x['W']", "x['scale']"]
    assert subject.parameters[0].dtype == np.float32
    assert subject.value(0, np.zeros((2, 2))) == 0
    assert subject.value(1, np.array(3.0)) == 12
    np.testing.assert_array_equal(at["W"], 1)


def test_errors_outside_the_domain_are_nan():
    subject = function_subject(lambda x: math.log(x), lambda x: 1 / x, 2.0)
    assert math.isnan(subject.value(0, np.array(-1.0)))


@pytest.mark.parametrize(
    ("function", "gradient", "at", "message"),
    [
        (lambda x: x, lambda x: x, np.ones(2), r"must return a single number; it returned shape \(2,\)"),
        (lambda x: x.sum(), lambda x: x.T, np.ones((2, 3)), r"gradient by x has shape \(3, 2\)"),
        (lambda x: x[0].sum(), lambda x: [x[0]] * 3, [np.ones(2), np.ones(2)], "must have the nesting"),
        (lambda x: 1.0, lambda x: x, np.ones(2, int), "no array in `at` is floating"),
    ],
)
def test_what_does_not_fit_is_refused(function, gradient, at, message):
    with pytest.raises(sg.SymgradError, match=message):
        function_subject(function, gradient, at)

"""Helper functions: short, documented, of the dtype they are given, and present only where they are used."""

import ast

import numpy as np
import pytest

import symgrad as sg
from codegen.numpy_source import compile_source
from codegen.numpy_source.helpers import HELPERS, helper_source
from symgrad.families.elementwise import apply
from symgrad.functions import Function
from tests.codegen.numpy_source.written import run, source

X = sg.variable("X", (3, 4), "float32")


@pytest.mark.parametrize("key", HELPERS)
def test_helpers_are_short_and_documented(key):
    text = helper_source(key, "given")
    (function,) = ast.parse(text).body
    assert function.name == "given"
    assert ast.get_docstring(function).startswith("Return ")
    assert len(text.splitlines()) <= 12
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("key", ["softmax", "log_softmax", "logsumexp"])
def test_normalisations_of_infinities(key):
    x = sg.variable("x", (5, 3))
    rows = np.array([[0, 1000, -1000], [-np.inf, 0, 1], [-np.inf] * 3, [np.inf, 0, 1], [np.nan, 0, 1]])
    tensor = getattr(sg, key)(x, -1)
    np.testing.assert_array_equal(run(source(tensor), {x: rows}), sg.evaluate(tensor, {x: rows}))


def test_sigmoid_does_not_overflow():
    sigmoid = compile_source("import numpy as np\n\n\n" + helper_source("sigmoid", "sigmoid"))
    with np.errstate(all="raise", under="ignore"):
        got = sigmoid(np.float32([-200, -1, 0, 1, 200]))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [0, 0.26894143, 0.5, 0.7310586, 1], rtol=1e-6)


def test_a_body_becomes_a_function_that_says_what_it_computes():
    text = source(sg.nn.softplus(X) * sg.nn.mish(X))
    assert text.count("def softplus(x):") == 1
    assert '"""Return log(exp(x) + 1), entry by entry."""' in text
    assert text.index("def softplus") < text.index("def mish")
    assert "def sigmoid" not in text


def test_a_users_function_with_awkward_parameter_names():
    function = Function("f", lambda np, sigmoid: 1 / (1 + np * np + sigmoid**2) + (np * np) ** 2)
    x, y = sg.variable("x", (2,)), sg.variable("y", (2,))
    tensor = apply(function, x, apply("sigmoid", y))
    arrays = {x: np.array([0.5, 1.0]), y: np.array([1.0, -2.0])}
    np.testing.assert_allclose(run(source(tensor), arrays), sg.evaluate(tensor, arrays), rtol=1e-15)


def test_two_functions_of_one_name_stay_apart():
    x = sg.variable("x", (2,))
    first = Function("cube", lambda x: x**3 + x)
    second = Function("cube", lambda x: x**3 - x)
    tensor = apply(first, x) * 2 + apply(second, x)
    np.testing.assert_allclose(run(source(tensor), {x: np.array([1.0, 2.0])}), [4, 26])

"""Modules: everything is imported and defined once, under a name of its own."""

import numpy as np
import pytest

import symgrad as sg
from codegen.numpy_source.module import Module
from codegen.numpy_source.names import Names
from tests.codegen.numpy_source.written import run, source

N = sg.dim("N")


def test_scipy_is_imported_only_where_it_is_needed():
    x = sg.variable("x", (2,))
    assert "scipy" not in source(sg.nn.sigmoid(x) + sg.nn.softplus(x))
    assert source(sg.erf(x) + sg.erf(x + 1)).count("from scipy.special import erf\n") == 1
    named = sg.erf(sg.variable("erf", (2,)))
    assert "from scipy.special import erf as erf_2\n" in source(named)


def test_constant_arrays_stand_before_the_function_once():
    x = sg.variable("x", (3,))
    c = sg.constant([1.5, 2.0, np.nan])
    text = source(x * c + c)
    assert text.count("np.array([1.5, 2.0, np.nan])") == 1
    assert text.index("CONSTANT1 =") < text.index("def f")


def test_large_constants_are_embedded():
    values = np.random.default_rng(0).normal(size=(40, 50)).astype("float32")
    x = sg.variable("x", (50,), "float32")
    text = source(sg.constant(values) @ x)
    assert len(text) < 1.6 * values.nbytes
    np.testing.assert_allclose(run(text, {x: np.ones(50, "f4")}), values.sum(1), rtol=1e-4)


def test_a_callers_array_never_shows_in_a_constant():
    x = sg.variable("x", (2,))
    text = source(sg.constant([1.0, 2.0]), x)
    first, _ = run(text, {x: np.zeros(2)})
    first[:] = 7
    np.testing.assert_array_equal(run(text, {x: np.zeros(2)})[0], [1, 2])


def test_sizes_are_read_off_the_arguments_that_have_them():
    module = Module(Names(["N"]))
    assert module.shape((N, 3)) == "(N_2, 3)"
    assert module.sizes == {N: "N_2"}
    x, y = sg.variable("x", (3, N)), sg.variable("y", (N + 1,))
    assert "    N = x.shape[1]\n" in source(sg.zeros((N, 2)), y, x)


def test_a_size_that_no_argument_has_is_refused():
    with pytest.raises(sg.BindingError, match="N is not the size of an axis"):
        source(sg.zeros((N, 2)), sg.variable("y", (N + 1,)))

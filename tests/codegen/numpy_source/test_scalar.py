"""Scalar functions: how they are written, what they compute for every function and dtype, and which casts they need."""

import numpy as np
import pytest

import symgrad as sg
from codegen.numpy_source import generate
from symgrad.families.elementwise import apply
from symgrad.families.leaf import size_value, variables_of
from symgrad.functions import FUNCTIONS, Function
from symgrad.graph import topological_order
from tests.codegen.numpy_source.written import expression, run, source
from tests.graphs import assert_close, function_graph

X, Y = sg.variable("X", (3, 2)), sg.variable("Y", (3, 1))
S = sg.variable("S", (2,), "float32")
L, J = sg.variable("L", (2,), "int64"), sg.variable("J", (2,), "int32")
A, B = sg.variable("A", (2,), "bool"), sg.variable("B", (2,), "bool")
N = sg.dim("N")
V = sg.variable("V", (N,), "float32")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (X + Y, "X + Y"),
        (X - (Y - 1), "X - (Y - 1)"),
        ((X + 1) * Y / 2.0, "(X + 1) * Y / 2"),
        (-(X**2), "-X ** 2"),
        ((-X) ** 2, "(-X) ** 2"),
        (X**1.5, "X ** 1.5"),
        (2.0**X, "2 ** X"),
        (1 / X, "1 / X"),
        (X // 2 % 3, "X // 2 % 3"),
        (sg.abs(X), "np.abs(X)"),
        (sg.nn.relu(X), "np.maximum(X, 0)"),
        (sg.where(A & ~B, S, 0), "np.where(A & ~B, S, 0)"),
        (sg.where(A, S, -1.5), "np.where(A, S, -1.5)"),
        ((X > 0) ^ sg.equal(X, Y), "(X > 0) ^ (X == Y)"),
        (sg.arctan2(X, Y), "np.arctan2(X, Y)"),
        (sg.erf(X), "erf(X)"),
        (sg.deg2rad(S), "0.017453292519943295 * S"),
        (sg.nn.sigmoid(X), "sigmoid(X)"),
        (sg.nn.leaky_relu(X, 0.1), "leaky_relu(X, 0.1)"),
    ],
)
def test_texts(tensor, text):
    assert expression(tensor) == text


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (X[0] + L, "X[0] + L"),
        (L / J, "L / J"),
        (S + J, "S + J"),
        (sg.sin(L), "np.sin(L)"),
        (S + J.astype("float32"), "S + J.astype(np.float32)"),
        (S.astype("float64") * 2, "S.astype(np.float64) * 2"),
        (S.astype("float64") + 0.1 * X[0], "S + 0.1 * X[0]"),
        (A + L, "A + L"),
        (sg.logical_and(A, L), "A & L.astype(bool)"),
        (sg.nn.silu(A.astype("float64")), "silu(A.astype(np.float64))"),
        (A.astype("float32") * S, "A * S"),
        (sg.where(A, sg.constant(1, "float32"), sg.constant(0.5, "float32")), "np.where(A, np.float32(1), 0.5)"),
        (sg.where(A, 1.0, 0.0), "np.where(A, 1.0, 0.0)"),
        (sg.where(A, 0.5, 0.0), "np.where(A, 0.5, 0)"),
        (sg.where(A, S, L), "np.where(A, S, L)"),
        (A.astype("int32") * A.astype("int32"), "A * A.astype(np.int32)"),
        (V / size_value(N).astype("float32"), "V / N"),
    ],
)
def test_casts_are_written_only_where_numpy_would_not_make_them(tensor, text):
    rng = np.random.default_rng(0)
    arrays = {x: np.asarray(rng.integers(0, 2, tuple(2 if n == N else n for n in x.shape))) for x in _variables(tensor)}
    arrays = {x: array.astype(x.dtype) for x, array in arrays.items()}
    assert_close(run(source(tensor), arrays), sg.evaluate(tensor, arrays), np.finfo("f4").eps)
    assert run(source(tensor), arrays).dtype == tensor.dtype
    assert expression(tensor) == text


def _variables(tensor):
    return variables_of(topological_order([tensor]))


@pytest.mark.parametrize("special", [False, True], ids=["ordinary", "special"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_gives_what_evaluate_gives(name, dtype, special):
    graph = function_graph(FUNCTIONS[name], dtype, special)
    got = run(generate(graph.inputs, graph.outputs), graph.bindings)
    assert_close(got, sg.evaluate(graph.outputs[0], graph.bindings), graph.precision, name, factor=8)


def test_functions_of_bools_keep_the_dtype_of_the_graph():
    for tensor in (A * B, A + B, sg.maximum(A, B), sg.equal(A, B)):
        arrays = {A: np.array([True, False]), B: np.array([True, True])}
        got = run(generate([A, B], [tensor]), arrays)
        assert got.dtype == bool
        np.testing.assert_array_equal(got, sg.evaluate(tensor, arrays))


def test_a_function_that_gives_another_dtype_is_cast_back():
    # np.float_power computes in float64 whatever it is given.
    function = Function("wide_power", lambda x, y: x**y, numpy="np.float_power")
    tensor = apply(function, S, 2)
    assert expression(tensor) == "np.float_power(S, np.float32(2)).astype(np.float32)"


def test_whole_numbers_stay_whole():
    text = source(sg.nn.relu(J) * 3 - 1)
    assert "np.maximum(J, 0) * 3 - 1" in text
    assert run(text, {J: np.array([-1, 2], "int32")}).dtype == np.int32

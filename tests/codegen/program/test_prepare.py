"""Preparation keeps values, and leaves only operations that kernels have."""

import numpy as np
import pytest
import sympy
from hypothesis import given, reject

import symgrad as sg
from codegen.kernels.lapack import Pivots
from codegen.kernels.scalar_functions import SIGNATURES
from codegen.program.prepare import prepare
from symgrad.dtypes import is_float
from symgrad.evaluate import _RULES, evaluate_nodes
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise
from symgrad.families.indexing import ScatterAlongAxis
from symgrad.families.layout import Named
from symgrad.families.reduction import Normalization, Reduction
from symgrad.graph import topological_order
from tests.codegen.agreement import assert_agrees, distance_allowed
from tests.codegen.pivots import pivots
from tests.graphs import graphs

x, W = sg.variable("x", (4,)), sg.variable("W", (3, 4))


def operations(*tensors):
    return [node.operation for node in topological_order(prepare(tensors))]


def functions(*tensors):
    return [op.function.name for op in operations(*tensors) if isinstance(op, Elementwise)]


@pytest.fixture(scope="module", autouse=True)
def interpreter_of_pivots():
    """Let the interpreter know the one operation that only kernels have."""
    _RULES[Pivots] = lambda operation, arrays, resolve: pivots(arrays[0])
    yield
    del _RULES[Pivots]


@given(graphs())
def test_values_stay(graph):
    graph = graph.with_gradients()
    values = evaluate_nodes(graph.outputs, graph.bindings)
    prepared = prepare(graph.outputs)
    try:
        again = evaluate_nodes(prepared, graph.bindings)
    except ValueError:
        reject()  # a softmax over nothing is lowered to an extreme of nothing, which only kernels have
    for before, after in zip(graph.outputs, prepared, strict=True):
        assert_agrees(again[after], values[before], distance_allowed(values | again))


@given(graphs())
def test_what_is_left_are_operations_of_kernels(graph):
    for node in topological_order(prepare(graph.with_gradients().outputs)):
        match node.operation:
            case Elementwise(function):
                assert function.name in SIGNATURES or function.name == "where"
            case Reduction(kind, axes):
                rank = node.inputs[0].ndim
                assert kind != "logsumexp"
                assert axes
                assert axes in (tuple(range(len(axes))), tuple(range(rank - len(axes), rank)))
            case Contraction(left, right, output):
                assert is_float(node.dtype)
                assert (set(left) & set(right)) - set(output)
            case operation:
                assert not isinstance(operation, (Named, Normalization))


def test_names_are_taken_away():
    assert functions(sg.exp(x).named("e") + sg.exp(x)) == ["exp", "multiply"]


def test_small_whole_powers_are_products():
    assert functions(x**3) == ["square", "multiply"]
    assert functions(x**-4) == ["square", "square", "reciprocal"]
    for exponent in (5, 2.5, np.inf, -np.inf, np.nan):
        assert functions(x**exponent) == ["power"]


def test_functions_of_users_are_written_out():
    bump = sg.elementwise("bump", lambda u: sympy.exp(-(u**2)))
    first = sg.elementwise("first", lambda u, v: u + 1)
    assert functions(bump(x)) == ["square", "negative", "exp"]
    assert prepare([first(x, W)])[0].shape == (3, 4)


@pytest.mark.parametrize(
    ("subscripts", "contractions"),
    [
        ("ij,ij->ij", 0),
        ("i,j->ij", 0),
        ("ij,jk->ik", 1),
        ("abcdefg,gfedcba->cafbed", 1),
        ("abcdefg,gehijkl->kalbjchid", 1),
    ],
)
def test_contractions_that_are_no_matrix_products_are_multiplications(subscripts, contractions):
    left, right = subscripts.split("->")[0].split(",")
    a, b = sg.variable("a", (2,) * len(left)), sg.variable("b", (2,) * len(right))
    found = operations(sg.einsum(subscripts, a, b))
    assert sum(isinstance(operation, Contraction) for operation in found) == contractions


def test_products_of_integers_keep_their_dtype():
    a, b = sg.variable("a", (2, 3), "int32"), sg.variable("b", (3,), "int32")
    (result,) = prepare([a @ b])
    assert result.dtype == np.int32
    assert not any(isinstance(operation, Contraction) for operation in operations(a @ b))


def test_one_entry_a_row_is_scattered_by_comparing_places():
    labels = sg.variable("labels", (3,), "int64")
    taken = sg.take_along_axis(W, labels[:, None], 1)
    assert not any(isinstance(operation, ScatterAlongAxis) for operation in operations(sg.grad(sg.sum(taken), W)))


def test_normalisations_over_nothing():
    empty = sg.variable("empty", (3, 0))
    softmax, total = prepare([sg.softmax(empty), sg.logsumexp(empty, 1)])
    assert softmax is empty
    np.testing.assert_array_equal(sg.evaluate(total), np.full(3, -np.inf))
    assert functions(sg.logsumexp(x, ())) != []
    np.testing.assert_array_equal(sg.evaluate(prepare([sg.any(x, ())])[0], {x: [0, 1, 2, 0]}), [0, 1, 1, 0])


def test_determinants_are_functions_of_their_pivots():
    a = sg.variable("a", (2, 3, 3))
    nodes = [sg.linalg.det(a), *sg.linalg.slogdet(a)]
    assert sum(isinstance(operation, Pivots) for operation in operations(*nodes)) == 1
    x = np.random.default_rng(0).normal(size=(2, 3, 3))
    prepared = prepare(nodes)
    values = evaluate_nodes(prepared, {a: x})
    for node, wanted in zip(prepared, (np.linalg.det(x), *np.linalg.slogdet(x)), strict=True):
        np.testing.assert_allclose(values[node], wanted, rtol=1e-12)

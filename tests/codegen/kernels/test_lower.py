"""Loop nests of scheduled results: run by the interpreter of kernels they compute what the graph says."""

import numpy as np
import pytest
from hypothesis import given, settings

import symgrad as sg
from codegen.kernels.loop_nest import Load, Loop
from codegen.kernels.lower import lower_nest
from codegen.program.levels import arrange
from codegen.program.nest import Nest
from codegen.program.prepare import prepare
from codegen.program.schedule import schedule
from codegen.program.storage import assign_storage
from symgrad.evaluate import evaluate_nodes
from symgrad.families.leaf import Variable
from symgrad.graph import topological_order
from tests.codegen.agreement import arrays_for, assert_agrees, distance_allowed
from tests.codegen.kernels.interpreted import run
from tests.graphs import graphs

N = sg.dim("N")
X, y = sg.variable("X", (5, 4)), sg.variable("y", (4,))
Z = sg.variable("Z", (N, 4))
k = sg.variable("k", (5, 4), "int64")


def assert_right(outputs, bindings):
    values = evaluate_nodes(outputs, bindings)
    with np.errstate(all="ignore"):
        results = run(outputs, bindings)
    for output, result in zip(outputs, results, strict=True):
        assert_agrees(result, values[output], distance_allowed(values), output)


@settings(max_examples=60)
@given(graphs(steps=7))
def test_random_graphs(graph):
    graph = graph.with_gradients()
    if sum(array.size for array in evaluate_nodes(graph.outputs, graph.bindings).values()) < 3000:
        assert_right(graph.outputs, graph.bindings)


@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "any", "all", "argmax", "argmin", "logsumexp"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_over_all_axes(kind, keepdims):
    cube = sg.variable("cube", (2, 3, 4), "bool" if kind in ("any", "all") else "float64")
    all_axes = [0, 1, 2] if kind.startswith("arg") else [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    outputs = [getattr(sg, kind)(cube, axis, keepdims=keepdims) for axis in all_axes]
    assert_right(outputs, arrays_for([cube], {}, 0))
    alone = getattr(sg, kind)(cube[:, :1, 1:], all_axes[0], keepdims=keepdims)
    assert_right([alone], arrays_for([cube], {}, 1))


@pytest.mark.parametrize(
    "outputs",
    [
        [sg.softmax(X), sg.log_softmax(X, 0), sg.softmax(X, (0, 1))],
        [sg.sum(X, 0), X * 2, sg.max(X, 0), sg.sum(X * 2, 0, keepdims=True)],
        [sg.sum(X, 1, keepdims=True) * X, sg.sum(sg.sum(X, 1, keepdims=True) * X, 0)],
        [sg.sum(sg.exp(X)), sg.max(X), sg.argmax(X), sg.sum(X, 1)],
        [sg.argmax(X, 1), sg.argmin(X, 0), sg.argmax(sg.exp(X[::-1]), 1)],
        [X / sg.sum(X), X - X.mean(0), (X - X.mean(1, keepdims=True)) / sg.std(X, 1, keepdims=True)],
        [sg.sum(k, 1), sg.prod(k), sg.max(k, 0), sg.any(k > 0, 1), sg.all(k > -3)],
        [sg.softmax(Z), sg.sum(Z, 0), sg.sum(Z), Z * y, sg.logsumexp(Z, 1)],
        [sg.sum(sg.concatenate([Z, Z[::-1]], 1) * 2, 1), sg.sum(sg.pad(Z, 1), 0)],
    ],
)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_kernels_of_every_form(outputs, n):
    assert_right(outputs, arrays_for([X, y, Z, k], {N: n}, 1))


def test_extremes_of_special_values():
    values = np.array([[np.nan, 1, 2, 3], [1, np.nan, np.nan, 0], [-np.inf] * 4, [np.inf] * 4, [2, 2, -0.0, 0.0]])
    outputs = [f(X, axis) for f in (sg.max, sg.min, sg.argmax, sg.argmin) for axis in (0, 1, None)]
    outputs += [sg.logsumexp(X, 1), sg.softmax(X, 1)]
    assert_right(outputs, {X: values})


def kernels(*outputs):
    ends = prepare(outputs)
    plan = schedule(ends, {})
    inputs = [node for node in topological_order(ends) if isinstance(node.operation, Variable)]
    storage = assign_storage(plan, arrange(plan.steps), inputs, ends)
    return [lower_nest(step, storage.memory).finish() for step in plan.steps if isinstance(step, Nest)]


def walk(statements):
    for statement in statements:
        yield statement
        if isinstance(statement, Loop):
            yield from walk(statement.body)


def test_entries_at_one_place_take_one_loop():
    (nest,) = kernels(sg.exp(Z) * 2 + Z, sg.tanh(Z))
    (loop,) = nest.body[-1:]
    assert isinstance(loop, Loop)
    assert loop.independent
    assert not any(isinstance(inner, Loop) for inner in loop.body)
    assert len([s for s in loop.body if isinstance(s, Load)]) == 1


def test_whole_sums_are_added_up_in_blocks():
    big = sg.variable("big", (10000,))
    (nest,) = kernels(sg.sum(big))
    (outer,) = [s for s in nest.body if isinstance(s, Loop)]
    (inner,) = [s for s in outer.body if isinstance(s, Loop)]
    assert outer.extent == 3
    assert inner.carried[0].initial not in [carried.name for carried in outer.carried]
    assert_right([sg.sum(big), sg.max(big), sg.sum(big * big)], arrays_for([big], {}, 0))


def test_rows_that_are_read_again_are_kept_not_computed_again():
    (nest,) = kernels(sg.softmax(sg.variable("wide", (N, 30)), axis=1))
    exponentials = [s for s in walk(nest.body) if getattr(s, "function", "") == "exp"]
    assert len(exponentials) == 1


def test_outer_loops_that_share_memory_are_not_independent():
    def outer(*outputs):
        (nest,) = kernels(*outputs)
        return [s for s in nest.body if isinstance(s, Loop)][-1].independent

    assert outer(sg.sum(X, 1), sg.max(X, 1))
    assert not outer(sg.softmax(X))  # a row's exponentials
    assert not outer(sg.sum(X, 0))
    assert not outer(sg.sum(X, 1), sg.sum(X))

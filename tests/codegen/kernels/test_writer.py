"""Writing values: an entry of any node is what the interpreter computes for it, and nothing outside is ever read."""

import numpy as np
import pytest
from hypothesis import given, reject

import symgrad as sg
from codegen.kernels.loop_nest import Load
from codegen.kernels.statements import Memory
from codegen.kernels.verify import verify
from codegen.kernels.writer import Writer, within
from codegen.program.prepare import prepare
from codegen.program.realize import is_source
from symgrad.evaluate import evaluate_nodes
from symgrad.families.contraction import Contraction
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.leaf import size_value
from symgrad.families.reduction import Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.graph import topological_order
from symgrad.shapes import substitute
from tests.codegen.kernels.interpreter import interpret
from tests.graphs import graphs

N = sg.dim("N")
x, y = sg.variable("x", (4, 3)), sg.variable("y", (3,))
z = sg.variable("z", (N, 2))
i = sg.variable("i", (2,), "int32")
ARRAYS = {
    x: np.arange(12.0).reshape(4, 3),
    y: np.array([0.5, -1, 2]),
    z: np.ones((0, 2)),
    i: np.array([-1, 2], "int32"),
}


def computed(node, arrays, sizes, stored=()):
    """Return all entries of a node as a kernel computes them, run by the interpreter of kernels, which checks bounds."""
    nodes = [n for n in topological_order([node]) if n in arrays or n in stored]
    memory = {n: Memory(("input", k), n.shape) for k, n in enumerate(nodes)} | {node: Memory(("output", 0), node.shape)}
    writer = Writer(memory)

    def body(index, _):
        writer.store(node, within(index, node.shape), writer.computed(node, within(index, node.shape)))
        return []

    writer.loops([writer.size(size) for size in node.shape], [], body)
    nest = writer.finish()
    verify(nest)
    result = np.empty(tuple(substitute(size, sizes) for size in node.shape), node.dtype)
    places = {key: f"b{number}" for key, number in writer.buffers.items()}
    given = {places[memory[n].buffer]: arrays[n].ravel() for n in nodes if memory[n].buffer in places}
    if ("output", 0) in places:
        given[places["output", 0]] = result.reshape(-1)
    interpret(nest, given, {name: substitute(size, sizes) for size, name in writer.sizes.items()})
    return result


@pytest.mark.parametrize(
    "node",
    [
        sg.exp(x) + y,
        x.astype("int64"),
        x.T[::-1].reshape((2, 6)),
        sg.concatenate([x, x[:0], 2 * x, sg.cos(x)[::-1]], 0),
        sg.concatenate([x, sg.exp(x), x], 1)[1:, 2:8],
        sg.pad(sg.cos(x), ((1, 2), (0, 1))),
        sg.grad(sg.sum(sg.cos(x[1::2, ::-2])), x),
        sg.grad(sg.sum(x[::-1, 1:] ** 2), x),
        sg.pad(sg.pad(sg.cos(x), 1)[1:-1, :], 1),
        sg.diag(y) + sg.diag(sg.cos(y)),
        sg.take(x, i, 0) * 2,
        x[i, i],
        sg.take_along_axis(x, sg.broadcast_to(i[:, None], (2, 3)), 0),
        sg.arange(5) * 2 + size_value(N),
        sg.pad(sg.take(x, i, 0), ((0, 0), (1, 1))),
        sg.concatenate([z, sg.cos(z), z + 1], 0),
        sg.pad(z, ((1, 1), (0, 0))),
        sg.constant(2.0) * sg.ones((2,)),
    ],
)
def test_entries_are_what_the_interpreter_computes(node):
    (node,) = prepare([node])
    for n in (0, 1, 3):
        arrays = ARRAYS | {z: np.arange(2.0 * n).reshape(n, 2)}
        wanted = sg.evaluate(node, arrays)
        np.testing.assert_allclose(computed(node, arrays, {N: n}), wanted, rtol=1e-14)


_OWN = (Contraction, Reduction, ScatterAdd, ScatterAlongAxis, LinearRecurrence)


@given(graphs(steps=6))
def test_entries_of_random_graphs(graph):
    outputs = prepare(graph.with_gradients().outputs)
    try:
        values = evaluate_nodes(outputs, graph.bindings)
    except ValueError:
        reject()  # a softmax over nothing is lowered to an extreme of nothing, which only kernels have
    stored = {n for n in topological_order(outputs) if is_source(n) or isinstance(n.operation, _OWN)}
    sizes = {N: next((v.shape[k] for x, v in graph.bindings.items() for k, s in enumerate(x.shape) if s == N), 0)}
    for node in outputs:
        if node in stored or values[node].size > 60:
            continue
        with np.errstate(all="ignore"):
            got = computed(node, {n: values[n] for n in stored if n in values}, sizes, stored)
        np.testing.assert_allclose(got, values[node], rtol=1e-3, atol=1e-3)


def loads(node, index=None):
    writer = Writer({v: Memory(("input", k), v.shape) for k, v in enumerate((x, y, z, i))})
    writer.value(node, index or tuple("abcd"[: node.ndim]))
    return [statement for statement in writer.statements if isinstance(statement, Load)]


def test_entries_are_read_once():
    assert len(loads(x * x + sg.exp(x) * x)) == 1
    assert len(loads(x + x.T.T)) == 1
    assert len(loads(sg.pad(x, 1) * sg.pad(x, 1))) == 1


def test_only_windows_are_read_under_a_condition():
    assert loads(x[1:, ::-1])[0].condition is None
    assert loads(sg.pad(x, 1))[0].condition is not None
    assert loads(sg.pad(x, ((0, 0), (0, 0))))[0].condition is None
    both = sg.concatenate([x, x], 0)
    first, second = loads(both)
    assert None not in (first.condition, second.condition)
    assert first.condition != second.condition


def test_what_is_remembered_is_not_computed_again():
    writer = Writer({})
    writer.remember(sg.exp(x), ("a", "b"), "known")
    assert writer.value(sg.exp(x), ("a", "b")) == "known"
    assert writer.statements == []


def test_indices_within_smaller_shapes():
    assert within(("a", "b", "c"), (5, 1, 3)) == ("a", 0, "c")


def test_conditions_of_windows_within_windows():
    inner, outer = sg.pad(sg.cos(x), 1), sg.pad(sg.pad(sg.cos(x), 1) + 1, 1)
    (node,) = prepare([outer + sg.pad(inner, 1)])
    wanted = sg.evaluate(node, ARRAYS)
    np.testing.assert_allclose(computed(node, ARRAYS, {}), wanted, rtol=1e-14)

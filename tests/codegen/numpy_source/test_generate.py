"""Generated functions: they compute what `evaluate` does, need no symgrad, and read like code written by hand."""

import ast
import subprocess
import sys

import numpy as np
import optree
import pytest
from hypothesis import given, settings

import symgrad as sg
from codegen.numpy_source import compile_source, generate
from codegen.numpy_source.tidy import tidy
from symgrad.families.elementwise import Elementwise
from symgrad.functions import FUNCTIONS
from symgrad.graph import topological_order
from tests.codegen.numpy_source.written import run
from tests.graphs import assert_close, graphs, random_graph

N = sg.dim("N")


def check(graph, reference):
    """Compare what the generated function returns with the values of `reference`."""
    arrays = {x: value.copy() for x, value in graph.bindings.items()}
    got = run(generate(graph.inputs, graph.outputs), arrays)
    wanted = sg.evaluate(list(reference), graph.bindings)
    for a, b, tensor in zip(got if len(wanted) > 1 else [got], wanted, graph.outputs, strict=True):
        assert_close(a, b, graph.precision, tensor)
    for x, array in arrays.items():
        np.testing.assert_array_equal(array, graph.bindings[x])


@settings(max_examples=250)
@given(graphs())
def test_random_graphs_and_their_gradients(graph):
    graph = graph.with_gradients()
    check(graph, graph.outputs)


@settings(max_examples=250)
@given(graphs(special=True))
def test_random_graphs_of_special_values(graph):
    # Simplification may move a rounding, so that an infinity arises here and not there: it is applied on both sides.
    graph = graph.with_gradients()
    check(graph, tidy(graph.outputs))


@pytest.mark.deep
@given(graphs(steps=25))
def test_many_large_random_graphs(graph):
    test_random_graphs_and_their_gradients.hypothesis.inner_test(graph)


@pytest.mark.deep
@given(graphs(special=True, steps=25))
def test_many_large_random_graphs_of_special_values(graph):
    test_random_graphs_of_special_values.hypothesis.inner_test(graph)


def test_random_graphs_reach_every_operation_and_function():
    kinds, functions = set(), set()
    for seed in range(1200):
        for node in topological_order(random_graph(seed).with_gradients().outputs):
            kinds.add(type(node.operation))
            if isinstance(node.operation, Elementwise):
                functions.add(node.operation.function.name)
    from codegen.numpy_source.forms import FORMS

    assert set(FORMS) <= kinds
    assert set(FUNCTIONS) <= functions


def two_layer_net():
    """Return the lecture's net: its variables, its loss, and updates by gradient descent."""
    x, y = sg.variable("x", (64, 1000)), sg.variable("y", (64, 10))
    w1, w2 = sg.variable("w1", (1000, 100)), sg.variable("w2", (100, 10))
    h = sg.nn.sigmoid(x @ w1).named("h")
    y_pred = (h @ w2).named("y_pred")
    loss = sg.sum((y_pred - y) ** 2).named("loss")
    d1, d2 = sg.grad(loss, [w1, w2])
    return [x, y, w1, w2], [loss], {w1: w1 - 1e-4 * d1, w2: w2 - 1e-4 * d2}


def test_the_two_layer_net_reads_as_written_by_hand():
    text = generate(*two_layer_net(), name="train_step")
    assert (
        text.partition('    """\n')[2]
        == """\
    # forward
    h = sigmoid(x @ w1)
    y_pred = h @ w2
    t1 = y_pred - y
    # loss = sum((y_pred - y)**2)
    loss = np.sum(t1 ** 2)

    # backward
    dloss_dy_pred = 2 * t1
    dloss_dh = dloss_dy_pred @ w2.T
    dloss_dw2 = h.T @ dloss_dy_pred
    dloss_dw1 = x.T @ (dloss_dh * h * (1 - h))

    # update
    w1 -= 0.0001 * dloss_dw1
    w2 -= 0.0001 * dloss_dw2
    return loss
"""
    )


def test_the_two_layer_net_learns_as_the_one_written_by_hand():
    inputs, outputs, updates = two_layer_net()
    step = compile_source(generate(inputs, outputs, updates))
    rng = np.random.default_rng(0)
    x, y, w1, w2 = (rng.standard_normal(v.shape) for v in inputs)
    v1, v2 = w1.copy(), w2.copy()
    losses = []
    for _ in range(20):
        h = 1 / (1 + np.exp(-x.dot(v1)))
        difference = h.dot(v2) - y
        by_hand = np.square(difference).sum()
        losses.append(step(x, y, w1, w2))
        np.testing.assert_allclose(losses[-1], by_hand, rtol=1e-12)
        slope = 2 * difference
        dh = slope.dot(v2.T)
        v1, v2 = v1 - 1e-4 * x.T.dot(dh * h * (1 - h)), v2 - 1e-4 * h.T.dot(slope)
    np.testing.assert_allclose(w1, v1, rtol=0, atol=1e-12)
    assert losses[-1] < losses[0]


def test_the_neuron_reads_as_written_by_hand():
    w, x = sg.variable("w", (3,)), sg.variable("x", (2,))
    f = (1 / (1 + sg.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))).named("f")
    text = generate([w, x], [f, *sg.grad(f, [w, x])], name="neuron")
    assert (
        text.partition('    """\n')[2]
        == """\
    # forward
    f = sigmoid(w[0] * x[0] + w[1] * x[1] + w[2])

    # backward
    t1 = f * (1 - f)
    df_dw = np.array([t1 * x[0], t1 * x[1], t1])
    df_dx = np.array([t1 * w[0], t1 * w[1]])
    return f, df_dw, df_dx
"""
    )
    value, dw, dx = run(text, {w: np.array([2.0, -3.0, -3.0]), x: np.array([-1.0, -2.0])})
    np.testing.assert_allclose(value, 0.73, atol=0.005)
    np.testing.assert_allclose(dw, [-0.20, -0.39, 0.20], atol=0.005)
    np.testing.assert_allclose(dx, [0.39, -0.59], atol=0.005)


def classifier():
    X, y = sg.variable("X", (N, 5), "float32"), sg.variable("y", (N,), "int64")
    params = {"W": sg.variable("W", (5, 3), "float32"), "b": sg.variable("b", (3,), "float32")}
    scores = (X @ params["W"] + params["b"]).named("scores")
    return X, y, params, sg.nn.cross_entropy(scores, y).named("L")


def test_nested_arguments_and_results():
    X, y, params, loss = classifier()
    inputs, input_structure = optree.tree_flatten([X, y, params])
    outputs, output_structure = optree.tree_flatten((loss, sg.grad(loss, params)))
    text = generate(inputs, outputs, input_structure=input_structure, output_structure=output_structure)
    assert "def f(X, y, params):" in text
    assert text.endswith('    return (L, {"W": dL_dW, "b": dL_db})\n')
    rng = np.random.default_rng(0)
    arrays = {X: rng.normal(size=(4, 5)).astype("f4"), y: np.array([0, 2, 1, 1])}
    weights = {name: rng.normal(size=p.shape).astype("f4") for name, p in params.items()}
    value, gradients = compile_source(text)(*arrays.values(), weights)
    bindings = arrays | {params[name]: array for name, array in weights.items()}
    wanted = sg.evaluate((loss, sg.grad(loss, params)), bindings)
    assert_close(value, wanted[0], np.finfo("f4").eps)
    for name in params:
        assert_close(gradients[name], wanted[1][name], np.finfo("f4").eps)


def test_results_are_called_by_their_keys():
    X, y, params, _ = classifier()
    outputs = {"error": sg.mean(sg.not_equal((X @ params["W"]).argmax(1), y))}
    flat, structure = optree.tree_flatten(outputs)
    text = generate([X, y, params["W"]], flat, output_structure=structure)
    assert "    error = " in text
    assert text.endswith('    return {"error": error}\n')


def test_the_source_runs_without_symgrad():
    text = generate(*two_layer_net())
    program = (
        "import sys\n"
        f"{text}\n"
        "rng = np.random.default_rng(0)\n"
        "print(f(*(rng.standard_normal(s) for s in ((64, 1000), (64, 10), (1000, 100), (100, 10)))) > 0)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'symgrad', 'codegen', 'scipy', 'sympy'}))\n"
    )
    result = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "True\n[]\n"


def test_a_tensor_that_is_no_variable_can_be_an_input():
    x = sg.variable("x", (3,))
    h = sg.exp(x).named("h")
    text = generate([h, x], [sg.sum(h * x), sg.grad(sg.sum(h * h), h)])
    arrays = {h: np.array([1.0, 2.0, 3.0]), x: np.array([1.0, 1.0, 2.0])}
    value, gradient = run(text, arrays)
    assert value == 9
    np.testing.assert_array_equal(gradient, [2, 4, 6])
    assert "def f(h, x):" in text


def test_names_that_clash():
    x, again, words = sg.variable("x", (2,)), sg.variable("x", (3,)), sg.variable("lambda", (2,))
    h = (x * 2).named("softmax")
    outputs = [sg.softmax(h) + words, (again + 1).named("np"), (x + 1).named("f")]
    text = generate([x, again, words], outputs)
    arrays = {x: np.array([0.0, 1.0]), again: np.zeros(3), words: np.ones(2)}
    got = run(text, arrays)
    for a, b in zip(got, sg.evaluate(outputs, arrays), strict=True):
        np.testing.assert_allclose(a, b)


def test_missing_inputs_are_named():
    x, y = sg.variable("x"), sg.variable("y")
    with pytest.raises(sg.BindingError, match="not among the inputs: variable 'y'"):
        generate([x], [x * y])


def test_a_long_chain_makes_a_long_flat_function():
    x = y = sg.variable("x", (2,))
    for _ in range(3000):
        y = sg.sin(y) * 0.9 + x
    text = generate([x], [sg.sum(y), sg.grad(sg.sum(y), x)])
    nesting = max(_depth(statement) for statement in ast.parse(text).body[-1].body)
    assert nesting < 40
    assert len(text) < 200 * 9000
    value = np.array([0.3, 0.5])
    wanted = sg.evaluate([sg.sum(y), sg.grad(sg.sum(y), x)], {x: value})
    for a, b in zip(run(text, {x: value}), wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def _depth(statement):
    depth, level = 0, [statement]
    while level:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth

"""Compiled functions: they return what the interpreter returns, overwrite what they are told to, and share nothing."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings

import symgrad as sg
from symgrad.dtypes import is_float
from symgrad.evaluate import evaluate_nodes
from tests.codegen.agreement import arrays_for, assert_agrees, assert_runs_as_evaluated, check, distance_allowed
from tests.graphs import graphs

N, M = sg.dim("N"), sg.dim("M")
x, y = sg.variable("x", (4,)), sg.variable("y", (4,))
W, V = sg.variable("W", (3, 4)), sg.variable("V", (3, 4))
labels = sg.variable("labels", (3,), "int64")


def values_of(*shapes):
    generator = np.random.default_rng(1)
    return [generator.uniform(-2, 2, shape) for shape in shapes]


# agreement with the interpreter ---------------------------------------------------------------------------------------


@settings(max_examples=250)
@given(graphs())
def test_values_of_random_graphs(graph):
    function = sg.compile(graph.inputs, list(graph.outputs))
    assert_runs_as_evaluated(function, graph.outputs, graph.bindings)


@settings(max_examples=250)
@given(graphs())
def test_gradients_of_random_graphs(graph):
    graph = graph.with_gradients()
    function = sg.compile(graph.inputs, list(graph.outputs))
    assert_runs_as_evaluated(function, graph.outputs, graph.bindings)


@settings(max_examples=60)
@given(graphs(special=True))
def test_special_values_in_random_graphs(graph):
    function = sg.compile(graph.inputs, list(graph.outputs))
    assert_runs_as_evaluated(function, graph.outputs, graph.bindings)


@settings(max_examples=60)
@given(graphs())
def test_one_compiled_function_for_all_run_time_sizes(graph):
    function = sg.compile(graph.inputs, list(graph.outputs))
    for n in (0, 1, 2, 13):
        assert_runs_as_evaluated(function, graph.outputs, arrays_for(graph.inputs, {N: n}, n))


@settings(max_examples=60)
@given(graphs())
def test_random_updates(graph):
    """Every new value is computed from the old ones, whatever reads or overwrites what else."""
    targets = [v for v in graph.inputs if is_float(v.dtype)]
    updates = {}
    for i, target in enumerate(targets):
        alike = [v for v in (*graph.outputs, *targets) if (v.shape, v.dtype) == (target.shape, target.dtype)]
        other = alike[(7 * i + len(graph.outputs)) % len(alike)]
        choices = [other, other * 0.5 + target, other - sg.sum(target) / 8, target * 0.5]
        updates[target] = choices[(i + len(graph.outputs)) % len(choices)]
    outputs = list(graph.outputs[1:])
    function = sg.compile(graph.inputs, outputs, updates)
    wanted = evaluate_nodes([*outputs, *updates.values()], graph.bindings)
    distance = distance_allowed(wanted)
    arrays = {v: array.copy() for v, array in graph.bindings.items()}
    for node, result in zip(outputs, function(*arrays.values()), strict=True):
        assert_agrees(result, wanted[node], distance, node)
    for v, array in arrays.items():
        assert_agrees(array, wanted[updates[v]] if v in updates else graph.bindings[v], distance, v)


@pytest.mark.deep
@given(graphs(steps=20))
def test_many_more_random_graphs(graph):
    graph = graph.with_gradients()
    function = sg.compile(graph.inputs, list(graph.outputs))
    for bindings in (graph.bindings, *(arrays_for(graph.inputs, {N: n}, n) for n in (0, 1, 17))):
        assert_runs_as_evaluated(function, graph.outputs, bindings)


def test_products_read_the_memory_below_a_view_that_is_a_result_too():
    """The memory must be kept for them, although the result has an array of its own."""
    first = V @ W.T
    column = first[:, 0]
    later = (first * 2) @ first
    check([V, W], [column, (later @ first) @ column, sg.linalg.solve(later @ first + 50 * sg.eye(3), column)])


# arguments and results ------------------------------------------------------------------------------------------------


def test_results_have_the_nesting_of_the_outputs():
    function = sg.compile([x], {"a": x + 1, "b": [x, (sg.sum(x), x)]})
    result = function(np.arange(4.0))
    assert list(result) == ["a", "b"]
    np.testing.assert_array_equal(result["a"], [1, 2, 3, 4])
    assert result["b"][1][0] == 6
    assert sg.compile([x], [])(np.zeros(4)) == []


def test_results_are_arrays_of_their_own():
    constant = sg.constant(np.arange(4.0))
    given_array = np.arange(4.0)
    results = sg.compile([x], [x, x, x[::-1], constant, constant, x.reshape((2, 2))])(given_array)
    for i, result in enumerate(results):
        assert result.flags.writeable
        assert not np.shares_memory(result, given_array)
        assert not any(np.shares_memory(result, other) for other in results[:i])
        result[...] = -1
    np.testing.assert_array_equal(sg.compile([x], constant)(given_array), np.arange(4.0))


def test_inputs_may_nest():
    function = sg.compile([{"x": x, "more": [y]}, W], sg.sum(W @ x) + sg.sum(y))
    assert function({"x": [1.0, 0, 0, 0], "more": [np.ones(4)]}, np.ones((3, 4))) == 7
    with pytest.raises(sg.BindingError, match="nesting"):
        function({"x": np.ones(4)}, np.ones((3, 4)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), sg.BindingError, "takes 2 arguments .* 0 were given"),
        ((np.ones(4),), sg.BindingError, "1 were given"),
        ((np.ones(4, "float32"), [0, 1, 2]), sg.DtypeError, "'x' is declared float64, the array given is float32"),
        ((np.ones(4, ">f8"), [0, 1, 2]), sg.DtypeError, "'x' is declared float64"),
        ((np.ones(4, complex), [0, 1, 2]), sg.DtypeError, "complex128"),
        ((np.ones(3), [0, 1, 2]), sg.ShapeError, r"'x' has shape \(4,\), the array given has shape \(3,\)"),
        ((np.ones((4, 1)), [0, 1, 2]), sg.ShapeError, "'x' has shape"),
        ((3.0, [0, 1, 2]), sg.ShapeError, "'x' has shape"),
        ((None, [0, 1, 2]), sg.SymgradError, "'x'"),
        (("abcd", [0, 1, 2]), sg.BindingError, "'x'"),
        (([1, 2, 3, "a"], [0, 1, 2]), sg.BindingError, "'x'"),
        (([[1], [2, 3]], [0, 1, 2]), sg.BindingError, "'x'"),
        ((x, [0, 1, 2]), sg.BindingError, "'x' needs an array, not the symbolic tensor"),
        (({}, [0, 1, 2]), sg.BindingError, "'x'"),
        ((np.ones(4), [0.5, 1, 2]), sg.DtypeError, "'labels' is declared int64"),
        ((np.ones(4), [0, 1, 2**70]), sg.BindingError, "'labels'"),
        ((np.ones(4), [0, 1, 4]), sg.IndexRangeError, "index 4 in variable 'labels' .* axis of size 4"),
        ((np.ones(4), [0, 1, -5]), sg.IndexRangeError, "index -5 in variable 'labels'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        sg.compile([x, labels], x[labels])(*arguments)


def test_arrays_need_not_be_contiguous_or_aligned():
    (base,) = values_of((8, 9))
    misaligned = np.zeros(4 * 8 + 1, np.uint8)[1:].view(np.float64)
    misaligned[:] = base[0, :4]
    function = sg.compile([W, x], [W * 2, x + 1])
    for w in (base[:3, :4], base[::-2][:3, ::-2][:, :4], base.T[:3, :4], np.asfortranarray(base[:3, :4])):
        np.testing.assert_array_equal(function(w, misaligned)[0], w * 2)
    np.testing.assert_array_equal(function(base[:3, :4], misaligned)[1], base[0, :4] + 1)
    repeated = np.broadcast_to(base[0, 0], (3, 4))
    np.testing.assert_array_equal(function(repeated, base[0, :4])[0], repeated * 2)


def test_run_time_sizes_must_agree():
    a, b = sg.variable("a", (N, 2)), sg.variable("b", (N,))
    function = sg.compile([a, b], a * b[:, None])
    with pytest.raises(sg.ShapeError, match="the size N is 3 in variable 'a' but 4 in variable 'b'"):
        function(np.ones((3, 2)), np.ones(4))
    with pytest.raises(sg.ShapeError, match="'a' has shape"):
        function(np.ones((3, 3)), np.ones(3))


def test_extremes_of_nothing_are_refused():
    a = sg.variable("a", (N, 2))
    for extreme in (sg.max, sg.min, sg.argmax, sg.argmin):
        function = sg.compile([a], extreme(a, axis=0))
        function(np.ones((1, 2)))
        with pytest.raises(sg.ShapeError, match="of no entries"):
            function(np.ones((0, 2)))
    sums = [sg.sum(a, 0), sg.prod(a, 0), sg.any(a, 0), sg.all(a, 0), sg.logsumexp(a, 0), sg.max(a, 1), sg.softmax(a, 0)]
    check([a], sums, {N: 0})


def test_places_that_do_not_exist_are_refused():
    a = sg.variable("a", (N,))
    function = sg.compile([a], a[2] + a[-1])
    assert function(np.arange(3.0)) == 4
    with pytest.raises(sg.IndexRangeError, match="axis of size 2"):
        function(np.arange(2.0))
    with pytest.raises(sg.ShapeError, match="cannot be negative"):
        sg.compile([a], sg.zeros((N - 3,)) + sg.sum(a))(np.ones(2))


def test_results_that_no_memory_holds_are_refused():
    a = sg.variable("a", (N,))
    function = sg.compile([a], sg.broadcast_to(a[:, None, None], (N, N * 2**31, 2**20)))
    with pytest.raises((MemoryError, ValueError, OverflowError)):
        function(np.ones(2**10))


# nothing outside is ever read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
@pytest.mark.parametrize(
    "build",
    [
        lambda a: [sg.pad(a, ((2, 1), (0, 0)))],
        lambda a: [sg.concatenate([a, a[:0], a * 2, a[::-1]], 0)],
        lambda a: [sg.concatenate([sg.exp(a), a], 0) * 2, sg.concatenate([a, sg.cos(a)], 1)],
        lambda a: [sg.grad(sg.sum(a[1:] ** 2), a), sg.grad(sg.sum(sg.exp(a[:-1])), a)],
        lambda a: [sg.grad(sg.sum(a[::3] ** 2), a), sg.grad(sg.sum(a[::-1, 1:2] ** 3), a)],
        lambda a: [sg.cumsum(a, 0), sg.cumprod(a, 0), sg.grad(sg.sum(sg.cumprod(a, 0) ** 2), a)],
        lambda a: [sg.pad(sg.cos(sg.pad(a, ((1, 0), (0, 1)))), 1), sg.tile(a, (2, 2))],
        lambda a: [sg.pad(sg.take(a, sg.arange(N), axis=0), ((1, 1), (0, 0)))],
        lambda a: [sg.max(sg.concatenate([a, sg.zeros((1, 2))], 0), axis=0), sg.sum(sg.pad(a, 1), axis=0)],
    ],
)
def test_windows_of_arrays_that_may_be_empty(build, n):
    a = sg.variable("a", (N, 2))
    check([a], build(a), {N: n})


# indices --------------------------------------------------------------------------------------------------------------

INDEXED = {
    "take": lambda i: sg.take(W, i, axis=0),
    "gather": lambda i: W[i, i],
    "take_along_axis": lambda i: sg.take_along_axis(W, i[:, None], 1),
    "scatter_add": lambda i: sg.scatter_add(W, i, 3, axis=0),
    "cross_entropy": lambda i: sg.nn.cross_entropy(W[:, :3], i),
    "hinge": lambda i: sg.nn.hinge(W[:, :3], i),
    "computed": lambda i: sg.take(W, i * 1, axis=0),
    "unused": lambda i: sg.where(True, W, W[i, i][:, None]),
}


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("name", INDEXED)
def test_indices_out_of_range_are_refused(name, dtype):
    """In values and in gradients alone, also where lowering has replaced the indexing by comparisons."""
    i = sg.variable("i", (3,), dtype)
    result = INDEXED[name](i)
    functions = [sg.compile([W, i], [result]), sg.compile([W, i], [sg.grad(sg.sum(result * result), W)])]
    (w,) = values_of((3, 4))
    for function in functions:
        for good in ([0, 1, 2], [-3, -1, 0]):
            function(w, np.array(good, dtype))
        for bad in ([0, 5, 0], [-6, 0, 0], [0, 0, np.iinfo(dtype).max], [np.iinfo(dtype).min, 0, 0]):
            with pytest.raises(sg.IndexRangeError, match="out of range"):
                function(w, np.array(bad, dtype))


def test_indices_made_in_the_graph_are_checked():
    i = sg.variable("i", (3,), "int64")
    function = sg.compile([x, i], x[sg.cumsum(i)])
    assert function(np.arange(4.0), np.array([0, 1, 2])).tolist() == [0, 1, 3]
    with pytest.raises(sg.IndexRangeError, match="out of range for an axis of size 4"):
        function(np.arange(4.0), np.array([0, 2, 2]))


def test_indices_into_run_time_sizes():
    a, i = sg.variable("a", (N, 2)), sg.variable("i", (M,), "int64")
    function = sg.compile([a, i], [a[i], sg.grad(sg.sum(a[i] ** 2), a)])
    for n, places in ((3, [2, -3, 0]), (1, [0, -1]), (0, [])):
        arrays = {a: np.arange(2.0 * n).reshape(n, 2), i: np.array(places, "int64")}
        assert_runs_as_evaluated(function, [a[i], sg.grad(sg.sum(a[i] ** 2), a)], arrays)
    for n, places in ((3, [3]), (3, [-4]), (0, [0]), (1, [0, 1])):
        with pytest.raises(sg.IndexRangeError):
            function(np.ones((n, 2)), np.array(places, "int64"))


def test_one_hot_of_no_class_is_zero():
    np.testing.assert_array_equal(sg.compile([labels], sg.one_hot(labels, 2))([0, 5, -1]), [[1, 0], [0, 0], [0, 0]])


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_integers_divide_and_wrap_as_in_numpy(dtype):
    a, b = sg.variable("a", (6,), dtype), sg.variable("b", (6,), dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    outputs = [a // b, a % b, a * b, a + b, a - b, -a, abs(a), a * a, sg.sum(a), sg.cumsum(b)]
    arrays = {a: np.array([7, -7, low, high, low, 0], dtype), b: np.array([0, 2, -1, high, low, 0], dtype)}
    assert_runs_as_evaluated(sg.compile([a, b], outputs), outputs, arrays)


# updates --------------------------------------------------------------------------------------------------------------

a, b, c = (sg.variable(name, (3,)) for name in "abc")


def updated(updates, arrays, inputs=None, outputs=()):
    """Run a function on copies of the arrays; return the copies, and the results."""
    copies = [np.array(array) for array in arrays]
    results = sg.compile(inputs or list(updates), list(outputs), updates)(*copies)
    return [*copies, *results]


def test_updates_see_old_values_only():
    one, two, three = np.arange(3.0), np.arange(3.0) + 10, np.arange(3.0) + 20
    swapped = updated({a: b, b: a}, [one, two])
    np.testing.assert_array_equal(swapped, [two, one])
    rotated = updated({a: b, b: c, c: a}, [one, two, three])
    np.testing.assert_array_equal(rotated, [two, three, one])
    chained = updated({a: a + b, b: b * 2, c: sg.sum(a) + c}, [one, two, three])
    np.testing.assert_array_equal(chained, [one + two, two * 2, three + one.sum()])
    mixed = updated({a: a + b, b: sg.cumsum(b), c: c[::-1] + a}, [one, two, three])
    np.testing.assert_array_equal(mixed, [one + two, np.cumsum(two), three[::-1] + one])


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (a, lambda u, v: u),
        (b, lambda u, v: v),
        (sg.zeros(3), lambda u, v: 0 * u),
        (sg.constant([7.0, 8, 9]), lambda u, v: [7, 8, 9]),
        (a[::-1], lambda u, v: u[::-1]),
        (a[::-1] + a, lambda u, v: u[::-1] + u),
        (a - sg.mean(a), lambda u, v: u - u.mean()),
        (sg.softmax(a), lambda u, v: np.exp(u) / np.exp(u).sum()),
        (a[np.array([2, 0, 0])] * b, lambda u, v: u[[2, 0, 0]] * v),
        (sg.outer(a, b) @ a, lambda u, v: np.outer(u, v) @ u),
        (sg.concatenate([a[1:], a[:1]]), lambda u, v: np.roll(u, -1)),
    ],
)
def test_what_an_update_may_read(value, wanted):
    u, v, _ = updated({a: value}, [[1.0, 2, 4], [3.0, 5, 6]], [a, b], [b])
    np.testing.assert_allclose(u, wanted(np.array([1.0, 2, 4]), np.array([3.0, 5, 6])), rtol=1e-14)
    np.testing.assert_array_equal(v, [3, 5, 6])


def test_a_new_value_may_be_an_output_and_the_new_value_of_others():
    new = a * 2 + b
    *arrays, total = updated({a: new, b: new}, [np.ones(3), np.arange(3.0)], [a, b], [new, sg.sum(new)])
    for array in arrays:
        np.testing.assert_array_equal(array, 2 + np.arange(3.0))
    assert total == 9


def test_steps_of_adam():
    w, m, v, t = sg.variable("w", (3, 4)), sg.variable("m", (3, 4)), sg.variable("v", (3, 4)), sg.variable("t")
    loss = sg.sum(sg.tanh(w @ x) ** 2)
    g = sg.grad(loss, w)
    new_m, new_v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
    step = new_m / (1 - 0.9 ** (t + 1)) / (sg.sqrt(new_v / (1 - 0.99 ** (t + 1))) + 1e-8)
    updates = {w: w - 0.1 * step, m: new_m, v: new_v, t: t + 1}
    function = sg.compile([w, m, v, t, x], loss, updates)
    arrays = {w: values_of((3, 4))[0], m: np.zeros((3, 4)), v: np.zeros((3, 4)), t: np.array(0.0), x: np.ones(4)}
    for _ in range(3):
        wanted = sg.evaluate([loss, *updates.values()], arrays)
        np.testing.assert_allclose(function(*arrays.values()), wanted[0], rtol=1e-12)
        for variable, value in zip(updates, wanted[1:], strict=True):
            np.testing.assert_allclose(arrays[variable], value, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "int64", "int32", "bool"])
def test_updates_of_every_dtype_and_shape(dtype):
    for shape in ((), (5,), (0,), (2, 3)):
        p, q = sg.variable("p", shape, dtype), sg.variable("q", shape, dtype)
        new = sg.where(sg.equal(p, q), q, p)[..., None][..., 0]
        arrays = arrays_for([p, q], {}, 3)
        wanted = sg.evaluate(new, arrays)
        sg.compile([p, q], [], {q: new})(*arrays.values())
        np.testing.assert_array_equal(arrays[q], wanted)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_updates_with_run_time_sizes(n):
    p, q = sg.variable("p", (N, 2)), sg.variable("q", (2,))
    updates = {p: p - sg.mean(p, axis=1, keepdims=True) * q, q: q + sg.sum(p, axis=0)}
    arrays = arrays_for([p, q], {N: n}, n)
    wanted = sg.evaluate(list(updates.values()), arrays)
    sg.compile([p, q], [], updates)(*arrays.values())
    np.testing.assert_allclose(arrays[p], wanted[0], rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(arrays[q], wanted[1], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    "select",
    [
        lambda z: (z[:3, :4], z[3:6, :4]),
        lambda z: (z[:3, :4], z[:3, 4:8]),
        lambda z: (z.T[:3, :4], z.T[6:9, 4:8]),
        lambda z: (z[::-4, ::-3], z[1:10:4, :4]),
        lambda z: (z[:3, ::3], z[:3, 1::3]),
    ],
)
def test_arrays_that_are_updated_need_not_be_contiguous(select):
    (base,) = values_of((12, 12))
    buffer, expected = base.copy(), base.copy()
    (w, v), (new_w, new_v) = select(buffer), select(expected)
    old_w, old_v = w.copy(), v.copy()
    total = sg.compile([W, V], sg.sum(W), {W: W * 2 + V, V: W - V})(w, v)
    np.testing.assert_allclose(total, old_w.sum(), rtol=1e-14)
    new_w[...], new_v[...] = old_w * 2 + old_v, old_w - old_v
    np.testing.assert_allclose(buffer, expected, rtol=1e-14)


def test_an_array_that_is_updated_and_given_twice_is_read_as_it_was():
    base = np.arange(10.0)
    function = sg.compile([a, b], sg.sum(b), {a: a + b[::-1]})
    for first, second in ((slice(0, 3), slice(0, 3)), (slice(0, 3), slice(1, 4)), (slice(2, 5), slice(0, 3))):
        buffer = base.copy()
        assert function(buffer[first], buffer[second]) == base[second].sum()
        np.testing.assert_array_equal(buffer[first], base[first] + base[second][::-1])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (lambda z: ([1.0, 2, 3], z[:3]), sg.BindingError, "'a' is updated in place and needs an array, not list"),
        (lambda z: (np.broadcast_to(z[0], 3), z[:3]), sg.BindingError, "'a' is updated .* read-only"),
        (lambda z: (z[:3], z[:3]), sg.BindingError, "'a'.* and .*'b' are both updated in place but share memory"),
        (lambda z: (z[:3], z[2:5]), sg.BindingError, "share memory"),
        (lambda z: (z[:5:2], z[:5:2][::-1]), sg.BindingError, "share memory"),
        (lambda z: (z[:3].astype("float32"), z[:3]), sg.DtypeError, "'a' is declared float64"),
        (lambda z: (z[:4], z[4:7]), sg.ShapeError, "'a' has shape"),
        (lambda z: (z[:3], None), sg.SymgradError, "'b'"),
    ],
)
def test_arrays_that_cannot_be_updated_are_refused(arguments, error, message):
    base = np.arange(10.0)
    with pytest.raises(error, match=message):
        sg.compile([a, b], [], {a: a + 1, b: b + a})(*arguments(base))
    np.testing.assert_array_equal(base, np.arange(10.0))


INDICES = {"given": lambda i: i, "summed": lambda i: sg.cumsum(i), "from a result": lambda i: sg.argmin(a) + i}


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("order", [1, -1])
def test_a_call_that_fails_has_not_updated_anything(index, order):
    i = sg.variable("i", (3,), "int64")
    values = {a: a + 1, b: b + x[INDICES[index](i)], c: c * 2 + a}
    function = sg.compile([a, b, c, i, x], sg.sum(a), dict(list(values.items())[::order]))
    arrays = [np.arange(3.0) + k for k in range(3)]
    with pytest.raises(sg.IndexRangeError):
        function(*arrays, np.array([0, 1, 9]), np.arange(4.0))
    np.testing.assert_array_equal(arrays, [np.arange(3.0) + k for k in range(3)])
    function(*arrays, np.array([0, 0, 0]), np.arange(4.0))
    np.testing.assert_array_equal(arrays[0], np.arange(3.0) + 1)


# threads and lifetimes ------------------------------------------------------------------------------------------------


def test_many_threads_may_call_one_function():
    p, q = sg.variable("p", (N, 20)), sg.variable("q", (20, 7))
    outputs = [sg.softmax(p @ q), sg.sum(p, axis=0), sg.grad(sg.sum(sg.tanh(p @ q)), q)]
    function = sg.compile([p, q], outputs)
    cases = [arrays_for([p, q], {N: n}, n) for n in range(1, 9)]
    wanted = [sg.evaluate(outputs, case) for case in cases]

    def work(start):
        for turn in range(40):
            k = (start + turn) % len(cases)
            for got, expected in zip(function(*cases[k].values()), wanted[k], strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_threads_may_compile_at_the_same_time_and_drop_what_they_compiled():
    barrier = threading.Barrier(6)

    def work(seed):
        barrier.wait()
        for turn in range(8):
            # Some kernels are those of the other threads too, some are this thread's own.
            outputs = [sg.exp(x) * 2, sg.sum(x * y), x * (turn % 3 + 2.0), x + (seed * 8.0 + turn)]
            function = sg.compile([x, y], outputs)
            one, two = np.full(4, 0.5), np.arange(4.0)
            wanted = sg.evaluate(outputs, {x: one, y: two})
            for got, expected in zip(function(one, two), wanted, strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-14)
            if turn % 3 == 0:
                gc.collect()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(6)))


def test_a_function_lives_on_when_those_that_share_its_kernels_are_gone():
    first = sg.compile([x], [sg.tanh(x) * 3, sg.sum(x)])
    second = sg.compile([x], [sg.tanh(x) * 3, sg.max(x)])
    del first
    gc.collect()
    np.testing.assert_allclose(second(np.ones(4))[0], np.tanh(1) * 3)


# looking --------------------------------------------------------------------------------------------------------------


def test_texts_of_a_function():
    function = sg.compile([W, x], sg.sum(W @ x + 1))
    assert repr(function).startswith("<compiled function of variable 'W', variable 'x': ")
    assert repr(function).endswith(f"{len(function.kernels)} kernels>")
    assert function.llvm_ir.count("define ") >= len({kernel.symbol for kernel in function.kernels})
    assert "ret" in function.assembly
    assert "def " in function.source

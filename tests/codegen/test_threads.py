"""Threads: programs cut into many chunks give the same results, to the last bit, on any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgrad as sg
from codegen.function import Function
from codegen.llvm.target import cores
from codegen.program import levels
from symgrad.dtypes import is_float
from symgrad.errors import SymgradError
from tests.codegen.agreement import assert_runs_as_evaluated
from tests.graphs import graphs
from tests.networks import network

X = sg.variable("X", (64, 40))
W = sg.variable("W", (40, 24))


@pytest.fixture
def finely_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut programs into as many chunks as they have rows."""
    monkeypatch.setattr(levels, "SERIAL_WORK", 0)
    monkeypatch.setattr(levels, "CHUNK_WORK", 1e-3)
    monkeypatch.setattr(levels, "least_rows", lambda step: 1)


@pytest.fixture(autouse=True)
def same_number_afterwards() -> Iterator[None]:
    before = sg.get_threads()
    yield
    sg.set_threads(before)


def on_threads(function: Function, arrays: list[np.ndarray], counts: tuple[int, ...] = (1, 2, 3)) -> list[np.ndarray]:
    """Return the results on one thread, after checking that they are the same on more."""
    results = []
    for count in counts:
        sg.set_threads(count)
        results.append(function(*arrays))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    return results[0]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graph=graphs())
def test_random_gradients_finely_cut(finely_cut, graph):
    graph = graph.with_gradients()
    function = sg.compile(graph.inputs, list(graph.outputs))
    for count in (1, 2):
        sg.set_threads(count)
        assert_runs_as_evaluated(function, graph.outputs, graph.bindings)
    with suppress(IndexError, ValueError):
        on_threads(function, list(graph.bindings.values()))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graph=graphs())
def test_random_updates_finely_cut(finely_cut, graph):
    targets = [v for v in graph.inputs if is_float(v.dtype)]
    updates = {v: v * 0.5 + sg.sum(v) / 8 if i % 2 else v - 0.1 * v for i, v in enumerate(targets)}
    outputs = [output * 1 for output in graph.outputs]
    function = sg.compile(graph.inputs, outputs, updates)
    found = []
    for count in (1, 2):
        sg.set_threads(count)
        arrays = [array.copy() for array in graph.bindings.values()]
        try:
            found.append([*function(*arrays), *arrays])
        except (IndexError, ValueError):
            return
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
    wanted = sg.evaluate([*updates.values()], graph.bindings)
    for value, array in zip(wanted, [found[0][len(outputs) + graph.inputs.index(v)] for v in updates], strict=True):
        np.testing.assert_allclose(array, value, rtol=1e-4, atol=1e-4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False))
def test_random_networks_finely_cut(finely_cut, random):
    graph = network(random).graph()
    function = sg.compile(graph.inputs, list(graph.outputs))
    sg.set_threads(2)
    assert_runs_as_evaluated(function, graph.outputs, graph.bindings)
    on_threads(function, list(graph.bindings.values()), (1, 2, 2, 3))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False))
def test_random_networks_trained_finely_cut(finely_cut, random):
    """Weights, and an input that all rows read, change in place behind all that reads them."""
    net = network(random, layers=4)
    loss, *gradients = net.graph().outputs[: 2 + len(net.weights)]
    x = net.pool[0]
    updates = {w: w - 0.1 * g for w, g in zip(net.weights, gradients, strict=False)} | {x: x * 0.5 + 1}
    bindings = net.bindings
    function = sg.compile(list(bindings), loss, updates)
    found = []
    for count in (1, 2, 3):
        sg.set_threads(count)
        arrays = [array.copy() for array in bindings.values()]
        found.append([*(function(*arrays) for _ in range(2)), *arrays])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    arrays = dict(bindings)
    for _ in range(2):
        new = dict(zip(updates, sg.evaluate(list(updates.values()), arrays), strict=True))
        arrays |= new
    for array, wanted in zip(found[0][2:], arrays.values(), strict=True):
        np.testing.assert_allclose(array, wanted, rtol=0, atol=2e-3 if net.dtype == "float32" else 1e-9)


def training_step(rows: int, width: int, depth: int) -> tuple[Function, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    x, labels = sg.variable("x", (rows, width)), sg.variable("labels", (rows,), dtype="int64")
    weights = [sg.variable(f"w{i}", (width, width)) for i in range(depth)]
    h = x
    for w in weights:
        h = sg.tanh(h @ w)
    loss = sg.nn.cross_entropy(h, labels)
    gradients = sg.grad(loss, weights)
    function = sg.compile([x, labels, *weights], [loss, *gradients])
    arrays = [rng.standard_normal((rows, width)), rng.integers(0, width, rows)]
    return function, [*arrays, *(rng.standard_normal((width, width)) / width**0.5 for _ in range(depth))]


def test_a_network_is_cut_where_rows_meet():
    function, arrays = training_step(256, 96, 3)
    on_threads(function, arrays, (1, 2, 2, 5))
    chains = [[strand.chain for strand in level] for level in function._program.levels]
    # The check of the labels; forward and backward through the rows; the gradients, and the loss put together.
    assert [len(level) for level in chains[:2]] == [1, 1]
    assert chains[1][0].rows == 256
    assert chains[1][0].chunks == 4
    assert len(chains[1][0].steps) > 6


def test_sums_of_products_in_a_chain():
    x, *weights = sg.variable("x", (256, 96)), *(sg.variable(f"w{i}", (96, 96)) for i in range(3))
    t = sg.tanh(x @ weights[0])
    y = sg.tanh(t @ weights[1] + t @ weights[2]) @ weights[0] * t
    function = sg.compile([x, *weights], [y])
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((256, 96)), *(rng.standard_normal((96, 96)) / 10 for _ in weights)]
    (result,) = on_threads(function, arrays)
    np.testing.assert_allclose(result, sg.evaluate(y, dict(zip([x, *weights], arrays, strict=True))), rtol=1e-9)


def test_the_first_matrix_that_cannot_be_factored_is_told_of():
    matrices = [sg.variable(f"m{i}", (40, 40)) for i in range(4)]
    function = sg.compile(matrices, [sg.linalg.cholesky(m) for m in matrices])
    arrays = [np.eye(40) for _ in matrices]
    arrays[1][30, 30] = arrays[2][3, 3] = -1
    told = set()
    for count in (1, 2, 3):
        sg.set_threads(count)
        for _ in range(20):
            with pytest.raises(sg.SymgradError, match="positive definite") as raised:
                function(*arrays)
            told.add(str(raised.value))
    assert len(told) == 1


def test_failing_checks_stop_all_threads():
    function, arrays = training_step(256, 96, 2)
    for _ in range(50):
        arrays[1][7] = 1000
        with pytest.raises(IndexError, match="1000"):
            function(*arrays)
        arrays[1][7] = 3
        function(*arrays)


def test_many_callers_at_once():
    function, arrays = training_step(256, 96, 2)
    sg.set_threads(2)
    wanted = function(*arrays)
    wrong: list[object] = []

    def call() -> None:
        for _ in range(30):
            for a, b in zip(wanted, function(*arrays), strict=True):
                if not np.array_equal(a, b):
                    wrong.append((a, b))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_workers_sleep_and_wake():
    function, arrays = training_step(256, 96, 2)
    sg.set_threads(2)
    wanted = function(*arrays)
    for pause in (0.0, 0.05, 0.0, 0.1):
        time.sleep(pause)
        for a, b in zip(wanted, function(*arrays), strict=True):
            np.testing.assert_array_equal(a, b)
    time.sleep(0.1)
    start = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - start < 0.2  # nothing spins


def test_the_number_of_threads_is_a_number():
    for wrong in (0, -1, 257, 2.5, "two"):
        with pytest.raises(SymgradError, match="number of threads"):
            sg.set_threads(wrong)
    sg.set_threads(3)
    assert sg.get_threads() == 3
    sg.set_threads()
    assert sg.get_threads() == min(len(cores()), 256)


SCRIPT = """
import os, sys
import numpy as np
import symgrad as sg
x = sg.variable("x", (400, 400))
f = sg.compile([x], [sg.sum(sg.exp(x @ x)), sg.grad(sg.sum(sg.tanh(x @ x)), x)])
array = np.random.default_rng(0).standard_normal((400, 400)) / 30
sg.set_threads(3)
wanted = f(array)
"""


def run(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + script],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_has_threads_of_its_own():
    script = """
for _ in range(3):
    child = os.fork()
    if child == 0:
        again = f(array)
        os._exit(0 if all(np.array_equal(a, b) for a, b in zip(wanted, again)) else 1)
    _, status = os.waitpid(child, 0)
    print(status)
    f(array)
"""
    assert run(script).split() == ["0", "0", "0"]


def test_a_process_ends_while_workers_look_for_work():
    for _ in range(5):
        assert run("print(sg.get_threads())") == "3\n"


def test_the_environment_says_how_many():
    assert run("", SYMGRAD_NUM_THREADS="1") == ""
    script = "import symgrad as sg; print(sg.get_threads())"
    for number, wanted in (("1", 1), ("7", 7), ("nonsense", min(len(cores()), 256))):
        environment = os.environ | {"SYMGRAD_NUM_THREADS": number}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
        )
        assert int(done.stdout) == wanted

"""The entry as a whole: failures, calls inside calls, threads, lifetimes, memory."""

import gc
import sys
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import symgrad as sg
from codegen.entry.code import entry

N = sg.dim("N")
x, y = sg.variable("x", (4,)), sg.variable("y", (4,))
labels = sg.variable("labels", (3,), "int64")


def test_it_is_made_once():
    assert entry() is entry()
    assert entry().address("call") != entry().address("release")


def test_failures_of_the_program_are_raised(slow_calls):
    function = sg.compile([x, labels], x[labels])
    with pytest.raises(sg.IndexRangeError, match=r"index 4 in variable 'labels' .* axis of size 4"):
        function(np.ones(4), np.array([0, 4, 1]))
    a = sg.variable("a", (2, 2))
    with pytest.raises(sg.LinearAlgebraError, match="matrix"):
        sg.compile([a], sg.linalg.cholesky(a))(-np.eye(2))
    np.testing.assert_array_equal(function(np.arange(4.0), np.array([0, 3, 1])), [0, 3, 1])
    assert not slow_calls


def test_failures_with_run_time_sizes():
    a, i = sg.variable("a", (N,)), sg.variable("i", (2,), "int64")
    function = sg.compile([a, i], a[i])
    for n in (3, 2, 3):
        function(np.ones(n), np.array([0, n - 1]))
        with pytest.raises(sg.IndexRangeError, match=f"index {n} .* axis of size {n}"):
            function(np.ones(n), np.array([0, n]))


def test_references_are_balanced():
    function = sg.compile([[x, {"y": y}], labels], {"sum": [x + y], "taken": (x[labels], x[labels])})
    one, two, index, wrong = np.ones(4), np.ones(4), np.array([0, 1, 2]), np.array([0, 1, 9])
    inner = {"y": two}
    outer = [one, inner]
    objects = [one, two, index, wrong, inner, outer, one.dtype, "y", "sum", None, (), np.ndarray, function]

    def work():
        for _ in range(200):
            function(outer, index)
            for arguments in ((outer, wrong), (outer,), (outer, index, index), ([one, {"z": two}], index)):
                with pytest.raises(sg.SymgradError):
                    function(*arguments)
            function([one, {"y": [1, 2, 3, 4]}], index)

    work()
    gc.collect()
    before = [sys.getrefcount(thing) for thing in objects]
    work()
    gc.collect()
    after = [sys.getrefcount(thing) for thing in objects]
    assert all(abs(a - b) < 50 for a, b in zip(after, before, strict=True)), (before, after)


def test_calls_leave_no_memory_behind():
    function = sg.compile([x, y], [x @ y, x * y, sg.outer(x, y)])
    one, two = np.ones(4), np.ones(4)

    def work():
        for _ in range(2000):
            function(one, two)
            function([1, 2, 3, 4], two)

    work()
    tracemalloc.start()
    work()
    gc.collect()
    first = tracemalloc.get_traced_memory()[0]
    work()
    gc.collect()
    second = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert second - first < 2000  # a byte a call


def test_functions_are_freed_with_all_that_is_theirs():
    for _ in range(20):
        function = sg.compile([x], [x * 3, sg.cumsum(x)])
        function(np.ones(4))
        reference = weakref.ref(function)
        del function
        gc.collect()
        assert reference() is None


def test_a_call_inside_a_call():
    inner: dict = {}

    class Key:
        def __init__(self, active: bool) -> None:
            self.active = active

        def __hash__(self) -> int:
            return 7

        def __eq__(self, other: object) -> bool:
            if self.active:
                self.active = False
                inner["result"] = function({key: np.full(4, 5.0)})
            return True

    key = Key(False)
    function = sg.compile([{key: x}], sg.cumsum(x) * sg.sum(x))
    np.testing.assert_array_equal(function({Key(True): np.ones(4)}), [4, 8, 12, 16])
    np.testing.assert_array_equal(inner["result"], [100, 200, 300, 400])


@pytest.mark.parametrize("size", [3, 300])
def test_many_threads_at_once(size):
    """With 300 rows the interpreter is free while the program runs."""
    a, b = sg.variable("a", (N, size)), sg.variable("b", (size, size))
    outputs = [sg.tanh(a @ b), sg.sum(a), a @ (b * 2)]
    function = sg.compile([a, b], outputs)
    rng = np.random.default_rng(0)
    cases = [[rng.uniform(-1, 1, (n, size)), rng.uniform(-1, 1, (size, size))] for n in range(1, 2 * size, size // 3)]
    wanted = [sg.evaluate(outputs, {a: one, b: two}) for one, two in cases]
    barrier = threading.Barrier(6)

    def work(start):
        barrier.wait()
        for turn in range(30):
            k = (start + turn) % len(cases)
            for got, expected in zip(function(*cases[k]), wanted[k], strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)
        return True

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(6)))


def test_plans_that_go_while_other_threads_run_them():
    a = sg.variable("a", (N, 200))
    function = sg.compile([a], a @ a.T @ a)
    rng = np.random.default_rng(0)
    big = rng.uniform(-1, 1, (300, 200))
    wanted = big @ big.T @ big
    done = threading.Event()

    def plan():
        n = 1
        while not done.is_set():
            n = n % 250 + 1
            function(np.zeros((n, 200)))

    thread = threading.Thread(target=plan)
    thread.start()
    try:
        for _ in range(60):
            np.testing.assert_allclose(function(big), wanted, rtol=1e-9, atol=1e-9)
    finally:
        done.set()
        thread.join()


def test_other_threads_run_python_during_long_calls():
    a = sg.variable("a", (1200, 1200))
    function = sg.compile([a], a @ a @ a @ a)
    value = np.eye(1200)
    function(value)
    turns, inside = 0, threading.Event()

    def count():
        nonlocal turns
        inside.set()
        while inside.is_set():
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    inside.wait()
    try:
        before = turns
        function(value)
        assert turns > before
    finally:
        inside.clear()
        thread.join()

"""Plans in the tables of a function."""

import ctypes
import gc
import threading
import weakref

import numpy as np
import pytest

import symgrad as sg
from codegen.entry.layout import MOST_PLANS, Plan, State
from codegen.entry.state import Entry, Sized, Slots

N = sg.dim("N")
a = sg.variable("a", (N, 3))


class Code:
    """What keeps a plan's code."""


def sized(n: int) -> Sized:
    return Sized(0, 100 * n, [(n, 3)], [(n,)], [], False)


@pytest.fixture
def filled():
    from codegen.arguments import Arguments

    return Entry(Arguments([a], [sg.sum(a, axis=1)], {}), Slots([], 1, [0]), print, print)


def state_of(entry: Entry) -> State:
    return entry._state


def test_the_oldest_plan_goes(filled):
    owners = [Code() for _ in range(MOST_PLANS + 3)]
    references = [weakref.ref(owner) for owner in owners]
    for n, owner in enumerate(owners):
        filled.install(sized(n), owner)
        filled.install(sized(n), owner)
    del owners, owner
    gc.collect()
    assert [reference() is None for reference in references] == [True] * 3 + [False] * MOST_PLANS
    plans = [Plan.from_address(address) for address in state_of(filled).plans]
    shapes = sorted(ctypes.c_int64.from_address(plan.shapes).value for plan in plans)
    assert shapes == list(range(3, MOST_PLANS + 3))


def test_threads_that_install_plans_at_the_same_time(filled):
    def work(start):
        for turn in range(300):
            filled.install(sized(start + turn % 50), Code())

    threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = {ctypes.addressof(kept[-1]) for kept in filled._plans}
    assert held == set(state_of(filled).plans)


def test_blocks_hold_the_largest_arena(filled):
    start = state_of(filled).arena
    assert start % 64 == 0
    for n in (5, 2):
        filled.install(sized(n), Code())
        assert state_of(filled).block_bytes == start + 500


def test_repeated_results_and_updates_are_copied():
    x, y = sg.variable("x", (4,)), sg.variable("y", (4,))
    one, two = np.arange(4.0), np.arange(4.0) + 10
    results = sg.compile([x, y], [x + y, x + y, x + y], {x: y, y: x})(one, two)
    for i, result in enumerate(results):
        np.testing.assert_array_equal(result, [10, 12, 14, 16])
        assert not any(np.shares_memory(result, other) for other in results[:i])
    np.testing.assert_array_equal([one, two], [np.arange(4.0) + 10, np.arange(4.0)])

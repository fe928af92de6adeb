"""Results: their nesting, and arrays of earlier calls that are used again only when nobody can tell."""

import gc
import sys
import weakref

import numpy as np
import optree
import pytest

import symgrad as sg

N = sg.dim("N")
x, y = sg.variable("x", (4,)), sg.variable("y", (4,))


@pytest.mark.parametrize(
    "outputs",
    [
        x,
        [],
        (),
        {},
        [x],
        (x,),
        {"u": x},
        [x, (x, [x * 2, {}]), {"b": x + 1, "a": (x - 1,)}],
        {"b": [], "a": {3: x, 1: (x, x)}},
        [[[[[x]]]]],
    ],
)
def test_results_have_the_nesting_and_the_order_of_the_outputs(outputs, slow_calls):
    function = sg.compile([x], outputs)
    value = np.arange(4.0)
    result = function(value)
    assert not slow_calls
    leaves, tree = optree.tree_flatten(outputs)
    assert repr(result) == repr(optree.tree_unflatten(tree, [sg.evaluate(leaf, {x: value}) for leaf in leaves]))
    assert isinstance(result, type(outputs) if not isinstance(outputs, sg.Tensor) else np.ndarray)


def test_results_that_are_held_are_never_overwritten():
    function = sg.compile([x], [x, x, x * 2])
    held = [(value, function(np.full(4, value))) for value in np.arange(30.0)]
    for value, (first, second, third) in held:
        assert not np.shares_memory(first, second)
        np.testing.assert_array_equal(first, np.full(4, value))
        np.testing.assert_array_equal(second, np.full(4, value))
        np.testing.assert_array_equal(third, np.full(4, 2 * value))


@pytest.mark.parametrize(
    "hold",
    [
        lambda array: array[1:],
        lambda array: array.reshape(2, 2).T,
        memoryview,
        lambda array: array.data,
        lambda array: array.__array_interface__ and [array],
        lambda array: np.asarray(array),
        lambda array: array.flat,
        lambda array: np.lib.stride_tricks.sliding_window_view(array, 2),
        lambda array: np.from_dlpack(array),
    ],
)
def test_memory_that_somebody_still_sees_is_not_used_again(hold):
    function = sg.compile([x], x * 2)
    kept = [hold(function(np.full(4, float(value)))) for value in range(6)]
    for value, what in enumerate(kept):
        entries = np.array(list(what) if isinstance(what, np.flatiter) else what).ravel()
        np.testing.assert_array_equal(entries, np.full(len(entries), 2.0 * value))


def test_memory_is_used_again_when_results_are_gone():
    function = sg.compile([x], x * 2)
    addresses = {function(np.ones(4)).ctypes.data for _ in range(50)}
    assert len(addresses) <= 2
    addresses = set()
    for _ in range(50):
        result = function(np.ones(4))  # held during the next call
        addresses.add(result.ctypes.data)
    assert len(addresses) <= 3


@pytest.mark.parametrize(
    "change",
    [
        lambda array: array.setflags(write=False),
        lambda array: setattr(array, "shape", (2, 2)),
        lambda array: setattr(array, "dtype", np.int64),
        lambda array: array.resize((7,), refcheck=False),
        lambda array: array.__setstate__((1, (4,), np.dtype("f8"), False, bytes(32))),
        lambda array: array.__setstate__((1, (2,), np.dtype("f4"), False, bytes(8))),
        lambda array: array.byteswap(inplace=True),
        lambda array: array.fill(np.nan),
    ],
)
def test_arrays_that_were_changed_by_their_users(change):
    function = sg.compile([x], [x * 2])
    for value in np.arange(10.0):
        change(function(np.full(4, value))[0])
        (result,) = function(np.full(4, value))
        assert result.flags.writeable
        assert result.flags.owndata
        assert result.dtype == "f8"
        np.testing.assert_array_equal(result, np.full(4, 2 * value))


def test_weak_references_see_their_array_go():
    function = sg.compile([x], x * 2)
    told = []
    for value in np.arange(5.0):
        result = function(np.full(4, value))
        reference = weakref.ref(result, told.append)
        del result
        np.testing.assert_array_equal(function(np.full(4, -value)), np.full(4, -2 * value))
        seen = reference()
        if seen is not None:
            np.testing.assert_array_equal(seen, np.full(4, 2 * value))
    del function, seen
    gc.collect()
    assert reference() is None


def test_results_outlive_their_function():
    function = sg.compile([x], [x * 2, x])
    results = function(np.ones(4))
    references = [sys.getrefcount(result) for result in results]
    del function
    gc.collect()
    assert [sys.getrefcount(result) for result in results] == [count - 1 for count in references]
    np.testing.assert_array_equal(results, [np.full(4, 2.0), np.ones(4)])


def test_results_of_changing_sizes():
    a = sg.variable("a", (N,))
    function = sg.compile([a], [a + 1, sg.sum(a)])
    for n in [0, 3, 3, 0, 5, 3, 1, 1, 5, 0]:
        more, total = function(np.ones(n))
        np.testing.assert_array_equal(more, np.full(n, 2.0))
        assert total == n


def test_large_results_are_not_kept():
    a = sg.variable("a", (N,), "bool")
    function = sg.compile([a], sg.logical_not(a))
    value = np.zeros(2**26 + 1, bool)
    function(value)
    result = function(value)
    fresh = np.empty(1)
    assert sys.getrefcount(result) == sys.getrefcount(fresh)

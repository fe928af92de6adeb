"""Arguments that machine code takes, those that it leaves to Python, and that results are the same in both cases."""

import pickle
from collections import OrderedDict, namedtuple
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symgrad as sg
from codegen.arguments import Arguments

N, M = sg.dim("N"), sg.dim("M")
x, y, z = sg.variable("x", (4,)), sg.variable("y", (4,)), sg.variable("z", (2, 3), "float32")


class Subclass(np.ndarray):
    """An array of another type."""


def misaligned(size: int) -> np.ndarray:
    return np.zeros(8 * size + 1, np.uint8)[1:].view(np.float64)


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


TAKEN = {
    "plain": lambda: np.arange(4.0),
    "a contiguous view": lambda: np.arange(24.0).reshape(6, 4)[3],
    "read-only": lambda: read_only(np.arange(4.0)),
    "pickled": lambda: pickle.loads(pickle.dumps(np.arange(4.0))),
    "with a dtype of its own": lambda: np.arange(4.0).view(np.dtype("f8", metadata={"unit": "m"})),
}
LEFT = {
    "a list": lambda: [0, 1, 2, 3],
    "a tuple": lambda: (0.0, 1.0, 2.0, 3.0),
    "strided": lambda: np.arange(8.0)[::2],
    "backwards": lambda: np.arange(4.0)[::-1],
    "repeated": lambda: np.broadcast_to(2.0, 4),
    "misaligned": lambda: misaligned(4),
    "a subclass": lambda: np.arange(4.0).view(Subclass),
}
REFUSED = {
    "None": (None, sg.SymgradError),
    "too short": (np.arange(3.0), sg.ShapeError),
    "too long": (np.arange(5.0), sg.ShapeError),
    "0-d": (np.array(1.0), sg.ShapeError),
    "a number": (1.0, sg.ShapeError),
    "of rank 2": (np.ones((4, 1)), sg.ShapeError),
    "of rank 64": (np.ones((1,) * 64), sg.ShapeError),
    "empty": (np.ones(0), sg.ShapeError),
    "float32": (np.ones(4, "f4"), sg.DtypeError),
    "int64": (np.ones(4, "i8"), sg.DtypeError),
    "complex": (np.ones(4, complex), sg.DtypeError),
    "big-endian": (np.ones(4, ">f8"), sg.DtypeError),
    "objects": (np.ones(4, object), sg.DtypeError),
    "dates": (np.zeros(4, "M8[s]"), sg.DtypeError),
    "records": (np.zeros(4, [("a", "f8")]), sg.DtypeError),
    "text": (np.array(["a", "b", "c", "d"]), sg.DtypeError),
    "a symbolic tensor": (x, sg.BindingError),
    "a dict": ({}, sg.BindingError),
    "the type": (np.ndarray, sg.SymgradError),
}


@pytest.mark.parametrize("what", TAKEN)
def test_arrays_that_are_taken_as_they_are(what, slow_calls):
    value = TAKEN[what]()
    np.testing.assert_array_equal(sg.compile([x], x * 2)(value), np.asarray(value) * 2)
    assert not slow_calls


@pytest.mark.parametrize("what", LEFT)
def test_arguments_that_python_converts(what, slow_calls):
    value = LEFT[what]()
    np.testing.assert_array_equal(sg.compile([x], x * 2)(value), np.asarray(value) * 2)
    assert len(slow_calls) == 1


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("place", [0, 1])
def test_arguments_that_are_refused(what, place):
    value, error = REFUSED[what]
    function = sg.compile([x, y], x * y)
    arguments = [np.ones(4), np.ones(4)]
    arguments[place] = value
    with pytest.raises(error, match="'x'" if place == 0 else "'y'"):
        function(*arguments)
    np.testing.assert_array_equal(function(np.ones(4), np.ones(4)), np.ones(4))


def test_the_number_of_arguments_is_checked():
    function = sg.compile([x, y], x * y)
    for count in (0, 1, 3, 100_000):
        with pytest.raises(sg.BindingError, match=f"takes 2 arguments .* {count} were given"):
            function(*[np.ones(4)] * count)
    assert sg.compile([], sg.constant(2.0) * 3)() == 6


def test_arguments_have_no_names():
    function = sg.compile([x, y], x * y)
    for positional, named in (
        ((), {"x": 1, "y": 2}),
        ((np.ones(4),), {"y": np.ones(4)}),
        ((np.ones(4),) * 2, {"z": 1}),
    ):
        with pytest.raises(TypeError, match="no arguments by name; given were"):
            function(*positional, **named)
    np.testing.assert_array_equal(function(*(np.ones(4), np.ones(4))), np.ones(4))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "bool"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 0, 3), (1, 1, 1, 1, 1, 1, 1)])
def test_every_dtype_and_rank(dtype, shape, slow_calls):
    p = sg.variable("p", shape, dtype)
    value = np.ones(shape, dtype)
    result = sg.compile([p], [p, p])(value)
    for array in result:
        assert type(array) is np.ndarray
        assert (array.dtype, array.shape) == (value.dtype, shape)
        np.testing.assert_array_equal(array, value)
    assert not slow_calls


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_for_arrays_without_axes(dtype, slow_calls):
    p, q = sg.variable("p", (), dtype), sg.variable("q", (2,), dtype)
    function = sg.compile([[p], q], q * p)
    q_value = np.array([1.0, 2.0], dtype)
    for number in (0.1, -0.0, 1e300, 1e-320, np.inf, -np.inf, np.nan, -1.0, -1, 0, 3, 2**62 + 1, -(2**63) + 2000):
        with np.errstate(all="ignore"):
            wanted = q_value * np.asarray(number).astype(dtype)
        np.testing.assert_array_equal(function([number], q_value), wanted)
    assert not slow_calls
    assert [*function([True], q_value)] == [1, 2]
    assert [*function([2**63], q_value)] == [2.0**63, 2.0**64]
    assert [*function([np.dtype(dtype).type(0.5)], q_value)] == [0.5, 1]
    assert len(slow_calls) == 3
    for number in (2**64, 2**70, 10**400, -(10**400), 1j, "1", None):
        with pytest.raises(sg.SymgradError):
            function([number], q_value)


def test_numbers_are_no_arrays_to_overwrite_and_none_with_axes():
    p, q, i = sg.variable("p", ()), sg.variable("q", (1,)), sg.variable("i", (), "int64")
    with pytest.raises(sg.BindingError, match="needs an array, not float"):
        sg.compile([p], [], {p: p + 1})(2.0)
    with pytest.raises(sg.ShapeError):
        sg.compile([q], q)(2.0)
    assert sg.compile([i], i + 1)(2) == 3
    with pytest.raises(sg.DtypeError):
        sg.compile([i], i + 1)(2.5)


def test_integers_of_the_same_size_but_another_name():
    i = sg.variable("i", (2,), "int64")
    np.testing.assert_array_equal(sg.compile([i], i + 1)(np.zeros(2, np.longlong)), [1, 1])


# nestings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "arguments"),
    [
        ([[x, y]], lambda a, b: [[a, b]]),
        ([(x, [y])], lambda a, b: [(a, [b])]),
        ([{"u": x, "v": {"w": (y,)}}], lambda a, b: [{"v": {"w": (b,)}, "u": a}]),
        ([[], x, {}, (), y], lambda a, b: [[], a, {}, (), b]),
        ([{2: x, 1: y}], lambda a, b: [{1: b, 2: a}]),
        ([[[[[x]]]], y], lambda a, b: [[[[[a]]]], b]),
    ],
)
def test_nestings_that_are_taken_apart(inputs, arguments, slow_calls):
    one, two = np.arange(4.0), np.arange(4.0) + 10
    np.testing.assert_array_equal(sg.compile(inputs, x - y)(*arguments(one, two)), one - two)
    assert not slow_calls


@pytest.mark.parametrize(
    "argument",
    [
        [np.ones(4)],
        [np.ones(4)] * 3,
        (np.ones(4), np.ones(4)),
        {"u": np.ones(4)},
        None,
        np.ones(4),
        np.ones((2, 4)),
        [np.ones(4), None],
        [[np.ones(4)], np.ones(4)],
        [],
        5,
    ],
)
def test_other_nestings_are_refused(argument):
    for inputs in ([[x, y]], [{"u": x, "v": y}], [[x, [y]]]):
        with pytest.raises(sg.SymgradError):
            sg.compile(inputs, x * y)(argument)


def test_dicts_must_have_the_same_keys():
    function = sg.compile([{"u": x, "v": y}], x - y)
    one, two = np.arange(4.0), np.ones(4)
    for wrong in ({"u": one, "w": two}, {"u": one}, {"u": one, "v": two, "w": two}, {}):
        with pytest.raises(sg.BindingError, match="nesting"):
            function(wrong)
    np.testing.assert_array_equal(function({"v": two, "u": one}), one - two)


def test_other_kinds_of_containers_are_left_to_python(slow_calls):
    Pair = namedtuple("Pair", "first second")
    one, two = np.arange(4.0), np.ones(4)
    np.testing.assert_array_equal(sg.compile([Pair(x, y)], x - y)(Pair(one, two)), one - two)
    np.testing.assert_array_equal(sg.compile([OrderedDict(u=x, v=y)], x - y)(OrderedDict(u=one, v=two)), one - two)
    assert len(slow_calls) == 2


class Rude:
    """A key that empties the containers it is looked up in."""

    def __init__(self, victims: list) -> None:
        self.victims = victims

    def __hash__(self) -> int:
        return hash("u")

    def __eq__(self, other: object) -> bool:
        for victim in self.victims:
            victim.clear()
        return False


class Failing(Rude):
    """A key that cannot be compared."""

    __hash__ = Rude.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")


@pytest.mark.parametrize("key", [Rude, Failing])
def test_keys_that_run_python_code(key):
    function = sg.compile([[x, y], {"u": z, "v": sg.variable("t", (2,))}], sg.sum(x) + sg.sum(z))
    for _ in range(50):
        outer = [np.ones(4), np.ones(4)]
        inner: dict = {}
        inner[key([outer, inner])] = np.ones((2, 3), "f4")
        inner["v"] = np.ones(2)
        with pytest.raises((sg.SymgradError, RuntimeError)):
            function(outer, inner)


# sizes ----------------------------------------------------------------------------------------------------------------


def test_sizes_are_planned_once(slow_calls):
    a, b = sg.variable("a", (N, 2)), sg.variable("b", (N, M))
    function = sg.compile([a, b], sg.sum(a[:, :1] * b, axis=0))
    for turn in range(3):
        for n in range(4):
            one, two = np.full((n, 2), 2.0), np.full((n, 3), float(n))
            np.testing.assert_array_equal(function(one, two), [2.0 * n * n] * 3)
        assert len(slow_calls) == 4, turn
    with pytest.raises(sg.ShapeError, match="the size N is 2 in variable 'a' but 3 in variable 'b'"):
        function(np.ones((2, 2)), np.ones((3, 3)))
    with pytest.raises(sg.ShapeError, match="'a' has shape"):
        function(np.ones((2, 3)), np.ones((2, 3)))


def test_many_sizes_take_turns():
    a = sg.variable("a", (N,))
    function = sg.compile([a], [a * 2, sg.sum(a)])
    for n in [*range(150), *range(0, 150, 7), *range(30, 0, -1)]:
        twice, total = function(np.ones(n))
        np.testing.assert_array_equal(twice, np.full(n, 2.0))
        assert total == n


# memory that is overwritten -------------------------------------------------------------------------------------------


@cache
def updating(updated):
    """A function of five arrays that overwrites some of them, and how Python checks its arguments."""
    names = [sg.variable(f"p{i}", (3 + i % 2,)) for i in range(5)]
    total = sum((sg.sum(name) for name in names[1:]), sg.sum(names[0]))
    updates = {names[i]: names[i] + 1 + sg.sum(names[(i + 1) % 5]) for i in sorted(updated)}
    return sg.compile(names, total, updates), Arguments(names, total, updates)


@settings(max_examples=300)
@given(st.lists(st.integers(0, 20), min_size=5, max_size=5), st.frozensets(st.integers(0, 4)))
def test_overlaps_are_treated_as_python_does(starts, updated):
    """Five arrays anywhere in one memory, some of them overwritten."""
    function, arguments = updating(updated)
    memory, expected = np.arange(24.0), np.arange(24.0)
    views = [memory[start : start + 3 + i % 2] for i, start in enumerate(starts)]
    same = [expected[start : start + 3 + i % 2] for i, start in enumerate(starts)]
    try:
        copies = [array.copy() for array in arguments.check(same)]
    except sg.BindingError:
        with pytest.raises(sg.BindingError, match="share memory"):
            function(*views)
        np.testing.assert_array_equal(memory, np.arange(24.0))
        return
    assert function(*views) == sum(array.sum() for array in copies)
    for i in updated:
        same[i][...] = copies[i] + 1 + copies[(i + 1) % 5].sum()
    np.testing.assert_array_equal(memory, expected)


def test_read_only_arrays_are_not_overwritten():
    function = sg.compile([x], [], {x: x + 1})
    with pytest.raises(sg.BindingError, match="read-only"):
        function(read_only(np.ones(4)))


def test_many_arrays_in_any_order_of_addresses(slow_calls):
    names = [sg.variable(f"q{i}", (2,)) for i in range(40)]
    function = sg.compile([names], [], {name: name * 2 for name in names[::3]})
    memory = np.ones(80)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(40)
        function([memory[2 * i : 2 * i + 2] for i in order])
        assert not slow_calls
    assert memory.sum() == sum(memory)
    assert np.prod(memory) == 2.0 ** (5 * 14 * 2)

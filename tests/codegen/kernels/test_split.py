"""Loops that are cut do what the whole loops do, and read without conditions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from codegen.kernels.loop_nest import Buffer, Carried, Constant, Let, Load, Loop, LoopNest, Statement, Store
from codegen.kernels.split import split_loops
from codegen.kernels.verify import verify
from tests.codegen.kernels.interpreter import interpret


def both(condition, a, b):
    return Let(condition, "bool", "logical_and", (a, b))


def shifted(length, extent, shift, sign=1):
    """y[i] = x[sign * (i - shift)] where there is such an entry, else 0."""
    place = ("i", shift) if sign == 1 else (shift, "i")
    body = (
        Let("place", "int64", "subtract", place),
        Let("low", "bool", "greater_equal", ("place", 0)),
        Let("high", "bool", "less", ("place", length)),
        both("there", "low", "high"),
        Load("value", "x", ("place",), "there"),
        Store("y", ("i",), "value"),
    )
    return (Loop("i", extent, body, independent=True),)


def loops(statements):
    return [s for s in statements if isinstance(s, Loop)]


def loads(statements: tuple[Statement, ...]) -> list[Load]:
    inner = itertools.chain.from_iterable(loads(loop.body) for loop in loops(statements))
    return [*(s for s in statements if isinstance(s, Load)), *inner]


def nest(body, sizes=(), x=("n",), y=("m",)):
    return LoopNest((Buffer("x", "float64", x), Buffer("y", "float64", y, written=True)), tuple(sizes), body)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shift", [-9, -2, 0, 1, 3, 7, 20])
def test_numbers(shift, sign):
    body = shifted(5, 8, shift, sign)
    whole, cut = nest(body, x=(5,), y=(8,)), nest(split_loops(body), x=(5,), y=(8,))
    verify(cut)
    x, expected, found = np.arange(1.0, 6.0), np.full(8, np.nan), np.full(8, np.nan)
    interpret(whole, {"x": x, "y": expected}, {})
    interpret(cut, {"x": x, "y": found}, {})
    np.testing.assert_array_equal(found, expected)
    assert sum(loop.extent for loop in loops(cut.body)) == 8  # type: ignore[misc]
    conditions = [load.condition for load in loads(cut.body)]
    constants = {s.result: s.value for loop in loops(cut.body) for s in loop.body if isinstance(s, Constant)}
    assert all(condition is None or constants[condition] is False for condition in conditions)


@pytest.mark.parametrize("sign", [1, -1])
def test_run_time_sizes(sign):
    body = shifted("n", "m", "s", sign)
    whole, cut = nest(body, ("n", "m", "s")), nest(split_loops(body), ("n", "m", "s"))
    verify(cut)
    assert len(loops(cut.body)) == 3
    for n, m, s in itertools.product((0, 1, 4), (0, 1, 6), (-3, 0, 2, 9)):
        x, expected, found = np.arange(1.0, n + 1), np.full(m, np.nan), np.full(m, np.nan)
        sizes = {"n": n, "m": m, "s": s}
        interpret(whole, {"x": x, "y": expected}, sizes)
        interpret(cut, {"x": x, "y": found}, sizes)
        np.testing.assert_array_equal(found, expected)


def test_what_is_carried_goes_from_piece_to_piece():
    body = (
        Let("there", "bool", "less", ("i", 3)),
        Load("value", "x", ("i",), "there"),
        Let("more", "float64", "add", ("sum", "value")),
        Let("twice", "float64", "add", ("more", "more")),
    )
    carried = (Carried("sum", "float64", "one", "twice", "total"),)
    whole = (Constant("one", "float64", 1.0), Loop("i", 5, body, carried), Store("y", (0,), "total"))
    cut = split_loops(whole)
    verify(nest(cut, x=(3,), y=(1,)))
    assert [loop.extent for loop in loops(cut)] == [3, 2]
    y = np.zeros(1)
    interpret(nest(cut, x=(3,), y=(1,)), {"x": np.array([1.0, 2.0, 3.0]), "y": y}, {})
    assert y[0] == ((((1 + 1) * 2 + 2) * 2 + 3) * 2) * 4


def test_outer_loops_are_cut_first_and_single_turns_not_again():
    inner = (
        Let("row", "int64", "subtract", ("i", 1)),
        Let("column", "int64", "subtract", ("j", 1)),
        Let("low", "bool", "greater_equal", ("row", 0)),
        Let("left", "bool", "greater_equal", ("column", 0)),
        both("there", "low", "left"),
        Let("base", "int64", "multiply", ("row", 3)),
        Let("place", "int64", "add", ("base", "column")),
        Load("value", "x", ("place",), "there"),
        Let("line", "int64", "multiply", ("i", 4)),
        Let("target", "int64", "add", ("line", "j")),
        Store("y", ("target",), "value"),
    )
    whole = (Loop("i", 4, (Loop("j", 4, inner, independent=True),), independent=True),)
    cut = split_loops(whole)
    verify(nest(cut, x=(9,), y=(16,)))
    assert [loop.extent for loop in loops(cut)] == [1, 3]
    assert [[inner.extent for inner in loops(loop.body)] for loop in loops(cut)] == [[4], [1, 3]]
    y = np.full(16, np.nan)
    interpret(nest(cut, x=(9,), y=(16,)), {"x": np.arange(1.0, 10.0), "y": y}, {})
    np.testing.assert_array_equal(y.reshape(4, 4), np.pad(np.arange(1.0, 10.0).reshape(3, 3), ((1, 0), (1, 0))))


def test_loops_that_would_become_too_many_or_too_long_stay():
    def body(count, more):
        tests = tuple(Let(f"c{k}", "bool", "less", ("i", k + 2)) for k in range(count))
        reads = tuple(Load(f"r{k}", "x", ("i",), f"c{k}") for k in range(count))
        return (*tests, *reads, *(Load(f"m{k}", "x", ("i",)) for k in range(more)))

    assert len(split_loops((Loop("i", 9, body(3, 0)),))) == 4
    for many in (body(4, 0), body(1, 300)):
        whole = (Loop("i", 9, many),)
        assert split_loops(whole) == whole


def test_conditions_that_guard_no_load_are_left_alone():
    body = (Let("c", "bool", "less", ("i", 3)), Load("v", "x", ("i",)), Let("w", "float64", "where", ("c", "v", "v")))
    whole = (Loop("i", 9, body),)
    assert split_loops(whole) == whole

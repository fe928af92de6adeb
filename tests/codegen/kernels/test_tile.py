"""Loops that are tiled do what they did, column by column."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.kernels.loop_nest import Buffer, Let, Load, Loop, LoopNest, Store
from codegen.kernels.tile import tile_loops
from codegen.kernels.verify import verify
from tests.codegen.kernels.interpreter import interpret


def transposition(rows, columns, independent=True):
    """y[i, j] = x[j, i], both in row-major order."""
    body = (
        Let("line", "int64", "multiply", ("i", columns)),
        Let("target", "int64", "add", ("line", "j")),
        Let("column", "int64", "multiply", ("j", rows)),
        Let("source", "int64", "add", ("column", "i")),
        Load("value", "x", ("source",)),
        Store("y", ("target",), "value"),
    )
    inner = Loop("j", columns, body, independent=independent)
    return (Loop("i", rows, (inner,), independent=independent),)


def nest(body, sizes=("m", "n")):
    return LoopNest((Buffer("x", "float64", ("k",)), Buffer("y", "float64", ("k",), written=True)), (*sizes, "k"), body)


@pytest.mark.parametrize(("rows", "columns"), [(9, 17), (64, 64), (33, 40), (130, 31)])
@pytest.mark.parametrize("static", [True, False])
def test_transpositions(rows, columns, static):
    tiled = nest(tile_loops(transposition(rows, columns) if static else transposition("m", "n")))
    verify(tiled)
    assert [type(s) for s in tiled.body] == ([Loop] if static else [Let] * 4 + [Loop])
    x, y = np.random.default_rng(0).normal(size=(columns, rows)), np.full((rows, columns), np.nan)
    sizes = {"m": rows, "n": columns, "k": x.size}
    interpret(tiled, {"x": x.ravel(), "y": y.reshape(-1)}, sizes)
    np.testing.assert_array_equal(y, x.T)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 5), (3, 0), (1, 1), (2, 100)])
def test_few_or_no_turns_at_run_time(rows, columns):
    tiled = nest(tile_loops(transposition("m", "n")))
    x, y = np.arange(float(rows * columns)), np.full((rows, columns), np.nan)
    interpret(tiled, {"x": x, "y": y.reshape(-1)}, {"m": rows, "n": columns, "k": x.size})
    np.testing.assert_array_equal(y, x.reshape(columns, rows).T)


@pytest.mark.parametrize(
    "body",
    [
        transposition(100, 16),  # a line or two in all
        transposition(8, 100),
        transposition(100, 100, independent=False),
        (Loop("i", 100, (Loop("j", 100, (Load("v", "x", ("j",)), Store("y", ("j",), "v")), independent=True),)),),
    ],
)
def test_what_does_not_profit_stays(body):
    assert tile_loops(body) == body


def test_reads_along_rows_stay():
    body = (
        Let("line", "int64", "multiply", ("i", 100)),
        Let("place", "int64", "add", ("line", "j")),
        Load("value", "x", ("place",)),
        Store("y", ("place",), "value"),
    )
    whole = (Loop("i", 100, (Loop("j", 100, body, independent=True),), independent=True),)
    assert tile_loops(whole) == whole


def test_loops_inside_of_others_are_found():
    outer = (Loop("batch", 3, transposition(50, 50), independent=True),)
    ((inner,),) = (loop.body for loop in tile_loops(outer))
    (columns,) = (s for s in inner.body if isinstance(s, Loop))
    assert (inner.variable, inner.extent) == ("i_block", 1)
    assert (columns.variable, columns.extent) == ("j_block", 4)

"""Rules for layout: each fires on its form, on nothing near it, and changes no value."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import cast
from symgrad.families.layout import BroadcastTo, Reshape, Slice, Transpose
from symgrad.families.reduction import Reduction
from symgrad.simplify import layout
from symgrad.tensor import make
from tests.symgrad.simplify.rules import assert_same_values, rewritten

x, y, s = sg.variable("x", (2, 3, 4)), sg.variable("y", (3, 1)), sg.variable("s", ())
f = sg.variable("f", (3,), "float32")
n = sg.variable("n", (3,), "int64")


def spread(tensor: sg.Tensor, *shape: int) -> sg.Tensor:
    return sg.broadcast_to(tensor, shape)


FIRES = {
    "a transpose and back": (sg.transpose(sg.transpose(x, (2, 0, 1)), (1, 2, 0)), x, "transpose of transpose"),
    "two transposes": (x.transpose(1, 0, 2).transpose(0, 2, 1), x.transpose(1, 2, 0), "transpose of transpose"),
    "a transpose of nothing": (make(Transpose((0, 1, 2)), (x,)), x, "transpose of transpose"),
    "two reshapes": (x.reshape(6, 4).reshape(24), x.reshape(24), "reshape of reshape"),
    "a reshape and back": (x.reshape(24).reshape(2, 3, 4), x, "reshape of reshape"),
    "a reshape of nothing": (make(Reshape((2, 3, 4)), (x,)), x, "reshape of reshape"),
    "two slices": (x[1:, ::-1, 3:0:-1], x[1:, ::-1, 3:0:-1], ""),
    "a slice of a slice": (x[:, 1:][:, ::-1][..., ::2], x[:, 2:0:-1, ::2], "slice of slice"),
    "two broadcasts": (spread(spread(y, 3, 2), 5, 3, 2), spread(y, 5, 3, 2), "broadcast of broadcast"),
    "a broadcast of nothing": (make(BroadcastTo((3, 1)), (y,)), y, "broadcast of broadcast"),
    "a transpose of a filled tensor": (spread(s, 2, 3).T, spread(s, 3, 2), "layout of a filled tensor"),
    "a reshape of a filled tensor": (spread(s, 2, 3).reshape(6), spread(s, 6), "layout of a filled tensor"),
    "a slice of a filled tensor": (spread(s, 2, 3)[:, ::2], spread(s, 2, 2), "layout of a filled tensor"),
    "a cast up and back": (f.astype("float64").astype("float32"), f, "cast"),
    "a cast of a broadcast": (cast(spread(f, 2, 3), "float64"), spread(cast(f, "float64"), 2, 3), "cast"),
    "a sum of a sum": (x.sum(0).sum(1), x.sum((0, 2)), "sum of sum"),
    "a kept sum of a sum": (x.sum(1).sum(1, keepdims=True), x.sum((1, 2)).reshape(2, 1), "sum of sum"),
    "a sum of ones": (sg.ones((2, 3)).sum(1), sg.full((2,), 3.0), "sum of a filled tensor"),
    "a product of single entries": (y.prod(1), y.reshape(3), "reduction of single entries"),
    "a maximum of single entries": (y.max(-1, keepdims=True), y, "reduction of single entries"),
    "a function of a broadcast": (sg.sin(spread(y, 3, 2)), spread(sg.sin(y), 3, 2), "operation on repeated entries"),
    "a product with a broadcast": (x * spread(y[:, 0], 4, 3).T, x * spread(y[:, 0], 4, 3).T, ""),
    "a broadcast that happens anyway": (x * spread(y, 2, 3, 4), x * y, "operation on repeated entries"),
    "two broadcasts in one sum": (
        spread(y, 3, 4) + spread(s, 3, 4),
        spread(y + s, 3, 4),
        "operation on repeated entries",
    ),
}

STAYS = {
    "a cast down and back": x.astype("float32").astype("float64"),
    "a cast to integers and back": x.astype("int64").astype("float64"),
    "integers as floats and back": n.astype("float64").astype("int64"),
    "a sum of single entries": y.sum(1),
    "a sum of a kept sum": make(Reduction("sum", (0,)), (make(Reduction("sum", (1,), True), (x,)),)),
    "a sum of a maximum": x.max(0).sum(0),
    "a maximum of a maximum": x.max(0).max(0),
    "a sum of repeated -0.0": sg.full((2, 3), -0.0).sum(1),
    "a sum of a repeated number not known": spread(s, 2, 3).sum(1),
    "a sum over a run-time size": sg.ones((sg.dim("N"),)).sum(),
    "a part of nothing": make(Slice((4,), (1,), (0,)), (make(Slice((3,), (-1,), (4,)), (x[0, 0],)),)),
    "a slice of repeated rows": spread(f, 2, 3)[:1],
}


@pytest.mark.parametrize("name", list(FIRES))
def test_the_form_becomes_the_simpler_one(name: str) -> None:
    before, wanted, rule = FIRES[name]
    after, fired = rewritten(before, layout.RULES)
    assert after is wanted
    assert rule in fired if rule else not fired
    assert_same_values(before, after)


def test_every_rule_has_a_form() -> None:
    assert {rule for _, _, rule in FIRES.values()} - {""} == {rule.name for rule in layout.RULES}
    assert all(rule.reason for rule in layout.RULES)


@pytest.mark.parametrize("name", list(STAYS))
def test_what_would_change_a_value_stays(name: str) -> None:
    after, fired = rewritten(STAYS[name], layout.RULES)
    assert after is STAYS[name]
    assert not fired


def test_sums_of_nothing_stay_sums_of_nothing() -> None:
    empty = sg.ones((0, 3)).sum(0)
    after, _ = rewritten(empty, layout.RULES)
    assert sg.evaluate(after).tolist() == [0, 0, 0]
    assert np.isneginf(sg.evaluate(sg.full((2,), -np.inf).sum()))

"""Rules of arithmetic: each fires on its form, on nothing near it, and changes no value."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.simplify import arithmetic
from symgrad.simplify.arithmetic import is_plain_zero
from tests.symgrad.simplify.rules import assert_same_values, rewritten

x, y = sg.variable("x", (12,)), sg.variable("y", (3, 12))
n = sg.variable("n", (12,), "int32")
c = sg.variable("c", (3, 12), "bool")
one, zero = sg.constant(1.0), sg.constant(0.0)

FIRES = {
    "1 * x": (1 * x, x, "product"),
    "x * 1": (x * 1, x, "product"),
    "1 * n": (1 * n, n, "product"),
    "-1 * x": (-1 * x, -x, "product"),
    "(-x) * y": (-x * y, -(x * y), "product"),
    "x * (-y)": (x * -y, -(x * y), "product"),
    "(-x) * (-y)": (-x * -y, x * y, "negation"),
    "x * x": (x * x, sg.square(x), "product"),
    "x / 1": (x / 1, x, "quotient"),
    "(-x) / y": (-x / y, -(x / y), "quotient"),
    "1 / x": (1 / x, sg.reciprocal(x), "quotient"),
    "-(-x)": (-(-x), x, "negation"),
    "-(2)": (-sg.constant(2.0), sg.constant(-2.0), "numbers"),
    "x + (-y)": (x + -y, x - y, "sum"),
    "(-x) + y": (-x + y, y - x, "sum"),
    "x + x": (x + x, 2 * x, "sum"),
    "x - (-y)": (x - -y, x + y, "difference"),
    "x - 0": (x - 0, x, "difference"),
    "2 + 3": (sg.constant(2.0) + 3, sg.constant(5.0), "numbers"),
    "cast(2)": (apply("add", sg.constant(2), 1).astype("float32"), sg.constant(3, "float32"), "numbers"),
    "x ** constant 2": (apply("power", x, 2.0), sg.square(x), "power"),
    "x ** constant 0": (apply("power", x, 0.0), sg.ones_like(x), "power"),
    "x ** constant -1": (apply("power", x, -1.0), sg.reciprocal(x), "power"),
    "where(True, x, y)": (sg.where(True, y, x), y, "choice"),
    "where(False, y, x)": (sg.where(False, y, x), sg.broadcast_to(x, (3, 12)), "choice"),
    "where(not c, x, y)": (sg.where(sg.logical_not(c), x, y), sg.where(c, y, x), "choice"),
    "where(c, x, x)": (sg.where(c, x, x), sg.broadcast_to(x, (3, 12)), "choice"),
}

STAYS = {
    "0 * x": 0 * x,
    "x - x": x - x,
    "x / x": x / x,
    "x + 0": x + 0,
    "0 + x": 0 + x,
    "0 - x": 0 - x,
    "x - (-0.0)": x - -0.0,
    "2 * x": 2 * x,
    "n * -1": n * -1,
    "n + n": n + n,
    "n * n": n * n,
    "x / 2": x / 2,
    "True * c": c * True,
    "x * y": x * y,
    "where(c, x, y)": sg.where(c, x, y),
    "power(x, 3)": x**3,
    "power(x, y)": x**y,
}


@pytest.mark.parametrize("name", list(FIRES))
def test_the_form_becomes_the_simpler_one(name: str) -> None:
    before, wanted, rule = FIRES[name]
    after, fired = rewritten(before, arithmetic.RULES)
    assert after is wanted
    assert rule in fired
    assert_same_values(before, after)


def test_every_rule_has_a_form() -> None:
    assert {rule for _, _, rule in FIRES.values()} == {rule.name for rule in arithmetic.RULES}
    assert all(rule.reason for rule in arithmetic.RULES)


@pytest.mark.parametrize("name", list(STAYS))
def test_what_would_change_a_value_stays(name: str) -> None:
    after, _ = rewritten(STAYS[name], arithmetic.RULES)
    assert after is STAYS[name]


def test_folding_keeps_dtypes_and_special_numbers() -> None:
    for dtype in ("float32", "float64"):
        folded, _ = rewritten(sg.constant(0.1, dtype) + sg.constant(0.2, dtype), arithmetic.RULES)
        assert folded.dtype == dtype
        assert sg.evaluate(folded) == np.dtype(dtype).type(0.1) + np.dtype(dtype).type(0.2)
    for build in (
        lambda: sg.log(sg.constant(0.0)),
        lambda: sg.log(sg.constant(-1.0)),
        lambda: sg.constant(-0.0) * 3,
        lambda: sg.constant(7) // 2,
        lambda: sg.less(sg.constant(1), 2),
        lambda: sg.exp(sg.constant(1e3)),
        lambda: sg.constant(2**31 - 1, "int32") + 1,
    ):
        folded, fired = rewritten(build(), arithmetic.RULES)
        assert fired == ["numbers"]
        assert not folded.inputs
        assert_same_values(build(), folded)


def test_the_sign_of_zero_is_told() -> None:
    assert is_plain_zero(zero)
    assert is_plain_zero(sg.constant(0))
    assert not is_plain_zero(sg.constant(-0.0))
    assert not is_plain_zero(x)
    assert not is_plain_zero(one)

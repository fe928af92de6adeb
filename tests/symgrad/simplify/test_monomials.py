"""Products taken apart and put together."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.simplify.monomials import MOST_PARTS, Monomial, is_mean, join, one, reduced, split, times
from tests.symgrad.simplify.rules import assert_same_values

x, y = sg.variable("x", (3,)), sg.variable("y", (2, 3))
s, t = sg.variable("s"), sg.variable("t")
N = sg.dim("N")


@pytest.mark.parametrize(
    ("tensor", "number", "divisor", "powers"),
    [
        (x, 1, 1, {x: 1}),
        (-x, -1, 1, {x: 1}),
        (x * x * x, 1, 1, {x: 3}),
        (6 * x / 4, 3, 2, {x: 1}),
        (0.2 * x / 7, 1, 35, {x: 1}),
        (0.3 * x, 0.3, 1, {x: 1}),
        (0.1 * x * 3, 0.3, 1, {x: 1}),
        (x / s / s, 1, 1, {x: 1, s: -2}),
        (sg.reciprocal(s**2) * x, 1, 1, {s: -2, x: 1}),
        (s * s / sg.sqrt(s), 1, 1, {sg.sqrt(s): 3}),
        (sg.sqrt(s) * sg.sqrt(s), 1, 1, {s: 1}),
        (sg.sqrt(sg.sqrt(s)) * sg.sqrt(s), 1, 1, {sg.sqrt(sg.sqrt(s)): 3}),
        (x / x, 1, 1, {x / x: 1}),
        (2 * sg.sqrt(x) / sg.sqrt(x), 2, 1, {}),
        (x * y / x, 1, 1, {y: 1}),
        (x * 0, 1, 1, {x * 0: 1}),
        (x / 0, 1, 1, {x / 0: 1}),
        (2 * sg.mean(x), 2, 1, {sg.mean(x): 1}),
    ],
)
def test_split(tensor, number, divisor, powers):
    parts = split(tensor)
    assert (parts.number, parts.divisor, dict(parts.powers)) == (number, divisor, powers)


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (x * 2 * s, "2 * s * x"),
        (x * -1, "-x"),
        (0.5 * x / s, "x / (2 * s)"),
        (1 / (s * t), "1 / (s * t)"),
        (x / 3, "x / 3"),
        (x * (y > 0) * y, "x * y * (y > 0)"),
        (s * s * s * x, "s**3 * x"),
    ],
)
def test_join_puts_what_was_split_in_one_order(tensor, text):
    joined = join(split(tensor), tensor.shape)
    assert sg.formula(joined) == text
    assert join(split(joined), joined.shape) is joined
    assert_same_values(tensor, joined, lambda shape, seed: sg.initialize(sg.variable("v", shape, init=2.0)) + seed)


def test_join_repeats_to_the_shape():
    assert join(split(2 * s), (2, 3)).shape == (2, 3)
    assert join(one(x.dtype), (2,)) is sg.ones((2,))


def test_products_quotients_and_powers_of_monomials():
    product = split(2 * x * s).times(split(3 / s))
    assert (product.number, dict(product.powers)) == (6, {x: 1})
    quotient = split(2 * x * s).over(split(4 * s))
    assert (quotient.number, quotient.divisor, dict(quotient.powers)) == (1, 2, {x: 1})
    power = split(-2 * s / 3).to_the(-3)
    assert (power.number, power.divisor, dict(power.powers)) == (-27, 8, {s: -3})
    assert split(0.3 * s).over(split(0.3 * s)) == Monomial(1, 1, {}, s.dtype)


def test_front_and_rest():
    parts = split(-2 * s * x / t)
    assert (dict(parts.front().powers), parts.front().number) == ({s: 1, t: -1}, -2)
    assert parts.rest() == Monomial(1, 1, {x: 1}, x.dtype)
    assert not parts.is_plain
    assert parts.rest().is_plain


def test_numbers():
    assert times(0.1, 3) == 0.3
    assert times(0.5, 4) == 2
    assert isinstance(times(0.5, 4), int)
    assert reduced(6, 4) == (3, 2)
    assert reduced(1 / 3, 1) == (1, 3)
    assert reduced(0.25, 1) == (0.25, 1)
    assert reduced(0.015625, 1) == (1, 64)


def test_means_stay_whole():
    v = sg.variable("v", (N, 2))
    assert is_mean(sg.mean(v, axis=0))
    assert is_mean(sg.mean(x, keepdims=True))
    assert not is_mean(sg.sum(x) / 2)
    assert not is_mean(x / 3)


def test_long_products_are_taken_apart_only_so_far():
    total = s
    for i in range(100):
        total = total * sg.variable(f"s{i}")
    assert len(split(total).powers) <= MOST_PARTS + 2

"""Arithmetic at kinks, ties and zeros."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply


def slope(y: sg.Tensor, x: sg.Tensor, at: float) -> float:
    return float(sg.evaluate(sg.grad(y, x), {x: at}))


def test_ties_share_the_slope() -> None:
    x, y = sg.variable("x"), sg.variable("y")
    for extreme in (sg.maximum, sg.minimum):
        assert [float(g) for g in sg.evaluate(sg.grad(extreme(x, y), [x, y]), {x: 2.0, y: 2.0})] == [0.5, 0.5]
        assert slope(extreme(x, x), x, 3.0) == 1
        assert slope(extreme(x, 0), x, 0.0) == 0.5


def test_slopes_at_corners_are_the_stated_ones() -> None:
    x = sg.variable("x")
    assert slope(sg.abs(x), x, 0.0) == 0
    assert slope(sg.sign(x), x, 0.0) == 0
    assert slope(sg.sqrt(x), x, 0.0) == np.inf


def test_power_has_a_slope_where_its_formula_is_zero_times_infinity() -> None:
    x, y = sg.variable("x"), sg.variable("y")
    by_x, by_y = sg.grad(sg.power(x, y), [x, y])
    assert sg.evaluate(by_x, {x: 0.0, y: 0.0}) == 0
    assert sg.evaluate(by_y, {x: 0.0, y: 2.0}) == 0
    assert slope(x**3, x, 0.0) == 0
    assert slope(x**3, x, -2.0) == 12
    assert slope(x**1, x, 0.0) == 1


@pytest.mark.parametrize("first", [np.inf, -np.inf, np.nan])
def test_multiply_no_nan_lets_zero_win(first: float) -> None:
    x, y = sg.variable("x"), sg.variable("y")
    product = apply("multiply_no_nan", x, y)
    assert sg.evaluate(product, {x: first, y: 0.0}) == 0
    np.testing.assert_array_equal(sg.evaluate(product, {x: first, y: 2.0}), first)
    by_x, by_y = sg.grad(product, [x, y])
    assert sg.evaluate(by_x, {x: first, y: 0.0}) == 0
    assert sg.evaluate(by_y, {x: first, y: 0.0}) == 0


def test_multiply_no_nan_is_the_product_elsewhere_in_its_slopes_too() -> None:
    x, y = sg.variable("x"), sg.variable("y")
    product = apply("multiply_no_nan", x, y)
    assert [float(g) for g in sg.evaluate(sg.grad(product, [x, y]), {x: 3.0, y: 0.0})] == [0.0, 3.0]
    mixed = sg.grad(sg.grad(product, x), y)
    assert sg.evaluate(mixed, {x: 3.0, y: 0.0}) == 1

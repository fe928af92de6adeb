"""Circular functions where their formulas are 0 / 0."""

import numpy as np

import symgrad as sg


def test_sinc_has_its_derivatives_at_zero() -> None:
    x = sg.variable("x", (3,))
    slope = sg.grad(sg.sum(sg.sinc(x)), x)
    second = sg.grad(sg.sum(slope), x)
    third = sg.grad(sg.sum(second), x)
    fourth = sg.grad(sg.sum(third), x)
    places = np.array([0.0, 1e-9, 1e-5])
    at = {x: places}
    np.testing.assert_array_equal(sg.evaluate(sg.sinc(x), at)[0], 1)
    np.testing.assert_allclose(sg.evaluate(slope, at), -(np.pi**2) / 3 * places, rtol=1e-8)
    np.testing.assert_allclose(sg.evaluate(second, at), [-(np.pi**2) / 3] * 3, rtol=1e-8)
    np.testing.assert_allclose(sg.evaluate(third, at), np.pi**4 / 5 * places, rtol=1e-8, atol=1e-15)
    np.testing.assert_allclose(sg.evaluate(fourth, at), [np.pi**4 / 5] * 3, rtol=1e-8)


def test_the_two_formulas_of_sincs_slope_meet() -> None:
    x = sg.variable("x", (2,))
    slope = sg.grad(sg.sum(sg.sinc(x)), x)
    below, above = sg.evaluate(slope, {x: [np.nextafter(0.05, 0), 0.05]})
    assert abs(below - above) < 1e-14


def test_arctan2_has_slopes_on_the_axes() -> None:
    y, x = sg.variable("y"), sg.variable("x")
    by_y, by_x = sg.grad(sg.arctan2(y, x), [y, x])
    assert sg.evaluate([by_y, by_x], {y: 2.0, x: 0.0}) == [0.0, -0.5]
    assert sg.evaluate([by_y, by_x], {y: 0.0, x: 2.0}) == [0.5, 0.0]

"""Rounding: halves, steps and their flat slopes."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply

HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])


def test_halves_go_to_the_even_neighbour() -> None:
    x = sg.variable("x", (6,))
    assert sg.evaluate(sg.rint(x), {x: HALVES}).tolist() == [-2, -2, 0, 0, 2, 2]


@pytest.mark.parametrize("function", [sg.floor, sg.ceil, sg.trunc, sg.rint, sg.sign])
def test_steps_have_slope_zero(function: object) -> None:
    x = sg.variable("x", (6,))
    assert not sg.evaluate(sg.grad(function(x).sum(), x), {x: HALVES}).any()


def test_heaviside_takes_the_value_at_zero() -> None:
    x = sg.variable("x", (4,))
    values = np.array([-1.0, 0.0, 2.0, np.nan])
    np.testing.assert_array_equal(sg.evaluate(sg.heaviside(x, 0.25), {x: values}), np.heaviside(values, 0.25))
    assert sg.evaluate(apply("heaviside", x), {x: values})[1] == 0.5

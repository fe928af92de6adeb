"""Activation functions at their kinks and far out."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("relu", np.inf, np.inf),
        ("relu", -np.inf, 0.0),
        ("selu", 800.0, SCALE * 800.0),
        ("selu", -800.0, -SCALE * ALPHA),
        ("mish", 800.0, 800.0),
        ("silu", 800.0, 800.0),
        ("silu", -800.0, 0.0),
        ("gelu", 800.0, 800.0),
        ("gelu", -800.0, 0.0),
        ("softsign", 1e300, 1.0),
        ("softsign", -1e300, -1.0),
    ],
)
def test_nothing_overflows(name: str, at: float, value: float) -> None:
    x = sg.variable("x")
    y = apply(name, x)
    assert float(sg.evaluate(y, {x: at})) == pytest.approx(value, rel=1e-15)
    assert np.isfinite(sg.evaluate(sg.grad(y, x), {x: at}))


def test_elu_does_not_overflow_on_the_side_not_taken() -> None:
    x = sg.variable("x", (2,))
    y = sg.nn.elu(x, 1.5)
    assert sg.evaluate(y, {x: [800.0, -800.0]}).tolist() == [800.0, -1.5]
    assert sg.evaluate(sg.grad(y.sum(), x), {x: [800.0, -800.0]}).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("function", "slope"), [(sg.nn.relu, 0.0), (lambda x: sg.nn.leaky_relu(x, 0.25), 0.25)])
def test_the_slope_at_the_kink_is_the_one_of_the_left(function: object, slope: float) -> None:
    x = sg.variable("x")
    assert sg.evaluate(sg.grad(function(x), x), {x: 0.0}) == slope


def test_parameters_have_slopes() -> None:
    x, slope = sg.variable("x", (3,)), sg.variable("slope")
    by_slope = sg.grad(sg.nn.leaky_relu(x, slope).sum(), slope)
    assert sg.evaluate(by_slope, {x: [-2.0, -1.0, 5.0], slope: 0.1}) == -3

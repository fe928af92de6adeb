"""Exponentials and logarithms where the formulas as written would overflow or cancel."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("sigmoid", 800.0, 1.0),
        ("sigmoid", -800.0, 0.0),
        ("sigmoid", np.inf, 1.0),
        ("sigmoid", -np.inf, 0.0),
        ("softplus", 800.0, 800.0),
        ("softplus", -800.0, 0.0),
        ("softplus", np.inf, np.inf),
        ("softplus", -np.inf, 0.0),
        ("softplus", -40.0, np.exp(-40.0)),
        ("log_sigmoid", -800.0, -800.0),
        ("log_sigmoid", np.inf, 0.0),
        ("log_sigmoid", -np.inf, -np.inf),
        ("expm1", 1e-20, 1e-20),
        ("log1p", 1e-20, 1e-20),
    ],
)
def test_nothing_overflows_or_cancels(name: str, at: float, value: float) -> None:
    x = sg.variable("x")
    y = apply(name, x)
    assert float(sg.evaluate(y, {x: at})) == pytest.approx(value, rel=1e-15, abs=0)
    assert np.isfinite(sg.evaluate(sg.grad(y, x), {x: at}))


def test_logaddexp_is_stable_in_value_and_slope() -> None:
    x, y = sg.variable("x"), sg.variable("y")
    z = sg.logaddexp(x, y)
    at = {x: 1000.0, y: 1000.0}
    assert float(sg.evaluate(z, at)) == pytest.approx(1000 + np.log(2), rel=1e-15)
    assert [float(g) for g in sg.evaluate(sg.grad(z, [x, y]), at)] == [0.5, 0.5]
    assert [float(g) for g in sg.evaluate(sg.grad(z, [x, y]), {x: 2000.0, y: 0.0})] == [1.0, 0.0]

"""Activations: each is the formula of its source. Their derivatives are tested in tests/symgrad/functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import erf

import symgrad as sg

x = sg.variable("x", (7,))
VALUES = np.array([-3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0])
SIGMOID = 1 / (1 + np.exp(-VALUES))
SOFTPLUS = np.log1p(np.exp(VALUES))
FORMULAS: dict[str, tuple[Callable[..., sg.Tensor], Any]] = {
    "relu": (sg.nn.relu, np.maximum(VALUES, 0)),
    "leaky_relu": (sg.nn.leaky_relu, np.where(VALUES > 0, VALUES, 0.01 * VALUES)),
    "leaky_relu, steeper": (lambda t: sg.nn.leaky_relu(t, 0.3), np.where(VALUES > 0, VALUES, 0.3 * VALUES)),
    "elu": (sg.nn.elu, np.where(VALUES > 0, VALUES, np.expm1(VALUES))),
    "elu, deeper": (lambda t: sg.nn.elu(t, 2), np.where(VALUES > 0, VALUES, 2 * np.expm1(VALUES))),
    "selu": (
        sg.nn.selu,
        1.0507009873554805 * np.where(VALUES > 0, VALUES, 1.6732632423543772 * np.expm1(VALUES)),
    ),
    "gelu": (sg.nn.gelu, VALUES * (1 + erf(VALUES / np.sqrt(2))) / 2),
    "silu": (sg.nn.silu, VALUES * SIGMOID),
    "mish": (sg.nn.mish, VALUES * np.tanh(SOFTPLUS)),
    "sigmoid": (sg.nn.sigmoid, SIGMOID),
    "tanh": (sg.nn.tanh, np.tanh(VALUES)),
    "softplus": (sg.nn.softplus, SOFTPLUS),
    "softsign": (sg.nn.softsign, VALUES / (1 + np.abs(VALUES))),
}


@pytest.mark.parametrize("name", list(FORMULAS))
def test_values_are_those_of_the_formula(name: str) -> None:
    build, wanted = FORMULAS[name]
    np.testing.assert_allclose(sg.evaluate(build(x), {x: VALUES}), wanted, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("name", list(FORMULAS))
def test_dtypes_stay_and_lists_are_taken(name: str) -> None:
    build, wanted = FORMULAS[name]
    single = sg.variable("s", (7,), "float32")
    assert build(single).dtype == sg.grad(sg.sum(build(single)), single).dtype == "float32"
    np.testing.assert_allclose(sg.evaluate(build(VALUES.tolist())), wanted, rtol=1e-14, atol=1e-16)


def test_names_of_the_same() -> None:
    assert sg.nn.swish is sg.nn.silu
    assert sg.nn.tanh(x) is sg.tanh(x)

"""The error function, the gamma function and their relatives, beyond the first two derivatives."""

import mpmath
import numpy as np
import pytest

import symgrad as sg
from symgrad.families.elementwise import apply


def test_gammaln_has_derivatives_of_high_order() -> None:
    x = sg.variable("x")
    y = sg.gammaln(x)
    for order in range(4):
        y = sg.grad(y, x)
        assert float(sg.evaluate(y, {x: 2.5})) == pytest.approx(float(mpmath.polygamma(order, 2.5)), rel=1e-13)


def test_erf_and_erfc_add_up_to_one_in_their_slopes_too() -> None:
    x = sg.variable("x", (5,))
    at = {x: np.linspace(-3, 3, 5)}
    total = sg.erf(x) + sg.erfc(x)
    np.testing.assert_allclose(sg.evaluate(total, at), 1, rtol=1e-15)
    np.testing.assert_allclose(sg.evaluate(sg.grad(total.sum(), x), at), 0, atol=1e-16)


def test_erfinv_undoes_erf() -> None:
    x = sg.variable("x", (5,))
    at = {x: np.linspace(-2, 2, 5)}
    there_and_back = apply("erfinv", sg.erf(x))
    np.testing.assert_allclose(sg.evaluate(there_and_back, at), at[x], atol=1e-13)
    np.testing.assert_allclose(sg.evaluate(sg.grad(there_and_back.sum(), x), at), 1, rtol=1e-11)

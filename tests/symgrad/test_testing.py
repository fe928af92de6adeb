"""Assertions for tests."""

import numpy as np
import pytest

import symgrad as sg


def test_a_right_gradient_says_nothing():
    x = sg.variable("x", (3,))
    sg.testing.assert_grad(sg.sum(sg.sin(x)), x, at={x: np.ones(3)})
    sg.testing.assert_grad(lambda x: np.sum(x**2), grad=lambda x: 2 * x, at=np.ones(3))


def test_a_wrong_gradient_fails_with_the_report():
    with pytest.raises(AssertionError, match=r"WRONG(.|\n)*x\[0\]:\n      expected   2") as caught:
        sg.testing.assert_grad(lambda x: np.sum(x**2), grad=lambda x: x, at=np.ones(3))
    assert "0 digits agree" in str(caught.value)

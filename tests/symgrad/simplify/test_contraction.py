"""Rules for contractions: transposes become labels, and no value changes."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.simplify import contraction
from tests.symgrad.simplify.rules import assert_same_values, rewritten

A, B = sg.variable("A", (3, 4)), sg.variable("B", (4, 2))
S = sg.variable("S", (5, 3, 4))


def moderate(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


FIRES = {
    "a transposed left operand": (sg.variable("C", (4, 3)).T @ B, "contraction of a transpose"),
    "a transposed right operand": (A @ sg.variable("D", (2, 4)).T, "contraction of a transpose"),
    "both": (sg.variable("C", (4, 3)).T @ sg.variable("D", (2, 4)).T, "contraction of a transpose"),
    "a transposed stack": (S.transpose(0, 2, 1) @ sg.variable("E", (3, 2)), "contraction of a transpose"),
    "a transposed result": ((A @ B).T, "transpose of a contraction"),
    "a transposed stack of results": ((S @ B).transpose(1, 2, 0), "transpose of a contraction"),
}


@pytest.mark.parametrize("name", list(FIRES))
def test_transposes_disappear(name: str) -> None:
    before, rule = FIRES[name]
    after, fired = rewritten(before, contraction.RULES)
    assert fired == [rule]
    assert "Transpose" not in {type(x.operation).__name__ for x in (after, *after.inputs)}
    assert_same_values(before, after, moderate, rtol=1e-13)


def test_every_rule_has_a_form() -> None:
    assert {rule for _, rule in FIRES.values()} == {rule.name for rule in contraction.RULES}


def test_signs_stay_where_they_are() -> None:
    """-(A @ B) is -0.0 where (-A) @ B is 0.0."""
    before = -A @ B
    after, fired = rewritten(before, contraction.RULES)
    assert after is before
    assert not fired
    zeros = {A: np.zeros((3, 4)), B: np.zeros((4, 2))}
    assert not np.signbit(sg.evaluate(before, zeros)).any()


def test_the_gradient_of_a_product_has_no_transposes() -> None:
    by_a, by_b = sg.grad(sg.sum(sg.tanh(A @ B)), [A, B])
    for gradient in (by_a, by_b):
        assert "Transpose" not in {type(x.operation).__name__ for x in (gradient, *gradient.inputs)}

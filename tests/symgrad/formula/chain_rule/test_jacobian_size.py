"""Tests of the memory that Jacobians would take."""

from __future__ import annotations

import symgrad as sg
from symgrad.formula.chain_rule.jacobian_size import jacobian_bytes

X = sg.variable("X", (5, 4))


def test_memory_of_jacobians() -> None:
    assert jacobian_bytes(sg.tanh(X), X) == 5 * 4 * 5 * 4 * 8
    assert jacobian_bytes(sg.cast(X, "float32"), X) == 5 * 4 * 5 * 4 * 4

"""Tests of how gates are shown: numbers belong to them, and colours follow the backward flow."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.circuit.gates import PATTERNS, Gate, gate_of
from symgrad.functions import FUNCTIONS

x, y, M = sg.variable("x"), sg.variable("y"), sg.variable("M", (2, 3))


@pytest.mark.parametrize(
    ("expr", "symbol", "pattern"),
    [
        (x + y, "+", "add"),
        (x + 1, "+1", "add"),
        (x - 0.5, "−0.5", "add"),
        (2 - x, "2−x", "add"),
        (-x, "*−1", "multiply"),
        (x * y, "*", "multiply"),
        (-2 * x, "*−2", "multiply"),
        (1 / x, "1/x", "other"),
        (x / 4, "/4", "multiply"),
        (x**3, "x³", "other"),
        (sg.exp(x), "exp", "other"),
        (sg.maximum(x, y), "max", "max"),
        (sg.nn.relu(x), "relu", "max"),
        (M @ M.T, "@", "multiply"),
        (sg.sum(M), "Σ", "add"),
        (sg.max(M), "max", "max"),
        (sg.broadcast_to(x, (3,)), "copy", "copy"),
        (M.T, "T", "other"),
        (M[:1], "[ ]", "other"),
        (sg.softmax(M), "softmax", "other"),
    ],
)
def test_symbols_and_patterns(expr, symbol, pattern):
    assert gate_of(expr) == Gate(symbol, pattern)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_a_gate(name):
    from symgrad.families.elementwise import apply

    gate = gate_of(apply(FUNCTIONS[name], *[x, y, x][: FUNCTIONS[name].arity]))
    assert gate.symbol
    assert gate.pattern in PATTERNS

"""Tests of derivations as text."""

from __future__ import annotations

import symgrad as sg

X, W, B = sg.variable("X", (5, 4)), sg.variable("W", (4, 3)), sg.variable("b", (3,))


def test_a_step_in_full() -> None:
    h = sg.tanh(X @ W + B).named("h")
    text = sg.derivation(sg.sum(h * h), [W, B]).text()
    assert (
        """
3. h = tanh(t2)    (5, 3) -> (5, 3)
   upstream    dL/dh    (5, 3)
   local       dh/dt2 = 1 - h**2
   downstream  dL/dt2 = dL/dh * (1 - h**2)    (5, 3)
   rule        chain rule entry by entry: downstream = upstream * local; the Jacobian is diagonal and never built
"""
        in text
    )
    assert (
        """
   downstream  dL/db = sum(dL/dt2, axis=0)    (3,)
               b was repeated, a copy too: its gradient is the sum over the repeats
   rule        add distributes: each term gets the upstream gradient as it is
"""
        in text
    )
    assert "dL/dh += " in text
    assert "rule        matrix-multiply rule: each factor gets the upstream gradient times the other" in text

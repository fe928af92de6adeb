"""Assertions for the tests of those who use symgrad."""

from __future__ import annotations

from typing import Any

from symgrad.check import check_grad


def assert_grad(loss: Any, wrt: Any = None, *, at: Any, grad: Any = None, seed: int = 0) -> None:
    """Assert that a gradient is right; the message of the AssertionError is the report.

    Takes what `sg.check_grad` takes.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,))
    >>> assert_grad(sg.sum(sg.tanh(x)), x, at={x: [0.0, 1.0, -2.0]})
    """
    result = check_grad(loss, wrt, at=at, grad=grad, seed=seed)
    if not result.passed:
        raise AssertionError(str(result))

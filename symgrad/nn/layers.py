"""Layers: functions of their input and their parameters."""

from __future__ import annotations

from typing import Any

from symgrad.families.contraction import matmul
from symgrad.families.elementwise import apply
from symgrad.tensor import Tensor


def linear(x: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return x @ weight + bias.

    Shapes: x (..., inputs), weight (inputs, outputs), bias (outputs,) or None; the result is (..., outputs).

    >>> import symgrad as sg
    >>> linear(sg.variable("X", (8, 3)), sg.variable("W", (3, 2)), sg.variable("b", (2,))).shape
    (8, 2)
    """
    product = matmul(x, weight)
    return product if bias is None else apply("add", product, bias)

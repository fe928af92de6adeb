"""Graphs in float64: what a float32 model means, freed of its rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.dtypes import FLOAT32, FLOAT64
from symgrad.families.elementwise import Cast, cast
from symgrad.families.leaf import Constant, Variable, constant
from symgrad.graph import rebuild
from symgrad.tensor import Tensor, make


def in_float64(tensors: Sequence[Tensor]) -> tuple[list[Tensor], dict[Tensor, Tensor]]:
    """Return graphs in which all that was float32 is float64, and the new tensor of each old one.

    Variables keep their names; numbers are the ones that were written (0.1, not the float32 next to it); casts to
    float32, whose rounding has no place in a check of a formula, are left out.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,), "float32")
    >>> (y,), new = in_float64([sg.exp(x) * 0.1])
    >>> y.dtype, new[x].dtype
    (dtype('float64'), dtype('float64'))
    """
    new = rebuild(tensors, _widened)
    return [new[tensor] for tensor in tensors], new


def _widened(node: Tensor) -> Tensor:
    operation: Any = node.operation
    if isinstance(operation, Variable) and operation.dtype == FLOAT32:
        return make(replace(operation, dtype=FLOAT64))
    if isinstance(operation, Constant) and operation.array_dtype == FLOAT32:
        return constant(operation.value if operation.is_number else np.asarray(operation.value, FLOAT64), FLOAT64)
    if isinstance(operation, Cast) and operation.dtype == FLOAT32:
        return cast(node.inputs[0], FLOAT64)
    return node

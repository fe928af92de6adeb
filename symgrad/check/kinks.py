"""Kinks of a graph at a point: which functions have no derivative just there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import sympy

from symgrad.families.elementwise import Elementwise
from symgrad.families.reduction import Reduction
from symgrad.functions import Function
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]


def kinks_at(values: Mapping[Tensor, Array]) -> tuple[str, ...]:
    """Return descriptions of what is at a kink, like "relu (3 entries)", given the value of every node."""
    found: Counter[str] = Counter()
    for node in values:
        operation = node.operation
        arrays = [values.get(x) for x in node.inputs]
        if any(array is None for array in arrays):
            continue
        if isinstance(operation, Elementwise):
            for kink in _kink_functions(operation.function):
                with np.errstate(all="ignore"):
                    found[operation.function.name] += int(np.count_nonzero(kink(*arrays) == 0))
        elif isinstance(operation, Reduction) and operation.kind in ("max", "min"):
            found[operation.kind] += _ties(arrays[0], operation)
    return tuple(f"{name} ({count} {'entry' if count == 1 else 'entries'})" for name, count in found.items() if count)


@cache
def _kink_functions(function: Function) -> list[Callable[..., Any]]:
    return [sympy.lambdify(function.symbols, kink, "numpy") for kink in function.kinks]


def _ties(x: Any, operation: Reduction) -> int:
    """Return in how many places several entries share the largest (or smallest) value."""
    if not x.size:
        return 0
    extreme = getattr(np, operation.kind)(x, axis=operation.axes, keepdims=True)
    return int(np.count_nonzero(np.sum(x == extreme, axis=operation.axes) > 1))

"""Bounds: numbers that the entries of a tensor are never below, as far as its making shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from symgrad.families.elementwise import Cast, Elementwise, function_name
from symgrad.families.layout import BroadcastTo, Concatenate, Diagonal, Named, Reshape, Slice, Transpose
from symgrad.families.leaf import Constant, Iota, SizeValue
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.windows import Windows
from symgrad.tensor import Tensor

_NOTHING = -math.inf
_NOT_NEGATIVE = frozenset({"absolute", "exp", "exp2", "relu", "sigmoid", "softplus", "square"})
_SAME_ENTRIES = (BroadcastTo, Cast, Concatenate, Diagonal, Named, Reshape, Slice, Transpose, Windows)


def lower_bounds(order: Iterable[Tensor]) -> dict[Tensor, float]:
    """Return a lower bound of each node of a topological order; minus infinity where nothing is known.

    NaN is below nothing: the bounds hold for entries that are numbers.

    >>> import symgrad as sg
    >>> from symgrad.graph import topological_order
    >>> x = sg.variable("x", (3,))
    >>> y = sg.sqrt(sg.mean(x**2) + 4)
    >>> lower_bounds(topological_order([y]))[y]
    2.0
    """
    found: dict[Tensor, float] = {}
    for node in order:
        found[node] = _bound(node, found)
    return found


def is_size(node: Tensor) -> bool:
    """Return whether a node is a run-time size, or its root: where it is 0 there are no entries to do harm to."""
    while isinstance(node.operation, (BroadcastTo, Cast, Reshape)) or function_name(node) == "sqrt":
        (node,) = node.inputs
    return isinstance(node.operation, SizeValue)


def _bound(node: Tensor, found: Mapping[Tensor, float]) -> float:
    operation = node.operation
    bounds = [found[x] for x in node.inputs]
    match operation:
        case Constant():
            entries = np.asarray(operation.value, float)
            return _NOTHING if np.isnan(entries).any() else float(np.min(entries, initial=math.inf))
        case Iota() | SizeValue():
            return 0.0
        case Elementwise():
            return _of_function(operation.function.name, bounds, node)
        case Reduction("sum" | "prod" | "logsumexp" as kind):
            return 0.0 if kind != "logsumexp" and bounds[0] >= 0 else _NOTHING
        case Reduction("max" | "min"):
            return bounds[0]
        case Normalization("softmax"):
            return 0.0
        case _:
            return min(bounds, default=_NOTHING) if isinstance(operation, _SAME_ENTRIES) else _NOTHING


def _of_function(name: str, bounds: list[float], node: Tensor) -> float:
    match name:
        case "add":
            return bounds[0] + bounds[1]
        case "multiply":
            if min(bounds) >= 0:
                return bounds[0] * bounds[1]
            return 0.0 if node.inputs[0] is node.inputs[1] else _NOTHING
        case "divide":
            # By a zero with a sign 1 would be divided to minus infinity.
            return 0.0 if bounds[0] >= 0 and (bounds[1] > 0 or is_size(node.inputs[1])) else _NOTHING
        case "sqrt":
            return math.sqrt(max(bounds[0], 0.0))
        case "maximum":
            return max(bounds)
        case "minimum":
            return min(bounds)
        case "where":
            return min(bounds[1:])
        case _:
            return 0.0 if name in _NOT_NEGATIVE else _NOTHING

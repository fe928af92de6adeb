"""The notation of sliding windows and of windows added up."""

from __future__ import annotations

from typing import Any

from symgrad.families.windows import OverlapAdd, Windows
from symgrad.formula.notation import Number, Tree, call
from symgrad.formula.terms.context import Term, Terms, shape_group
from symgrad.shapes import Shape
from symgrad.tensor import Tensor


def _windows(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    sizes = _one_or_all(operation.sizes)
    return Term(call("windows", terms.full(node.inputs[0]), sizes, **_options(operation)), node.shape)


def _overlap_add(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    lengths = _one_or_all(operation.lengths)
    return Term(call("overlap_add", terms.full(node.inputs[0]), lengths, **_options(operation)), node.shape)


def _options(operation: Windows | OverlapAdd) -> dict[str, Tree]:
    """Return the axes, and the steps that are not 1."""
    result = {"axes": _one_or_all(operation.axes)}
    for name, steps in (("strides", operation.strides), ("dilation", operation.dilations)):
        if set(steps) != {1}:
            result[name] = _one_or_all(steps)
    return result


def _one_or_all(values: Shape) -> Tree:
    """Return a number for one axis, a tuple for several."""
    (first, *rest) = values
    return shape_group(values) if rest or not isinstance(first, int) else Number(first)


RULES = {Windows: _windows, OverlapAdd: _overlap_add}

"""Graphs made ready to be read: simplified, and freed of what only a machine would write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codegen.numpy_source.scalar import is_size
from symgrad.families.elementwise import Elementwise, apply
from symgrad.families.layout import BroadcastTo, Concatenate, Named, broadcast_to, repeated_number, reshape
from symgrad.families.leaf import constant_number
from symgrad.graph import rebuild
from symgrad.numpy_names import concatenate
from symgrad.shapes import is_static
from symgrad.simplify import simplify, stabilize
from symgrad.tensor import Tensor


def tidy(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return equal tensors, up to rounding, in the form in which they are written."""
    tensors = stabilize(tensors)
    tensors = _rebuilt(tensors, _without_named_numbers)
    tensors = _rebuilt(simplify(tensors), _without_factors_one_over_n)
    return _rebuilt(tensors, _entries_side_by_side)


def _rebuilt(tensors: Sequence[Tensor], rewrite: Callable[[Tensor], Tensor]) -> list[Tensor]:
    new = rebuild(tensors, rewrite)
    return [new[tensor] for tensor in tensors]


def _without_named_numbers(node: Tensor) -> Tensor:
    """A number that somebody named is a number in arithmetic."""
    if isinstance(node.operation, Named) and constant_number(node.inputs[0]) is not None:
        return node.inputs[0]
    return node


def _without_factors_one_over_n(node: Tensor) -> Tensor:
    """1 / N * x is x / N, and -(1 / N) is -1 / N: one operation less, too."""
    if isinstance(node.operation, Elementwise) and node.operation.function.name == "multiply":
        a, b = node.inputs
        for first, second in ((a, b), (b, a)):
            count = _count_under_one(first)
            if count is not None and second.shape == node.shape:
                return apply("divide", second, count)
    if isinstance(node.operation, Elementwise) and node.operation.function.name == "negative":
        count = _count_under_one(node.inputs[0])
        if count is not None:
            return apply("divide", -1, count)
    return node


def _count_under_one(x: Tensor) -> Tensor | None:
    """Return N if `x` is 1 / N for a run-time size N."""
    if isinstance(x.operation, Elementwise) and x.operation.function.name == "reciprocal" and is_size(x.inputs[0]):
        return x.inputs[0]
    return None


_MOST_ENTRIES = 12
"""Longer vectors are not written entry by entry."""


def _entries_side_by_side(node: Tensor) -> Tensor:
    """The gradient by x, if x[0], x[1], ... are used one by one, is joined from vectors with one entry."""
    if not isinstance(node.operation, Concatenate) or node.ndim != 1 or not is_static(node.shape):
        return node
    entries: list[Tensor] = []
    for part in node.inputs:
        if part.shape != (1,) and repeated_number(part) is None:
            return node
        entries += [_number(part)] * int(part.shape[0])
    if len(entries) > _MOST_ENTRIES:
        return node
    return concatenate([broadcast_to(entry, (1,)) for entry in entries])


def _number(x: Tensor) -> Tensor:
    """Return a tensor with one entry as one without axes."""
    return x.inputs[0] if isinstance(x.operation, BroadcastTo) and not x.inputs[0].ndim else reshape(x, ())

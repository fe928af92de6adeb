"""Finer axes: what is computed from a tensor with joined axes is computed while they are apart, and joined afterwards.

Loops over the axes apart need no division to find an entry of the tensor, and find entries of everything else, whose
axes are split, by multiplying.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from codegen.program.access import blocks
from codegen.program.views import VIEWS, view_base
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.layout import Concatenate, Reshape, reshape
from symgrad.families.leaf import Leaf
from symgrad.families.reduction import Reduction
from symgrad.functions import FUNCTIONS
from symgrad.shapes import Shape
from symgrad.simplify import Rule
from symgrad.tensor import Tensor, make

_COMPUTED = (Cast, Concatenate, Elementwise, Reduction)
_SHORTEST_ROW = 8

Parts = list[list[int]]
"""For each axis of a shape the axes of a finer one that it is made of."""


def _finer(node: Tensor) -> Tensor | None:
    """Compute entry by entry before axes of an operand are joined."""
    for x in node.inputs:
        parts = joined_axes(x) if x.ndim == node.ndim else None
        if parts is not None and isinstance(view_base(x).operation, _COMPUTED):
            shape = x.inputs[0].shape
            inputs = tuple(_split(other, node.ndim, parts, shape) for other in node.inputs)
            return reshape(make(node.operation, inputs), node.shape)
    return None


def _reduced_apart(node: Tensor) -> Tensor | None:
    """Reduce before axes are joined."""
    operation: Any = node.operation
    (x,) = node.inputs
    parts = joined_axes(x)
    if parts is None or operation.kind in ("argmax", "argmin") or not isinstance(view_base(x).operation, _COMPUTED):
        return None
    axes = tuple(sorted(part for axis in operation.axes for part in parts[axis]))
    return reshape(make(Reduction(operation.kind, axes), x.inputs), node.shape)


def joined_axes(x: Tensor) -> Parts | None:
    """Return of which axes of its input each axis of a tensor is made, if that joins axes and splits none."""
    if not isinstance(x.operation, Reshape) or 0 in x.shape:
        return None
    before = x.inputs[0].shape
    parts: Parts = [[] for _ in x.shape]
    joins = False
    for left, right in blocks(x.shape, before):
        wide = [axis for axis in left if x.shape[axis] != 1]
        if len(wide) > 1:
            return None
        inner = [axis for axis in right if before[axis] != 1]
        joins = joins or len(inner) > 1
        if wide:
            parts[wide[0]] = inner
    return parts if joins else None


def _split(x: Tensor, rank: int, parts: Parts, shape: Shape) -> Tensor:
    """Return an operand that broadcasts to `rank` axes with its axes split; axes of size 1 stay one each."""
    sizes: list[int | object] = []
    for size, axes in zip((1,) * (rank - x.ndim) + x.shape, parts, strict=True):
        sizes += [1] * max(len(axes), 1) if size == 1 else [shape[axis] for axis in axes] or [size]
    return reshape(x, tuple(sizes))


def _stacked(node: Tensor) -> Tensor | None:
    """Join parts along an axis of their own, around their rows: the entries of a row are all in one part."""
    axis: int = node.operation.axis  # type: ignore[attr-defined]
    sizes = [x.shape[axis] for x in node.inputs]
    if any(size != 1 for size in node.shape[axis + 1 :]) or not all(isinstance(size, int) for size in sizes):
        return None
    row = math.gcd(*sizes)  # type: ignore[arg-type]
    if row < _SHORTEST_ROW:
        return None
    before, after = node.shape[:axis], node.shape[axis + 1 :]
    parts = (reshape(x, (*before, x.shape[axis] // row, row, *after)) for x in node.inputs)
    return reshape(make(Concatenate(axis), tuple(parts)), node.shape)


def stored_as(results: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    """Return for each result the tensor that is computed into its memory: another shape is no other memory."""
    taken = set(results)
    found: dict[Tensor, Tensor] = {}
    for result in dict.fromkeys(results):
        found[result] = result
        if isinstance(result.operation, Reshape):
            (computed,) = result.inputs
            if computed not in taken and not isinstance(computed.operation, (Leaf, *VIEWS)):
                taken.add(computed)
                found[result] = computed
    return found


REFINING = (
    Rule("rows of parts", (Concatenate,), _stacked, "which part a row is in is asked once a row"),
    Rule("finer sums", (Reduction,), _reduced_apart, "reduced while axes are apart, where the entries are made"),
    Rule("finer axes", (Cast, *FUNCTIONS), _finer, "computed while axes are apart, nothing is found by dividing"),
)

"""Views: an operand as strides over stored memory, through transposes, slices, broadcasts and reshapes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from codegen.program.access import blocks
from symgrad.families.layout import BroadcastTo, Diagonal, Named, Reshape, Slice, Transpose
from symgrad.families.windows import Windows
from symgrad.shapes import Shape, Size, same_size
from symgrad.tensor import Tensor

VIEWS = (Transpose, Reshape, Slice, BroadcastTo, Diagonal, Windows, Named)


@dataclass(frozen=True)
class View:
    """Entries of the stored tensor `base`: position `offset` plus index times stride along each axis (in entries)."""

    base: Tensor
    offset: Any
    strides: tuple[Any, ...]


def view_base(node: Tensor) -> Tensor:
    """Return the node below a chain of transposes, slices and the like (itself if it is none)."""
    while isinstance(node.operation, VIEWS):
        node = node.inputs[0]
    return node


def view(node: Tensor) -> View | None:
    """Return a node as a view of its base, stored in row-major order; None if a reshape makes that impossible."""
    chain: list[Tensor] = []
    while isinstance(node.operation, VIEWS):
        chain.append(node)
        node = node.inputs[0]
    offset: Any = 0
    strides = row_major_strides(node.shape)
    for step in reversed(chain):
        shape = step.inputs[0].shape
        operation: Any = step.operation
        if isinstance(operation, Transpose):
            strides = tuple(strides[axis] for axis in operation.axes)
        elif isinstance(operation, Slice):
            offset = offset + sum(start * stride for start, stride in zip(operation.starts, strides, strict=True))
            strides = tuple(step_ * stride for step_, stride in zip(operation.steps, strides, strict=True))
        elif isinstance(operation, BroadcastTo):
            new = len(step.shape) - len(shape)
            repeated = (size == 1 and wide != 1 for size, wide in zip(shape, step.shape[new:], strict=True))
            strides = (0,) * new + tuple(
                0 if again else stride for again, stride in zip(repeated, strides, strict=True)
            )
        elif isinstance(operation, Diagonal):
            strides = (*strides[:-2], strides[-2] + strides[-1])
        elif isinstance(operation, Windows):
            inside = tuple(d * strides[axis] for axis, d in zip(operation.axes, operation.dilations, strict=True))
            steps = dict(zip(operation.axes, operation.strides, strict=True))
            strides = (*(steps.get(axis, 1) * stride for axis, stride in enumerate(strides)), *inside)
        elif isinstance(operation, Reshape):
            reshaped = _reshaped(strides, shape, step.shape)
            if reshaped is None:
                return None
            strides = reshaped
    return View(node, offset, strides)


def operand(node: Tensor) -> View:
    """Return a node as a view: of what lies below a chain of views or, where that cannot be, of the node itself."""
    return view(node) or View(node, 0, row_major_strides(node.shape))


def row_major_strides(shape: Shape) -> tuple[Any, ...]:
    """Return the strides of an array in row-major order, in entries."""
    strides: list[Any] = []
    stride: Any = 1
    for size in reversed(shape):
        strides.append(stride)
        stride = stride * size
    return tuple(reversed(strides))


def _reshaped(strides: tuple[Any, ...], old: Shape, new: Shape) -> tuple[Any, ...] | None:
    result: list[Any] = []
    for left, right in blocks(old, new):
        wide = [axis for axis in left if old[axis] != 1]
        for a, b in pairwise(wide):
            if not same_size(strides[a], strides[b] * old[b]):
                return None
        stride: Any = strides[wide[-1]] if wide else 1
        part: list[Any] = []
        for axis in reversed(right):
            part.append(stride)
            if new[axis] != 1:
                stride = stride * new[axis]
        result += reversed(part)
    return tuple(result)


def constant_or_size(value: Any) -> Size:
    """Return an offset or stride as an int, or as an expression of run-time sizes (it may be negative)."""
    return value if isinstance(value, int) else (int(value) if value.is_Integer else value)


__all__ = ["VIEWS", "View", "constant_or_size", "operand", "row_major_strides", "view", "view_base"]

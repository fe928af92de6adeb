"""Access: which entry of its inputs an entry of a node is made from, and which loops that makes alike.

The same index arithmetic serves the scheduler, which only asks whether an index is exactly a loop's variable, and the
kernel writer, which emits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, TakeAlongAxis
from symgrad.families.layout import (
    BroadcastTo,
    Concatenate,
    Diagonal,
    Embed,
    EmbedDiagonal,
    Named,
    Reshape,
    Slice,
    Transpose,
)
from symgrad.families.windows import Windows
from symgrad.shapes import Shape, Size, product, same_size
from symgrad.tensor import Tensor

Index = Any
"""An int, or whatever the arithmetic in use makes of loop variables."""


class Arithmetic(Protocol):
    """Arithmetic on indices; sizes may be run-time sizes."""

    def multiply_add(self, index: Index, factor: Size, addend: Index | Size) -> Index: ...
    def floor_divide(self, index: Index, size: Size) -> Index: ...
    def remainder(self, index: Index, size: Size) -> Index: ...


@dataclass(frozen=True, slots=True)
class LoopAxis:
    """The variable of loop number `axis` of a domain."""

    axis: int


class Unknown:
    """An index that is no loop variable."""


UNKNOWN = Unknown()


class PatternArithmetic:
    """Arithmetic that keeps only what is exactly a loop variable or an int."""

    def multiply_add(self, index: Index, factor: Size, addend: Index | Size) -> Index:
        if isinstance(index, int) and index == 0:
            return addend
        if factor == 1 and isinstance(addend, int) and addend == 0:
            return index
        if isinstance(index, int) and isinstance(factor, int) and isinstance(addend, int):
            return index * factor + addend
        return UNKNOWN

    def floor_divide(self, index: Index, size: Size) -> Index:
        return index // size if isinstance(index, int) and isinstance(size, int) and size else UNKNOWN

    def remainder(self, index: Index, size: Size) -> Index:
        return index % size if isinstance(index, int) and isinstance(size, int) and size else UNKNOWN


def input_index(
    node: Tensor, position: int, index: Sequence[Index], arithmetic: Arithmetic
) -> tuple[Index, ...] | None:
    """Return the index of input `position` of the entry that `node[index]` is made from, or None.

    None means that it depends on values or conditions.
    """
    operation: Any = node.operation
    x = node.inputs[position]
    if isinstance(operation, (Elementwise, BroadcastTo)):
        aligned = index[len(index) - x.ndim :]
        return tuple(0 if size == 1 else i for i, size in zip(aligned, x.shape, strict=True))
    if isinstance(operation, (Cast, Named)):
        return tuple(index)
    if isinstance(operation, Transpose):
        result: list[Index] = [0] * x.ndim
        for i, axis in zip(index, operation.axes, strict=True):
            result[axis] = i
        return tuple(result)
    if isinstance(operation, Slice):
        return tuple(
            arithmetic.multiply_add(i, step, start)
            for i, start, step in zip(index, operation.starts, operation.steps, strict=True)
        )
    if isinstance(operation, Diagonal):
        return (*index, index[-1])
    if isinstance(operation, Windows):
        outer, inside = list(index[: x.ndim]), index[x.ndim :]
        for axis, place, stride, dilation in zip(
            operation.axes, inside, operation.strides, operation.dilations, strict=True
        ):
            outer[axis] = arithmetic.multiply_add(outer[axis], stride, arithmetic.multiply_add(place, dilation, 0))
        return tuple(outer)
    if isinstance(operation, Reshape):
        return reshaped_index(index, node.shape, x.shape, arithmetic)
    return None


def input_pattern(node: Tensor, position: int, index: Sequence[Index]) -> tuple[Index, ...]:
    """Return the entries of an input that `node[index]` may be made from: UNKNOWN along axes where values decide."""
    known = input_index(node, position, index, PatternArithmetic())
    if known is not None:
        return known
    operation: Any = node.operation
    x = node.inputs[position]
    result: list[Index] = list(index)
    match operation:
        case TakeAlongAxis():
            result = [0 if size == 1 else i for i, size in zip(index, x.shape, strict=True)]
            if position == 0:
                result[operation.axis] = UNKNOWN
        case Gather():
            end = operation.axis + node.inputs[1].ndim
            chosen = [UNKNOWN] * (len(node.inputs) - 1)
            result = (
                [*index[: operation.axis], *chosen, *index[end:]] if position == 0 else [*index[operation.axis : end]]
            )
        case Concatenate():
            result[operation.axis] = UNKNOWN
        case Embed():
            starts = zip(index, operation.starts, operation.steps, strict=True)
            result = [i if (start, step) == (0, 1) else UNKNOWN for i, start, step in starts]
        case EmbedDiagonal():
            result = [*index[:-1]]
        case _:
            result = [UNKNOWN] * x.ndim
    return tuple(result)


def is_one_of_many(node: Tensor, axis: int) -> bool:
    """Return whether a slice takes one of many entries along an axis: arrays, for numbers have too little to do."""
    (x,) = node.inputs
    return node.shape[axis] == 1 and x.shape[axis] != 1 and any(size != 1 for size in node.shape)


def reshaped_index(index: Sequence[Index], outer: Shape, inner: Shape, arithmetic: Arithmetic) -> tuple[Index, ...]:
    """Return the index into shape `inner` of the entry that row-major order puts at `index` of shape `outer`."""
    result: list[Index] = []
    for left, right in blocks(outer, inner):
        wide = [axis for axis in left if outer[axis] != 1]
        if len(wide) == 1 and [inner[axis] for axis in right if inner[axis] != 1] == [outer[wide[0]]]:
            result += [0 if inner[axis] == 1 else index[wide[0]] for axis in right]
            continue
        linear: Index = 0
        for axis in wide:
            linear = arithmetic.multiply_add(linear, outer[axis], index[axis])
        parts: list[Index] = []
        open_axes = [axis for axis in right if inner[axis] != 1]
        for axis in reversed(right):
            if inner[axis] == 1:
                parts.append(0)
            elif axis == open_axes[0]:
                parts.append(linear)
            else:
                parts.append(arithmetic.remainder(linear, inner[axis]))
                linear = arithmetic.floor_divide(linear, inner[axis])
        result += reversed(parts)
    return tuple(result)


def blocks(outer: Shape, inner: Shape) -> list[tuple[list[int], list[int]]]:
    """Split two shapes of equal product into the shortest runs of axes of equal product."""
    result: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(outer) or j < len(inner):
        left: list[int] = []
        right: list[int] = []
        while True:
            if left and right and same_size(product(outer[a] for a in left), product(inner[a] for a in right)):
                break
            if i >= len(outer) and j >= len(inner):
                break
            a, b = product(outer[k] for k in left), product(inner[k] for k in right)
            take_left = j >= len(inner) or (i < len(outer) and (not left or (right and _behind(a, b))))
            if take_left:
                left.append(i)
                i += 1
            else:
                right.append(j)
                j += 1
        while i < len(outer) and outer[i] == 1:
            left.append(i)
            i += 1
        while j < len(inner) and inner[j] == 1:
            right.append(j)
            j += 1
        result.append((left, right))
    return result


def _behind(a: Size, b: Size) -> bool:
    """Return whether a product of sizes is the smaller one, as far as that can be told."""
    if isinstance(a, int) and isinstance(b, int):
        return a < b
    from sympy import cancel, sympify

    ratio = cancel(sympify(b) / a)
    return bool(ratio.is_polynomial() and ratio != 1)

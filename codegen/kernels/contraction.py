"""Contractions as matrix products: labels gathered into rows, columns and a summed axis, the rest into loops around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from codegen.program.views import View, constant_or_size, operand, row_major_strides
from symgrad.shapes import Size, same_size
from symgrad.tensor import Tensor


@dataclass(frozen=True)
class Axis:
    """An axis of a product: its size and how far one step along it moves in each of the three matrices, in entries."""

    size: Size
    left: Any
    right: Any
    output: Any


@dataclass(frozen=True)
class MatrixProduct:
    """output[rows, columns] = sum over `summed` of left[rows, summed] * right[summed, columns], each turn of `loops`.

    A loop over an axis that the output does not have (stride 0) adds to what is there.
    """

    dtype: str
    left: View
    right: View
    output: Tensor
    rows: Axis
    columns: Axis
    summed: Axis
    loops: tuple[Axis, ...]
    adds: tuple[bool, ...]
    """For each loop whether its turns add up."""


_NONE = Axis(1, 0, 0, 0)


def matrix_product(node: Tensor) -> MatrixProduct:
    """Return a contraction node (whose operands are views of stored tensors) as matrix products."""
    operation: Any = node.operation
    left, right = map(operand, node.inputs)
    where = {}
    for tensor, labels in zip(node.inputs, (operation.left, operation.right), strict=True):
        where |= dict(zip(labels, tensor.shape, strict=True))
    strides = [
        dict(zip(labels, given, strict=True))
        for labels, given in (
            (operation.left, left.strides),
            (operation.right, right.strides),
            (operation.output, row_major_strides(node.shape)),
        )
    ]
    rows: list[Axis] = []
    columns: list[Axis] = []
    summed: list[Axis] = []
    loops: list[Axis] = []
    for label in (*operation.output, *(label for label in operation.left if label not in operation.output)):
        axis = Axis(where[label], *(constant_or_size(stride.get(label, 0)) for stride in strides))
        in_left, in_right, in_output = (label in stride for stride in strides)
        kind = (
            loops
            if in_left and in_right and in_output
            else rows
            if in_left and in_output
            else columns
            if in_output
            else summed
        )
        if axis.size != 1:
            kind.append(axis)
    (row, *more_rows), (column, *more_columns), (inner, *more_summed) = (
        _merged(axes) for axes in (rows, columns, summed)
    )
    batch = [axis for axis in _merged(loops) if axis != _NONE]
    around = (*batch, *more_rows, *more_columns, *more_summed)
    adds = (False,) * (len(around) - len(more_summed)) + (True,) * len(more_summed)
    return MatrixProduct(node.dtype.name, left, right, node, row, column, inner, around, adds)


def _merged(axes: Sequence[Axis]) -> list[Axis]:
    """Join neighbouring axes that are one axis in memory.

    Return the longest first (an axis of size 1 if there is none).
    """
    result: list[Axis] = []
    for axis in axes:
        if result and all(
            same_size(outer, inner * axis.size)
            for outer, inner in zip(_strides(result[-1]), _strides(axis), strict=True)
        ):
            result[-1] = Axis(constant_or_size(result[-1].size * axis.size), axis.left, axis.right, axis.output)
        else:
            result.append(axis)
    if not result:
        return [_NONE]
    longest = max(range(len(result)), key=lambda i: result[i].size if isinstance(result[i].size, int) else 1 << 20)
    return [result[longest], *result[:longest], *result[longest + 1 :]]


def _strides(axis: Axis) -> tuple[Any, Any, Any]:
    return axis.left, axis.right, axis.output

"""Contractions as matrix products between groups of axes, and which kernel suits the way these lie in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from codegen.program.views import View, constant_or_size, operand, row_major_strides
from symgrad.shapes import Size, same_size
from symgrad.tensor import Tensor

ProductKernel = Literal["plain", "tiles", "dots"]
"""`plain`: one axis of rows, columns and the sum each. `tiles`: any axes. `dots`: any axes, but the last of the sum is
contiguous in both operands."""

LONG = 64
"""An axis of so many rows or columns is worth a matrix product of its own; of fewer, it is joined with others."""


@dataclass(frozen=True)
class Axis:
    """An axis of a product: its size and how far one step along it moves in each of the three matrices, in entries."""

    size: Size
    left: Any
    right: Any
    output: Any


@dataclass(frozen=True)
class MatrixProduct:
    """output[rows, columns] = sum over `summed` of left[rows, summed] * right[summed, columns], each turn of `batch`.

    Every group has one axis at least, the outermost first.
    """

    dtype: str
    left: View
    right: View
    output: Tensor
    batch: tuple[Axis, ...]
    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]
    summed: tuple[Axis, ...]
    kernel: ProductKernel
    adds: bool = False
    """Whether the product is added to what the output holds."""

    @property
    def groups(self) -> tuple[tuple[Axis, ...], ...]:
        """The groups of axes: batch, rows, columns, summed."""
        return self.batch, self.rows, self.columns, self.summed


_NONE = Axis(1, 0, 0, 0)


def matrix_product(node: Tensor) -> MatrixProduct:
    """Return a contraction node (whose operands are views of stored tensors) as a matrix product."""
    operation: Any = node.operation
    left, right = map(operand, node.inputs[:2])
    labels = (operation.left, operation.right, operation.output)
    views = (left.strides, right.strides, row_major_strides(node.shape))
    strides = [dict(zip(own, given, strict=True)) for own, given in zip(labels, views, strict=True)]
    axes = {
        label: Axis(size, *(constant_or_size(stride.get(label, 0)) for stride in strides))
        for label, size in operation.sizes(node.inputs[:2]).items()
    }
    product = arranged(node.dtype.name, left, right, node, labels, axes)
    return replace(product, adds=len(node.inputs) > 2)


def arranged(
    dtype: str,
    left: View,
    right: View,
    output: Tensor,
    labels: tuple[Sequence[Any], Sequence[Any], Sequence[Any]],
    axes: Mapping[Any, Axis],
) -> MatrixProduct:
    """Return the contraction of two views: the labels of left, right and output, and the axis of each label."""
    in_left, in_right, in_output = labels
    batch: list[Axis] = []
    rows: list[Axis] = []
    columns: list[Axis] = []
    summed: list[Axis] = []
    for label in (*in_output, *(label for label in in_left if label not in in_output)):
        if label not in in_output:
            kind = summed
        elif label not in in_right:
            kind = rows
        else:
            kind = batch if label in in_left else columns
        if axes[label].size != 1:
            kind.append(axes[label])
    groups = [_merged(group) for group in (batch, rows, columns, summed)]
    return _with_kernel(MatrixProduct(dtype, left, right, output, *groups, kernel="tiles"))


def _merged(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """Join neighbouring axes that are one axis in memory; an axis of size 1 stands for none."""
    result: list[Axis] = []
    for axis in axes:
        if result and all(
            same_size(outer, inner * axis.size)
            for outer, inner in zip(_strides(result[-1]), _strides(axis), strict=True)
        ):
            result[-1] = Axis(constant_or_size(result[-1].size * axis.size), axis.left, axis.right, axis.output)
        else:
            result.append(axis)
    return tuple(result) or (_NONE,)


def _strides(axis: Axis) -> tuple[Any, Any, Any]:
    return axis.left, axis.right, axis.output


def _with_kernel(product: MatrixProduct) -> MatrixProduct:
    """Choose the kernel, and which operand's axes are the columns.

    Long rows or columns, one summed axis: plain products, one for each turn of the other axes. Else what takes the
    fewest cycles of register tiles, either way round, and dot products along an axis that is contiguous in both.
    """
    (rows, *more_rows), (columns, *more_columns) = _longest_first(product.rows), _longest_first(product.columns)
    alone = all(not more or _at_least(axis, LONG) for axis, more in ((rows, more_rows), (columns, more_columns)))
    if len(product.summed) == 1 and alone:
        batch = tuple(axis for axis in (*product.batch, *more_rows, *more_columns) if axis != _NONE) or (_NONE,)
        return replace(product, batch=batch, rows=(rows,), columns=(columns,), kernel="plain")
    candidates = [replace(tiles, kernel="tiles") for tiles in (product, _transposed(product))]
    for axis in product.summed:
        if _is_one(axis.left) and _is_one(axis.right):
            summed = (*(other for other in product.summed if other is not axis), axis)
            candidates.append(replace(product, summed=summed, kernel="dots"))
    best = min(candidates, key=_cycles)
    return _with_turns(best) if best.kernel == "tiles" else best


def _cycles(product: MatrixProduct) -> float:
    """Return what the kernel `tiles` or `dots` takes, in cycles of a core with two multiply-adds of 256 bits each."""
    at_once = 16 if product.dtype == "float32" else 8
    lanes = at_once // 2
    rows, columns, terms = (_count(axes) for axes in product.groups[1:])
    if product.kernel == "dots":
        # What is left behind the whole vectors of a run is added up in a second pass. Each slice of a sum ends with the
        # addition of lanes. Rows that are left of the tiles have tiles of their own, with too few sums.
        run = _count(product.summed[-1:])
        vectors, left = terms // run * (run // lanes), run % lanes
        passes = [count for count in (vectors, terms // run if left else 0) if count]
        slices = sum(-(-count // 128) for count in passes)
        return (rows + 1.7 * (rows % 4)) * columns * (0.55 * sum(passes) + 6 * slices)
    # A tile of few rows waits for its sums. Columns that are not in runs are packed one by one, for each block of rows;
    # those of the result are written one by one, for each slice of the sum.
    packing = 1.5 / lanes if _run(product.columns, "right", lanes - 1) else 1.3 * -(-rows // 128)
    scattered = 0 if _run(product.columns, "output", lanes) else 3 * rows * columns * -(-terms // 384)
    return -(-columns // lanes) * lanes * terms * (max(rows, 4) / at_once + packing) + scattered


def _with_turns(product: MatrixProduct) -> MatrixProduct:
    """Make the outermost axes of the columns turns of the batch, which share all tables, if enough columns are left."""
    columns = product.columns
    while len(columns) > 1 and _count(columns[1:]) >= LONG:
        columns = columns[1:]
    turns = product.columns[: len(product.columns) - len(columns)]
    batch = tuple(axis for axis in (*product.batch, *turns) if axis != _NONE) or (_NONE,)
    return replace(product, batch=batch, columns=columns)


def _transposed(product: MatrixProduct) -> MatrixProduct:
    """Return the product with its operands, rows and columns exchanged."""
    batch, rows, columns, summed = (
        tuple(Axis(axis.size, axis.right, axis.left, axis.output) for axis in axes) for axes in product.groups
    )
    return replace(
        product, left=product.right, right=product.left, batch=batch, rows=columns, columns=rows, summed=summed
    )


def _run(axes: Sequence[Axis], matrix: str, length: int) -> bool:
    """Return whether the last axis is a contiguous run in a matrix, and so long."""
    return _at_least(axes[-1], length) and _is_one(getattr(axes[-1], matrix))


def _is_one(stride: Any) -> bool:
    return same_size(stride, 1)


def _at_least(axis: Axis, size: int) -> bool:
    """Return whether an axis is so long; run-time sizes are taken to be."""
    return not isinstance(axis.size, int) or axis.size >= size


def _count(axes: Sequence[Axis]) -> int:
    """Return the product of the sizes, at least 1; run-time sizes are taken to be LONG."""
    return max(math.prod(axis.size if isinstance(axis.size, int) else LONG for axis in axes), 1)


def _longest_first(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    longest = max(range(len(axes)), key=lambda i: size if isinstance(size := axes[i].size, int) else 1 << 20)
    return (axes[longest], *axes[:longest], *axes[longest + 1 :])

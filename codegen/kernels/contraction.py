"""Contractions as matrix products between groups of axes, and which kernel suits the way these lie in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from codegen.program.views import View, constant_or_size, operand, row_major_strides
from symgrad.shapes import Size, same_size
from symgrad.shapes import product as whole_product
from symgrad.tensor import Tensor

ProductKernel = Literal["plain", "tiles", "dots"]
"""`plain`: one axis of rows, columns and the sum each. `tiles`: any axes. `dots`: any axes, but the last of the sum is
contiguous in both operands."""

LONG = 64
"""An axis of so many rows or columns is worth a matrix product of its own; of fewer, it is joined with others."""

RUN = 8
"""Entries of a contiguous run that are worth a vector."""


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
    sizes: dict[Any, Size] = {}
    for tensor, own in zip(node.inputs, labels, strict=False):
        sizes |= dict(zip(own, tensor.shape, strict=True))
    axes = {
        label: Axis(size, *(constant_or_size(stride.get(label, 0)) for stride in strides))
        for label, size in sizes.items()
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

    Long rows or columns, one summed axis: plain products, one for each turn of the other axes. Else register tiles,
    with contiguous columns where there are any; dot products where only the terms of the sums are contiguous.
    """
    (rows, *more_rows), (columns, *more_columns) = _longest_first(product.rows), _longest_first(product.columns)
    alone = all(not more or _at_least(axis, LONG) for axis, more in ((rows, more_rows), (columns, more_columns)))
    if len(product.summed) == 1 and alone:
        batch = tuple(axis for axis in (*product.batch, *more_rows, *more_columns) if axis != _NONE) or (_NONE,)
        return replace(product, batch=batch, rows=(rows,), columns=(columns,), kernel="plain")
    if _run(product.columns, "right", "output"):
        return _with_turns(product)
    if _run(product.rows, "left", "output"):
        return _with_turns(_transposed(product))
    for axis in product.summed:
        if _run((axis,), "left", "right"):
            summed = (*(other for other in product.summed if other is not axis), axis)
            return replace(product, summed=summed, kernel="dots")
    return product


def _with_turns(product: MatrixProduct) -> MatrixProduct:
    """Make the outermost axes of the columns turns of the batch, which share all tables, if enough columns are left."""
    columns = product.columns
    while len(columns) > 1 and _at_least(Axis(whole_product(axis.size for axis in columns[1:]), 0, 0, 0), LONG):
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


def _run(axes: Sequence[Axis], *matrices: str) -> bool:
    """Return whether the last axis is a contiguous run in these matrices that fills a vector."""
    return _at_least(axes[-1], RUN - 1) and all(same_size(getattr(axes[-1], matrix), 1) for matrix in matrices)


def _at_least(axis: Axis, size: int) -> bool:
    """Return whether an axis is so long; run-time sizes are taken to be."""
    return not isinstance(axis.size, int) or axis.size >= size


def _longest_first(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    longest = max(range(len(axes)), key=lambda i: size if isinstance(size := axes[i].size, int) else 1 << 20)
    return (axes[longest], *axes[:longest], *axes[longest + 1 :])

"""Rows: along which axis a step can be cut into chunks, and whether a chunk can follow that of another step at once.

The *rows* of a tensor are its first axis that is longer than one. A chunk of a step makes some of the rows of its
results. Where it reads only these rows of another result, it can follow the chunk that makes them.
"""

from __future__ import annotations

from typing import Any

from codegen.kernels.lapack import LAPACK
from codegen.program.access import LoopAxis
from codegen.program.nest import Nest, Root
from codegen.program.schedule import Single, Step
from codegen.program.views import operand, row_major_strides
from symgrad.families.contraction import Contraction
from symgrad.shapes import Shape, Size, product, same_size
from symgrad.tensor import Tensor

_FLOPS = 80
_INSTRUCTIONS = 8
"""What a core does in a nanosecond, roughly: of matrix products, and of the scalar operations of loops."""


_MOST_WANTED, _LEAST_WANTED = 128, 16
"""Rows of a matrix that a chunk of a product should have, if there are four chunks then."""


def row_axis(shape: Shape) -> int | None:
    """Return the first axis that is longer than one, if any."""
    return next((axis for axis, size in enumerate(shape) if size != 1), None)


def cut_axis(step: Step) -> int | None:
    """Return the axis of a step's loops (of a product's result) along which it is cut; None if it runs in one piece."""
    if isinstance(step, Nest):
        axis = row_axis(step.domain)
        inside = axis is not None and (step.outer is None or axis < step.outer)
        return axis if inside and not any(_finds_place(root, step) for root in step.roots) else None
    return row_axis(step.root.node.shape) if _is_product(step) else None


def rows_of(step: Step) -> Size | None:
    """Return the number of rows of a step that can be cut."""
    axis = cut_axis(step)
    if axis is None:
        return None
    return step.domain[axis] if isinstance(step, Nest) else step.roots[0].node.shape[axis]


def is_partial(node: Tensor, step: Step) -> bool:
    """Return whether a chunk of a step makes a part of every entry of a result, not some entries of it."""
    return isinstance(step, Nest) and step.made[node][1] == "late"


def reads_own_rows(root: Root, step: Step, node: Tensor) -> bool:
    """Return whether a result of a step that can be cut reads `node`, where at all, at its own rows only."""
    if node not in root.reads:
        return True
    axis, rows = cut_axis(step), row_axis(node.shape)
    if axis is None or rows is None:
        return False
    if isinstance(step, Nest):
        same = same_size(node.shape[rows], root.domain[axis])
        return same and all(pattern[rows] == LoopAxis(axis) for pattern in root.reads[node])
    return same_size(node.shape[rows], root.node.shape[axis]) and _product_reads_own_rows(root.node, axis, node, rows)


def _product_reads_own_rows(made: Tensor, axis: int, node: Tensor, rows: int) -> bool:
    operation: Any = made.operation
    row = row_major_strides(node.shape)[rows]
    for x, labels in zip(made.inputs[:2], (operation.left, operation.right), strict=True):
        view = operand(x)
        if view.base is not node:
            continue
        if operation.output[axis] not in labels:
            return False
        at = labels.index(operation.output[axis])
        others = [pair for i, pair in enumerate(zip(x.shape, view.strides, strict=True)) if i != at]
        numbers = [view.offset, row, *(number for pair in others for number in pair)]
        if not same_size(view.strides[at], row) or not all(isinstance(n, int) and n >= 0 for n in numbers):
            return False
        if view.offset + sum((size - 1) * stride for size, stride in others if size) >= row:
            return False
    return True


def least_rows(step: Step) -> int:
    """Return how many rows a chunk should have at least.

    Every chunk of a product reads the operand without these rows once more: each entry of it should be used often.
    """
    axis = cut_axis(step)
    if axis is None or isinstance(step, Nest):
        return 1
    node = step.roots[0].node
    operation: Any = node.operation
    label, rows = operation.output[axis], node.shape[axis]
    if label in operation.left and label in operation.right:
        return 1
    own, other = (operation.left, operation.right) if label in operation.left else (operation.right, operation.left)
    beside = [
        n for n, at in zip(node.shape, operation.output, strict=True) if at != label and at in own and at not in other
    ]
    width = product(beside)
    if not isinstance(width, int):
        return 1
    wanted = _MOST_WANTED
    while isinstance(rows, int) and wanted > _LEAST_WANTED and rows * width < 4 * wanted:
        wanted //= 2
    return -(-wanted // max(width, 1))


def work_of(step: Step) -> Any:
    """Return about how many nanoseconds a step takes on one thread; an expression where run-time sizes take part."""
    if isinstance(step, Nest):
        amounts: list[Any] = [product([root.work, *root.domain]) for root in step.roots]
        return sum(amounts) / _INSTRUCTIONS
    (root,) = step.roots
    if isinstance(root.node.operation, LAPACK):
        return product([*root.domain, root.node.inputs[0].shape[-1]])
    if not _is_product(step):
        return product([root.work, *root.domain]) / _INSTRUCTIONS
    operation: Any = root.node.operation
    return product([2, *operation.sizes(root.node.inputs[:2]).values()]) / _FLOPS


def _is_product(step: Step) -> bool:
    return isinstance(step, Single) and isinstance(step.root.node.operation, Contraction)


def _finds_place(root: Root, nest: Nest) -> bool:
    """Return whether the nest ends before a place is found: places in chunks cannot be put together."""
    reduction = root.reduction
    return reduction is not None and reduction.kind in ("argmax", "argmin") and nest.made[root.node][1] == "late"

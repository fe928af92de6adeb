"""Long sums in parts: a product with a small result and very many terms becomes a batch of products, and their sum.

Threads take rows of a result. Where there are few rows and long sums, the gradient of a convolution by its filters for
one, this gives them something to share. The parts depend on the sizes alone, so results do not depend on threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from codegen.program.views import view_base
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import apply
from symgrad.families.layout import reshape
from symgrad.families.leaf import Variable
from symgrad.families.reduction import sum as sum_
from symgrad.shapes import is_static
from symgrad.tensor import Tensor, make

MOST_PARTS = 8
"""So many parts at most: of more, the sum of the parts would take its time, too."""

FEW_ROWS, SOME_ROWS = 32, 4
"""A result with so many rows can be shared as it is; or with some, if each of them is many rows of a matrix."""

MOST_ROWS, LARGE = 128, 1 << 16
"""Rows, at most, of a matrix that is multiplied in parts by one with so many entries at least."""
STREAMS = 4
"""The parts: such a matrix is larger than what a core's own cache should hold, but not than several of them."""

_LEAST_FLOPS = 8_000_000
"""Below, a tenth of a millisecond, threads gain little."""


def in_parts(node: Tensor) -> Tensor | None:
    """Return a contraction with few rows and many terms as a sum over parts of the terms; None for any other."""
    operation: Any = node.operation
    sizes: dict[int, Any] = operation.sizes(node.inputs)
    if not is_static(sizes.values()):
        return None
    flops = 2 * math.prod(sizes.values())
    # What is made of rows stays in chains of rows: only where rows begin are they worth leaving.
    begins = all(isinstance(view_base(x).operation, Variable) for x in node.inputs)
    streamed = _streamed(operation, sizes) if begins else None
    if streamed is not None and flops >= _LEAST_FLOPS // 2:
        return _added(node, operation, sizes, *streamed)
    rows = next((label for label in operation.output if sizes[label] != 1), None)
    if flops < _LEAST_FLOPS or (rows is not None and _is_shared(operation, rows, sizes)):
        return None
    summed = [label for label in operation.left if label not in operation.output]
    label, parts = max(((label, _parts(sizes[label])) for label in summed), key=lambda pair: pair[1])
    results = math.prod(node.shape)
    if parts == 1 or results * MOST_PARTS * FEW_ROWS > flops:
        return None
    new = max(sizes) + 1
    operands = [
        _cut(x, labels, label, new, parts)
        for x, labels in zip(node.inputs, (operation.left, operation.right), strict=True)
    ]
    (a, left), (b, right) = operands
    return sum_(make(Contraction(left, right, (new, *operation.output)), (a, b)), (0,))


def _streamed(operation: Contraction, sizes: Mapping[int, Any]) -> tuple[int, int] | None:
    """Return the label and the number of parts if a matrix of few rows is multiplied by a far larger one.

    A thread that makes rows of the result would read all of the larger matrix, a parameter most likely, after another
    thread has written a part of it. One that makes a part of the sum reads only its part, which it has written itself.
    """
    kinds = (operation.left, operation.right, operation.output)
    if [len(labels) for labels in kinds] != [2, 2, 2]:
        return None
    (summed,) = set(operation.left) & set(operation.right)
    row, column = operation.output
    few, many = sizes[row], sizes[summed]
    if row not in operation.left or operation.right != (summed, column) or few > MOST_ROWS or many < 4 * few:
        return None
    large = many * sizes[column] >= LARGE and sizes[column] >= FEW_ROWS
    return (summed, STREAMS) if large and many % STREAMS == 0 else None


def _added(node: Tensor, operation: Contraction, sizes: Mapping[int, Any], label: int, parts: int) -> Tensor:
    """Return a product as a sum of parts, which is written out so that it is one with what follows."""
    new = max(sizes) + 1
    a, left = _cut(node.inputs[0], operation.left, label, new, parts)
    b, right = _cut(node.inputs[1], operation.right, label, new, parts)
    made = make(Contraction(left, right, (new, *operation.output)), (a, b))
    total = made[0]
    for part in range(1, parts):
        total = apply("add", total, made[part])
    return total


def _is_shared(operation: Contraction, rows: int, sizes: Mapping[int, Any]) -> bool:
    """Return whether threads can share the rows: a batch, or many, or some with many others in each."""
    if sizes[rows] >= FEW_ROWS or (rows in operation.left and rows in operation.right):
        return True
    own, other = (operation.left, operation.right) if rows in operation.left else (operation.right, operation.left)
    together = math.prod(sizes[label] for label in operation.output if label in own and label not in other)
    return sizes[rows] >= SOME_ROWS and together >= FEW_ROWS * SOME_ROWS


def _parts(size: int) -> int:
    """Return the largest number of equal parts."""
    return max(parts for parts in range(1, MOST_PARTS + 1) if size % parts == 0)


def _cut(x: Tensor, labels: Sequence[int], label: int, new: int, parts: int) -> tuple[Tensor, tuple[int, ...]]:
    """Return an operand with the axis of a label cut into parts, which have a label of their own."""
    at = list(labels).index(label)
    size: Any = x.shape[at]
    cut = reshape(x, (*x.shape[:at], parts, size // parts, *x.shape[at + 1 :]))
    return cut, (*labels[:at], new, *labels[at:])

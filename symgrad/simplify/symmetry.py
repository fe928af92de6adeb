"""Symmetric matrices: those declared so, and those that are so by the way they are made."""

from __future__ import annotations

from typing import Any

from symgrad.families.contraction import Contraction, contract
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import EmbedDiagonal, Named, Transpose
from symgrad.families.leaf import Variable
from symgrad.families.linear_algebra import Inverse
from symgrad.simplify.contraction import untransposed
from symgrad.simplify.diagonals import is_identity
from symgrad.tensor import Tensor, make

_MOST_PARTS = 24
"""Larger expressions are not searched: the work stays linear in the graph."""


def is_symmetric(x: Tensor) -> bool:
    """Return whether a matrix is known to equal its transpose.

    >>> from symgrad import variable
    >>> A, S = variable("A", (3, 3)), variable("S", (3, 3), symmetric=True)
    >>> is_symmetric(A), is_symmetric(S), is_symmetric(A + A.T), is_symmetric(A.T @ A), is_symmetric(S @ S @ A)
    (False, True, True, True, False)
    """
    if x.ndim != 2:
        return False
    waiting, looked = [x], 0
    while waiting:
        node = waiting.pop()
        looked += 1
        if looked > _MOST_PARTS:
            return False
        if node.ndim == 0 or _is_symmetric_by_itself(node):
            continue
        operation = node.operation
        if isinstance(operation, Elementwise) and all(y.ndim in (0, 2) for y in node.inputs):
            # A @ B + (A @ B).T is symmetric though its terms are not.
            if operation.function.name == "add" and _are_transposes(*node.inputs):
                continue
            waiting.extend(node.inputs)
        elif isinstance(operation, (Named, Transpose, Inverse)):
            waiting.extend(node.inputs)
        else:
            return False
    return True


def _is_symmetric_by_itself(x: Tensor) -> bool:
    operation: Any = x.operation
    if isinstance(operation, Variable):
        return operation.symmetric
    if isinstance(operation, EmbedDiagonal) or is_identity(x):
        return True
    if isinstance(operation, Contraction):
        # A sum of products of an entry with itself, the two rows exchanged: A.T @ A, outer(v, v).
        (a, left), (b, right) = (
            untransposed(y, labels) for y, labels in zip(x.inputs, (operation.left, operation.right), strict=True)
        )
        if a is not b:
            return False
        exchanged = dict(zip(left, right, strict=True))
        exchanged |= {right: left for left, right in exchanged.items()}
        return tuple(exchanged.get(label) for label in operation.output) == operation.output[::-1]
    return False


def _are_transposes(a: Tensor, b: Tensor) -> bool:
    if isinstance(b.operation, Transpose):
        return b.inputs[0] is a
    if isinstance(a.operation, Transpose):
        return a.inputs[0] is b
    one: Any = a.operation
    other: Any = b.operation
    if not isinstance(one, Contraction) or not isinstance(other, Contraction) or a.ndim != 2:
        return False
    return transpose_of_contraction(a) is b or transpose_of_contraction(a) is _swapped(b)


def transpose_of_contraction(x: Tensor) -> Tensor:
    """Return the transpose of a product as a product."""
    operation: Any = x.operation
    return make(Contraction(operation.left, operation.right, operation.output[::-1]), x.inputs)


def _swapped(x: Tensor) -> Tensor:
    operation: Any = x.operation
    return contract(x.inputs[1], operation.right, x.inputs[0], operation.left, operation.output)


def without_transpose(node: Tensor) -> Tensor | None:
    """S.T = S."""
    (x,) = node.inputs
    return x if node.ndim == 2 and is_symmetric(x) else None


def in_order(node: Tensor) -> Tensor | None:
    """S.T @ A = S @ A: of a symmetric operand, the summed axis stands next to the other operand."""
    operation: Any = node.operation
    labels = [operation.left, operation.right]
    for i, x in enumerate(node.inputs):
        own, other = labels[i], labels[1 - i]
        if len(own) != 2 or (own[0] in other) == (own[1] in other) or not is_symmetric(x):
            continue
        kept, summed = (own[1], own[0]) if own[0] in other else own
        labels[i] = (kept, summed) if i == 0 else (summed, kept)
    changed = Contraction(labels[0], labels[1], operation.output)
    return None if changed == operation else make(changed, node.inputs)

"""The notation of contractions: textbook products where there are any, einsum for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from symgrad.families.contraction import Contraction
from symgrad.formula.notation import (
    HADAMARD,
    SCALE,
    Einsum,
    MatrixProduct,
    NewAxis,
    Range,
    Reduce,
    Transpose,
    Tree,
    call,
    infix,
)
from symgrad.formula.terms.context import Term, Terms
from symgrad.formula.terms.layout import index
from symgrad.tensor import Tensor

Labels = tuple[int, ...]


def _contraction(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    a, b = (terms.full(x) for x in node.inputs)
    left, right, output = operation.left, operation.right, operation.output
    tree = (
        _scaled(a, left, b, right, output)
        or _entry_by_entry(a, left, b, right, output)
        or _matrix_product(a, left, b, right, output)
        or _trace(a, left, b, right, output)
        or _outer(a, left, b, right, output)
        or _broadcast_product(a, left, b, right, output)
        or _einsum(a, left, b, right, output)
    )
    return Term(tree, node.shape)


def _scaled(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree | None:
    """A number times a tensor."""
    if left == () and right == output:
        return infix(SCALE, a, b)
    return infix(SCALE, b, a) if right == () and left == output else None


def _entry_by_entry(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree | None:
    """a * b, or its sum over some axes; of vectors, the dot product."""
    if left != right or output != tuple(label for label in left if label in output):
        return None
    if len(left) == 1 and not output:
        return MatrixProduct((1, 1), parts=(a, b))
    entries = infix(HADAMARD, a, b)
    axes = tuple(i for i, label in enumerate(left) if label not in output)
    return Reduce("sum", axes, len(left), parts=(entries,)) if axes else entries


def _matrix_product(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree | None:
    """a @ b with either operand as it is or with its last two axes exchanged; also the other way round.

    A matrix stands before the vector it is applied to, unless it was written behind it and needs no transpose there.
    """
    ways = [((a, left), (b, right)), ((b, right), (a, left))]
    if len(left) < len(right):
        as_written = _product_in_order(*ways[0], (False, False), output)
        if as_written is not None:
            return as_written
        ways.reverse()
    for (first, second), exchanges in product(ways, product((False, True), repeat=2)):
        found = _product_in_order(first, second, exchanges, output)
        if found is not None:
            return found
    return None


def _product_in_order(
    first: tuple[Tree, Labels], second: tuple[Tree, Labels], exchanges: tuple[bool, bool], output: Labels
) -> Tree | None:
    rows, columns = (_exchanged(labels, x) for (_, labels), x in zip((first, second), exchanges, strict=True))
    if rows is None or columns is None or matmul_labels(rows, columns) != output:
        return None
    operands = (_transposed(tree, len(labels), x) for (tree, labels), x in zip((first, second), exchanges, strict=True))
    return MatrixProduct((len(rows), len(columns)), parts=tuple(operands))


def _exchanged(labels: Labels, exchange: bool) -> Labels | None:
    if not exchange:
        return labels
    return (*labels[:-2], labels[-1], labels[-2]) if len(labels) > 1 else None


def _transposed(tree: Tree, rank: int, exchange: bool) -> Tree:
    return Transpose(stacked=rank > 2, parts=(tree,)) if exchange else tree


def matmul_labels(left: Labels, right: Labels) -> Labels | None:
    """Return the labels of `left @ right` by np.matmul's rules; None where it would not be the sum over equal labels.

    >>> matmul_labels((7, 0, 1), (1, 2)), matmul_labels((0, 1), (2, 1))
    ((7, 0, 2), None)
    """
    if not left or not right or left[-1:] != (right[-2:-1] or right):
        return None
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    first, second = left[:-2], right[:-2]
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    if shorter != longer[len(longer) - len(shorter) :]:
        return None
    result = (*longer, *rows, *columns)
    return result if len(set(result)) == len(result) else None


def _trace(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree | None:
    if output or len(left) != 2 or left != right[::-1]:
        return None
    return call("trace", MatrixProduct((2, 2), parts=(a, b)))


def _outer(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree | None:
    if len(left) != 1 or len(right) != 1 or len(output) != 2:
        return None
    return call("outer", a, b) if output == (*left, *right) else call("outer", b, a)


def _broadcast_product(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree | None:
    """x[:, None] * A: nothing is summed, and the axes of both stand in the order of the result."""
    if not set(left) <= set(output) or not set(right) <= set(output):
        return None
    if any(labels != tuple(label for label in output if label in labels) for labels in (left, right)):
        return None
    return infix(HADAMARD, _spread(a, left, output), _spread(b, right, output))


def _spread(tree: Tree, labels: Labels, output: Labels) -> Tree:
    """Put in new axes where the tensor lacks labels of the output; leading ones NumPy adds by itself."""
    first = output.index(labels[0])
    keys: Sequence[Tree] = [Range() if label in labels else NewAxis() for label in output[first:]]
    return index(tree, keys)


def _einsum(a: Tree, left: Labels, b: Tree, right: Labels, output: Labels) -> Tree:
    letters = _letters(left, right, output)
    words = ("".join(letters[label] for label in labels) for labels in (left, right, output))
    return Einsum(*words, parts=(a, b))


def _letters(left: Labels, right: Labels, output: Labels) -> dict[int, str]:
    """Return a letter for each label: b, c, d ... for axes that all three share, i, j, k ... for the others."""
    batch, rest = iter("bcdefghBCDEFGH"), iter("ijklmnopqrstuvwxyzIJKLMNOPQRSTUVWXYZ")
    shared = set(left) & set(right) & set(output)
    return {label: next(batch if label in shared else rest) for label in dict.fromkeys((*left, *right))}


RULES = {Contraction: _contraction}

"""Contractions: the @ operator where it fits, np.einsum for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.numpy_source.code import Code, attribute, call, infix
from codegen.numpy_source.form import Context, Form, Once, Write
from symgrad.families.contraction import Contraction, Labels
from symgrad.tensor import Tensor


def contraction_form(node: Tensor, once: Once) -> Form:
    """Return the form of a contraction."""
    operation = node.operation
    assert isinstance(operation, Contraction)
    write = (
        _plain_product(operation)
        or _matrix_product(operation.left, operation.right, operation.output)
        or _swapped(_matrix_product(operation.right, operation.left, operation.output))
        or _einsum(operation)
    )
    return Form(node.inputs, write)


def _plain_product(operation: Contraction) -> Write | None:
    """Products without a sum, and the sum over everything."""
    left, right, output = operation.left, operation.right, operation.output
    if left == right == output or (not left and right == output) or (not right and left == output):
        return lambda codes, context: infix("multiply", codes[0], codes[1])
    if len(left) == len(right) == 1 and output == (*left, *right):
        return lambda codes, context: call("np.outer", *codes)
    if len(left) == len(right) == 1 and output == (*right, *left):
        return lambda codes, context: call("np.outer", codes[1], codes[0])
    if left == right and not output and len(left) > 1:
        return lambda codes, context: call("np.vdot", *codes)
    return None


def _matrix_product(left: Labels, right: Labels, output: Labels) -> Write | None:
    """Return how to write a contraction as `left @ right` with its operands transposed where that is needed."""
    summed = [label for label in left if label in right and label not in output]
    if len(summed) != 1:
        return None
    (k,) = summed
    batch = tuple(label for label in left if label in right and label != k)
    rows = tuple(label for label in left if label not in right)
    columns = tuple(label for label in right if label not in left)
    if output != (*batch, *rows, *columns) or len(columns) > 1 or (batch and not len(rows) == len(columns) == 1):
        return None
    flip_left, flip_right = _flip(left, (*batch, *rows, k)), _flip(right, (*batch, k, *columns))
    if flip_left is None or flip_right is None:
        return None

    def write(codes: Sequence[Code], context: Context) -> Code:
        a, b = codes
        return infix(
            "matmul", attribute(a, flip_left) if flip_left else a, attribute(b, flip_right) if flip_right else b
        )

    return write


def _flip(labels: Labels, wanted: Labels) -> str | None:
    """Return the attribute that brings axes into the wanted order: none (""), T or mT; None if neither does."""
    if labels == wanted:
        return ""
    if len(labels) >= 2 and (*labels[:-2], labels[-1], labels[-2]) == wanted:
        return "T" if len(labels) == 2 else "mT"
    return None


def _swapped(write: Write | None) -> Write | None:
    return None if write is None else lambda codes, context: write((codes[1], codes[0]), context)


def _einsum(operation: Contraction) -> Write:
    subscripts = f'"{operation.subscripts()}"'
    return lambda codes, context: call("np.einsum", subscripts, *codes, optimize="True")

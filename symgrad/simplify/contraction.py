"""Rules for contractions: transposes of operands and results are only another order of labels."""

from __future__ import annotations

from typing import Any

from symgrad.families.contraction import Contraction, contract
from symgrad.families.layout import Transpose
from symgrad.simplify.engine import Rule
from symgrad.tensor import Tensor, make


def _operands(node: Tensor) -> Tensor | None:
    operation: Any = node.operation
    a, left = untransposed(node.inputs[0], operation.left)
    b, right = untransposed(node.inputs[1], operation.right)
    if (a, b) == node.inputs:
        return None
    return contract(a, left, b, right, operation.output)


def untransposed(x: Tensor, labels: tuple[int, ...]) -> tuple[Tensor, tuple[int, ...]]:
    """Return what is below a transpose, with the labels in its order."""
    if not isinstance(x.operation, Transpose):
        return x, labels
    original = [0] * len(labels)
    for label, axis in zip(labels, x.operation.axes, strict=True):
        original[axis] = label
    return x.inputs[0], tuple(original)


def _result(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    if not isinstance(x.operation, Contraction):
        return None
    output = tuple(x.operation.output[axis] for axis in node.operation.axes)  # type: ignore[attr-defined]
    return make(Contraction(x.operation.left, x.operation.right, output), x.inputs)


RULES = (
    Rule(
        "contraction of a transpose",
        (Contraction,),
        _operands,
        "a transposed operand is the operand with its labels reordered",
    ),
    Rule(
        "transpose of a contraction",
        (Transpose,),
        _result,
        "(A @ B).T is the same sum with its output labels reordered",
    ),
)

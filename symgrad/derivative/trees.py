"""Nested arguments of the derivative functions: flattening them, and refusing what is not a floating tensor."""

from __future__ import annotations

from typing import Any

import sympy

from symgrad import nestings
from symgrad.dtypes import is_float
from symgrad.errors import GradientError, ShapeError
from symgrad.families.leaf import as_tensor, constant
from symgrad.nestings import Structure
from symgrad.shapes import format_shape, same_shape
from symgrad.tensor import Tensor


def flatten(tree: Any, what: str) -> tuple[list[Tensor], Structure]:
    """Return the floating tensors of a nesting, and its structure."""
    leaves, structure = nestings.flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise GradientError(
                f"{what} must be a symbolic tensor or a nesting of them, not {type(leaf).__name__}: {leaf!r}"
            )
        if not is_float(leaf.dtype):
            raise GradientError(
                f"{what} {leaf!r} has dtype {leaf.dtype.name}; derivatives exist for float32 and float64 only"
            )
    return leaves, structure  # type: ignore[return-value]


def matching(tree: Any, tensors: list[Tensor], structure: Structure, what: str) -> list[Tensor]:
    """Return the leaves of a nesting that must have the structure, the shapes and the dtypes of `tensors`."""
    try:
        leaves = structure.flatten_up_to(tree)
    except (ValueError, TypeError) as error:
        raise GradientError(f"the {what}s must have the nesting {structure}: {error}") from None
    result: list[Tensor] = []
    for leaf, tensor in zip(leaves, tensors, strict=True):
        # Lists and Python numbers take the dtype that is wanted; arrays and tensors must have it.
        free = not isinstance(leaf, (Tensor, sympy.Expr)) and not hasattr(leaf, "dtype")
        converted = constant(leaf, tensor.dtype) if free else as_tensor(leaf, tensor.dtype)
        if not same_shape(converted.shape, tensor.shape):
            raise ShapeError(
                f"the {what} of {tensor!r} must have shape {format_shape(tensor.shape)}, "
                f"not {format_shape(converted.shape)}"
            )
        if converted.dtype != tensor.dtype:
            raise GradientError(
                f"the {what} of {tensor!r} must have dtype {tensor.dtype.name}, not {converted.dtype.name}"
            )
        result.append(converted)
    return result

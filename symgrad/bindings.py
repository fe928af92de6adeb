"""Arrays for variables: checked against what was declared, and asked for the run-time sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy

from symgrad.errors import BindingError, DtypeError, ShapeError
from symgrad.families.layout import Named
from symgrad.families.leaf import Variable
from symgrad.shapes import format_shape, substitute
from symgrad.tensor import Tensor

Sizes = dict[sympy.Symbol, int]


def describe(tensor: Tensor) -> str:
    """Return how messages call a tensor that gets a value."""
    operation = tensor.operation
    return f"variable {operation.name!r}" if isinstance(operation, (Variable, Named)) else f"the tensor {tensor!r}"


def as_array(tensor: Tensor, value: Any) -> np.ndarray[Any, Any]:
    """Return `value` as an array of the dtype and rank of `tensor`; lists and Python numbers are converted."""
    if isinstance(value, Tensor):
        raise BindingError(f"{describe(tensor)} needs an array, not the symbolic tensor {value!r}")
    if hasattr(value, "dtype"):
        array = np.asarray(value)
        if array.dtype != tensor.dtype:
            raise DtypeError(
                f"{describe(tensor)} is declared {tensor.dtype.name}, the array given is {array.dtype.name}; "
                f"convert it with .astype({tensor.dtype.name!r}) or declare the variable {array.dtype.name}"
            )
    else:
        try:
            array = np.array(value, dtype=tensor.dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise BindingError(f"{describe(tensor)} cannot be made from {type(value).__name__}: {error}") from None
        if tensor.dtype.kind in "ib" and np.any(array != np.asarray(value)):
            raise DtypeError(f"{describe(tensor)} is declared {tensor.dtype.name}; the value given is not")
    if array.ndim != tensor.ndim:
        raise ShapeError(
            f"{describe(tensor)} has shape {format_shape(tensor.shape)}, the array given has shape {array.shape}"
        )
    return array


def solve_sizes(shapes: Iterable[tuple[Tensor, tuple[int, ...]]]) -> Sizes:
    """Return the run-time sizes that the given shapes determine; raise ShapeError where they contradict what was declared."""
    pairs = list(shapes)
    sizes: Sizes = {}
    source: dict[sympy.Symbol, str] = {}
    for tensor, shape in pairs:
        for declared, given in zip(tensor.shape, shape, strict=True):
            if isinstance(declared, sympy.Symbol):
                known = sizes.setdefault(declared, given)
                source.setdefault(declared, describe(tensor))
                if known != given:
                    raise ShapeError(
                        f"the size {declared} is {known} in {source[declared]} but {given} in {describe(tensor)} "
                        f"(declared {format_shape(tensor.shape)}, given {shape})"
                    )
    for tensor, shape in pairs:
        for declared, given in zip(tensor.shape, shape, strict=True):
            if isinstance(declared, sympy.Symbol):
                continue
            wanted = declared if isinstance(declared, int) else substitute(declared, sizes)
            if wanted != given:
                raise ShapeError(
                    f"{describe(tensor)} has shape {format_shape(tensor.shape)}, the array given has shape {shape}"
                )
    return sizes


def bind(values: Mapping[Tensor, Any]) -> tuple[dict[Tensor, np.ndarray[Any, Any]], Sizes]:
    """Return checked arrays for tensors, and the run-time sizes they determine."""
    arrays: dict[Tensor, np.ndarray[Any, Any]] = {}
    for tensor, value in values.items():
        if not isinstance(tensor, Tensor):
            raise BindingError(f"values are given for tensors, as in {{X: array}}; {tensor!r} is not a tensor")
        arrays[tensor] = as_array(tensor, value)
    return arrays, solve_sizes((tensor, array.shape) for tensor, array in arrays.items())

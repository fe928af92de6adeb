"""Arrays for variables: checked against what was declared, and asked for the run-time sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy

from symgrad.errors import BindingError, DtypeError, ShapeError
from symgrad.families.layout import Named
from symgrad.families.leaf import Variable, symbols_of
from symgrad.shapes import Size, format_shape, substitute
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
        array = _converted(tensor, value)
    if array.ndim != tensor.ndim:
        raise ShapeError(
            f"{describe(tensor)} has shape {format_shape(tensor.shape)}, the array given has shape {array.shape}"
        )
    return array


def _converted(tensor: Tensor, value: Any) -> np.ndarray[Any, Any]:
    """Return a number or a nested list as an array of the dtype of `tensor`."""
    try:
        given = np.asarray(value)
        if given.size and given.dtype.kind not in "biuf":
            raise BindingError(f"{describe(tensor)} cannot be made from {type(value).__name__}: {value!r}")
        with np.errstate(invalid="ignore"):
            array = given.astype(tensor.dtype) if given.dtype.kind == "f" else np.array(value, dtype=tensor.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, BindingError):
            raise
        raise BindingError(f"{describe(tensor)} cannot be made from {type(value).__name__}: {error}") from None
    if tensor.dtype.kind in "ib" and np.any(array != given):
        raise DtypeError(f"{describe(tensor)} is declared {tensor.dtype.name}; the value given is not: {value!r}")
    return array


def solve_sizes(shapes: Iterable[tuple[Tensor, tuple[int, ...]]]) -> Sizes:
    """Return the run-time sizes that given shapes determine; raise ShapeError where they contradict each other."""
    sizes: Sizes = {}
    source: dict[sympy.Symbol, Tensor] = {}
    pending = [(t, shape, n, m) for t, shape in shapes for n, m in zip(t.shape, shape, strict=True)]
    while True:
        waiting: list[tuple[Tensor, tuple[int, ...], Size, int]] = []
        for tensor, shape, declared, given in pending:
            unknown = [symbol for symbol in symbols_of((declared,)) if symbol not in sizes]
            if len(unknown) == 1:
                symbol = unknown[0]
                value = _solution(declared, symbol, given, sizes)
                if value is None:
                    raise _contradiction(tensor, shape)
                sizes[symbol] = value
                source[symbol] = tensor
            elif unknown:
                waiting.append((tensor, shape, declared, given))
            elif substitute(declared, sizes) != given:
                raise _contradiction(tensor, shape, _reason(declared, sizes, source, given))
        if not waiting:
            return sizes
        if len(waiting) == len(pending):
            substitute(waiting[0][2], sizes)  # raises: it needs values for several sizes
        pending = waiting


def _solution(declared: Any, symbol: sympy.Symbol, given: int, sizes: Sizes) -> int | None:
    """Return the value of `symbol` with which a declared size is the given one, or None if there is no such size."""
    if declared == symbol:
        return given
    equation = sympy.Poly(declared.subs(sizes) - given, symbol) if declared.is_polynomial(symbol) else None
    if equation is None or equation.degree() != 1:
        raise BindingError(
            f"the size {symbol} cannot be told from {declared} = {given}; give an array of which it is a size"
        )
    slope, offset = equation.all_coeffs()
    value = -offset / slope
    return int(value) if value.is_Integer and value >= 0 else None


def _contradiction(tensor: Tensor, shape: tuple[int, ...], reason: str = "") -> ShapeError:
    what, declared = describe(tensor), format_shape(tensor.shape)
    if reason:
        return ShapeError(f"{reason} in {what} (declared {declared}, given {shape})")
    return ShapeError(f"{what} has shape {declared}, the array given has shape {shape}")


def _reason(declared: Size, sizes: Sizes, source: Mapping[sympy.Symbol, Tensor], given: int) -> str:
    """Return why a declared size cannot be the given one; nothing if it is a plain number."""
    if isinstance(declared, int):
        return ""
    symbols = sorted(symbols_of((declared,)), key=str)
    known = " and ".join(f"the size {symbol} is {sizes[symbol]} in {describe(source[symbol])}" for symbol in symbols)
    so = "" if declared in sizes else f", so {declared} is {substitute(declared, sizes)},"
    return f"{known}{so} but {given}"


def bind(values: Mapping[Tensor, Any]) -> tuple[dict[Tensor, np.ndarray[Any, Any]], Sizes]:
    """Return checked arrays for tensors, and the run-time sizes they determine."""
    arrays: dict[Tensor, np.ndarray[Any, Any]] = {}
    for tensor, value in values.items():
        if not isinstance(tensor, Tensor):
            raise BindingError(f"values are given for tensors, as in {{X: array}}; {tensor!r} is not a tensor")
        arrays[tensor] = as_array(tensor, value)
    return arrays, solve_sizes((tensor, array.shape) for tensor, array in arrays.items())

"""Layers: functions of their input and their parameters."""

from __future__ import annotations

from typing import Any

from symgrad.errors import DtypeError, ShapeError
from symgrad.families.contraction import matmul
from symgrad.families.elementwise import apply
from symgrad.families.indexing import take
from symgrad.families.leaf import as_tensor
from symgrad.shapes import format_shape
from symgrad.tensor import Tensor


def linear(x: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return x @ weight + bias.

    Shapes: x (..., inputs), weight (inputs, outputs), bias (outputs,) or None; the result is (..., outputs).

    >>> import symgrad as sg
    >>> linear(sg.variable("X", (8, 3)), sg.variable("W", (3, 2)), sg.variable("b", (2,))).shape
    (8, 2)
    """
    product = matmul(x, weight)
    return product if bias is None else apply("add", product, bias)


def embedding(indices: Any, weight: Any) -> Tensor:
    """Return the rows of a table that indices ask for.

    Shapes: indices (...) of integers, weight (entries, features); the result is (..., features).

    >>> import symgrad as sg
    >>> embedding(sg.variable("i", (8, 20), "int64"), sg.variable("W", (1000, 64))).shape
    (8, 20, 64)
    """
    places, table = as_tensor(indices), as_tensor(weight)
    if places.dtype.kind != "i":
        raise DtypeError(f"an embedding is asked for by integers, not by {places.dtype.name}")
    if table.ndim != 2:
        raise ShapeError(f"an embedding needs a table of rows; the shape is {format_shape(table.shape)}")
    return take(table, places, 0)

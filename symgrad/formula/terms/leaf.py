"""The notation of leaves: variables, constants, counters and sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.dtypes import BOOL, FLOAT32, FLOAT64, INT64, Dtype
from symgrad.families.leaf import Constant, Iota, SizeValue, Variable
from symgrad.formula.notation import Literal, Number, Reference, Size, Tree, call
from symgrad.formula.terms.context import Term, Terms
from symgrad.tensor import Tensor

LARGEST_LITERAL = 12
"""Arrays with more entries are called by a name."""


def _variable(node: Tensor, terms: Terms) -> Term:
    return Term(Reference(node), node.shape)


def _constant(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    if operation.is_number:
        return Term(Number(_shortest(operation.value, node.dtype)), ())
    array: np.ndarray[Any, Any] = operation.value
    if array.size == 0 or array.size > LARGEST_LITERAL:
        return Term(Reference(node), node.shape)
    own = node.dtype in (FLOAT64, INT64, BOOL)
    return Term(Literal(_rows(array), None if own else node.dtype.name), node.shape)


def _shortest(value: float | int | bool, dtype: Dtype) -> float | int | bool:
    """Return the float with the fewest digits that is the same number in its dtype."""
    return float(str(np.float32(value))) if dtype == FLOAT32 and isinstance(value, float) else value


def _rows(array: np.ndarray[Any, Any]) -> str:
    """Return an array as nested lists of numbers that read back as the same numbers."""
    return repr(array.astype(str).astype(np.float64).tolist() if array.dtype == FLOAT32 else array.tolist())


def _iota(node: Tensor, terms: Terms) -> Term:
    return Term(call("arange", Size(node.shape[0])), node.shape)


def _size_value(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    tree: Tree = Size(operation.length)
    return Term(tree, ())


RULES = {Variable: _variable, Constant: _constant, Iota: _iota, SizeValue: _size_value}

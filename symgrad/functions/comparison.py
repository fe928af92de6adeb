"""Comparisons, logic, tests of floating values, and the choice between two values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from symgrad.functions.function import Function, Signature, define


def _without_slope(name: str, expression: Callable[..., Any], signature: Signature) -> Function:
    """Define a function with a bool result, which has no derivative."""
    return define(
        name,
        expression,
        derivatives=lambda *symbols: (0,) * (len(symbols) - 1),
        numpy=f"np.{name}",
        signature=signature,
    )


def _true(x: Any) -> Any:
    return sympy.Ne(x, 0)


equal = _without_slope("equal", lambda x, y: sympy.Eq(x, y), "comparison")
not_equal = _without_slope("not_equal", lambda x, y: sympy.Ne(x, y), "comparison")
less = _without_slope("less", lambda x, y: x < y, "comparison")
less_equal = _without_slope("less_equal", lambda x, y: x <= y, "comparison")
greater = _without_slope("greater", lambda x, y: x > y, "comparison")
greater_equal = _without_slope("greater_equal", lambda x, y: x >= y, "comparison")
logical_and = _without_slope("logical_and", lambda x, y: sympy.And(_true(x), _true(y)), "logical")
logical_or = _without_slope("logical_or", lambda x, y: sympy.Or(_true(x), _true(y)), "logical")
logical_xor = _without_slope("logical_xor", lambda x, y: sympy.Xor(_true(x), _true(y)), "logical")
logical_not = _without_slope("logical_not", lambda x: sympy.Eq(x, 0), "logical")
isnan = _without_slope("isnan", lambda x: sympy.Ne(x, x, evaluate=False), "predicate")
isinf = _without_slope("isinf", lambda x: sympy.Eq(sympy.Abs(x), sympy.oo, evaluate=False), "predicate")
isfinite = _without_slope("isfinite", lambda x: sympy.Lt(sympy.Abs(x), sympy.oo, evaluate=False), "predicate")
where = define(
    "where",
    lambda condition, x, y: sympy.Piecewise((x, condition), (y, True)),
    derivatives=lambda condition, x, y, z: (
        0,
        sympy.Piecewise((1, condition), (0, True)),
        sympy.Piecewise((0, condition), (1, True)),
    ),
    numpy="np.where",
    signature="select",
    domain=((0.0, 1.0), (-3.0, 3.0), (-3.0, 3.0)),
)

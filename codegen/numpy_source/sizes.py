"""Run-time sizes as Python expressions of integers."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy

from codegen.numpy_source.code import Code, call, infix, prefix
from symgrad.errors import GraphError
from symgrad.shapes import Size


def size_code(size: Size, name_of: Callable[[sympy.Symbol], str]) -> Code:
    """Return the expression for a size; `name_of` gives the Python name of each run-time size.

    >>> from symgrad.shapes import dim
    >>> N = dim("N")
    >>> size_code(2 * N + 1, str).text, size_code(sympy.floor((N - 1) / 2), str).text
    ('2 * N + 1', '(N - 1) // 2')
    """
    if isinstance(size, int):
        return Code(str(size), literal=int) if size >= 0 else prefix("-", Code(str(-size), literal=int))
    return _write(size, name_of)


def _write(expr: Any, name_of: Callable[[sympy.Symbol], str]) -> Code:
    if expr.is_Integer:
        return size_code(int(expr), name_of)
    if isinstance(expr, sympy.Symbol):
        return Code(name_of(expr), literal=int)
    if isinstance(expr, sympy.floor):
        return _quotient(expr.args[0], name_of)
    if isinstance(expr, sympy.ceiling):
        # The quotient of ints rounds down: rounding up is rounding the negative down.
        return _negated(_quotient(-expr.args[0], name_of))
    if expr.is_Add:
        # Largest powers first and numbers last, as people write sums.
        first, *rest = expr.as_ordered_terms()
        return _int(reduce(lambda total, term: _plus(total, term, name_of), rest, _write(first, name_of)))
    if expr.is_Mul:
        return _product(expr, name_of)
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return _int(infix("power", _write(expr.base, name_of), _write(expr.exp, name_of)))
    if isinstance(expr, (sympy.Max, sympy.Min)):
        name = "max" if isinstance(expr, sympy.Max) else "min"
        return _int(call(name, *(_write(part, name_of) for part in sorted(expr.args, key=sympy.default_sort_key))))
    if isinstance(expr, sympy.Mod):
        return _int(infix("remainder", *(_write(part, name_of) for part in expr.args)))
    raise GraphError(f"the size {expr} cannot be written in Python")


def _int(code: Code) -> Code:
    return Code(code.text, code.binding, int)


def _negated(code: Code) -> Code:
    return _int(prefix("-", code))


def _plus(total: Code, term: Any, name_of: Callable[[sympy.Symbol], str]) -> Code:
    if term.could_extract_minus_sign():
        return infix("subtract", total, _write(-term, name_of))
    return infix("add", total, _write(term, name_of))


def _product(expr: Any, name_of: Callable[[sympy.Symbol], str]) -> Code:
    if expr.could_extract_minus_sign():
        return _negated(_write(-expr, name_of))
    numerator, denominator = expr.as_numer_denom()
    if denominator != 1:
        return _quotient(expr, name_of)  # a size is whole, so nothing is rounded away
    return _int(reduce(lambda a, b: infix("multiply", a, b), (_write(part, name_of) for part in numerator.args)))


def _quotient(expr: Any, name_of: Callable[[sympy.Symbol], str]) -> Code:
    """Return floor(expr), a quotient of whole numbers."""
    whole: Any = sympy.together(expr)
    numerator, denominator = whole.as_numer_denom()
    over = _write(numerator, name_of)
    return over if denominator == 1 else _int(infix("floor_divide", over, _write(denominator, name_of)))

"""What tests of values and derivatives share: points to draw, a high-precision oracle, finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy

import symgrad as sg
from symgrad.functions import FUNCTIONS, Function

Array = np.ndarray[Any, Any]


def without_heads(expr: Any) -> Any:
    """Return a SymPy expression with the formula book's own functions replaced by their definitions."""
    return expr.replace(
        lambda term: hasattr(type(term), "symgrad_name"),
        lambda term: without_heads(definition(type(term).symgrad_name, term.args)),
    )


def definition(name: str, arguments: Sequence[Any]) -> Any:
    function = FUNCTIONS[name]
    return function.expression.subs(dict(zip(function.symbols, arguments, strict=True)), simultaneous=True)


@cache
def oracle(function: Function) -> Callable[..., Any]:
    """Return the definition of a function as a function of mpmath's numbers, in mpmath's present precision."""
    expr = without_heads(function.expression)

    def value(*point: Any) -> Any:
        digits = mpmath.mp.dps + 10
        numbers = {s: sympy.Float(p, digits) for s, p in zip(function.symbols, point, strict=True)}
        found = expr.xreplace(numbers).doit()
        return bool(found) if found in (sympy.true, sympy.false) else mpmath.mpf(sympy.N(found, digits))

    return value


def partial_derivative(function: Function, point: Sequence[float], orders: Sequence[int]) -> float:
    """Return a partial derivative of the definition by differences in high precision."""
    with mpmath.workdps(30):
        return float(mpmath.diff(oracle(function), tuple(mpmath.mpf(float(p)) for p in point), tuple(orders)))


def points(function: Function, count: int, dtype: Any = "float64", seed: int = 0) -> list[Array]:
    """Return points of the domain of a function, one array an argument, away from its kinks."""
    rng = np.random.default_rng([seed, *function.name.encode()])
    rows: list[list[float]] = []
    while len(rows) < count:
        row = [float(np.dtype(dtype).type(rng.uniform(low, high))) for low, high in function.domain]
        at = dict(zip(function.symbols, row, strict=True))
        if all(abs(float(kink.subs(at))) > 0.05 for kink in function.kinks):
            rows.append(row)
    columns = [np.array(column, dtype) for column in zip(*rows, strict=True)]
    if function.signature == "select":
        columns[0] = rng.integers(0, 2, count).astype(bool)
    return columns


def finite_difference(run: Callable[[list[Array]], Array], at: Sequence[Array], direction: Sequence[Array]) -> Array:
    """Return the derivative of a function of arrays along a direction, by a central difference of fourth order."""
    step = 1e-3

    def moved(t: float) -> Array:
        return np.asarray(run([x + t * step * d for x, d in zip(at, direction, strict=True)]), float)

    return (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step)


def variables(*arrays: Array, names: str = "xyzuvw") -> list[sg.Tensor]:
    """Return a variable for each array."""
    return [sg.variable(name, array.shape, array.dtype) for name, array in zip(names, arrays, strict=False)]

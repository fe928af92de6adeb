"""Circular functions and their inverses."""

from __future__ import annotations

from typing import Any

import sympy

from symgrad.functions.function import define

_inside = ((-0.9, 0.9),)

sin = define("sin", lambda x: sympy.sin(x), numpy="np.sin")
cos = define("cos", lambda x: sympy.cos(x), numpy="np.cos")
tan = define("tan", lambda x: sympy.tan(x), derivatives=lambda x, y: (1 + y**2,), numpy="np.tan", domain=((-1.3, 1.3),))
arcsin = define("arcsin", lambda x: sympy.asin(x), numpy="np.arcsin", domain=_inside)
arccos = define("arccos", lambda x: sympy.acos(x), numpy="np.arccos", domain=_inside)
arctan = define("arctan", lambda x: sympy.atan(x), numpy="np.arctan")
arctan2 = define(
    "arctan2",
    lambda y, x: sympy.atan2(y, x),
    derivatives=lambda y, x, z: (x / (x**2 + y**2), -y / (x**2 + y**2)),
    numpy="np.arctan2",
    domain=((0.3, 3.0), (-3.0, 3.0)),
)
deg2rad = define("deg2rad", lambda x: x * sympy.pi / 180, domain=((-180.0, 180.0),))
rad2deg = define("rad2deg", lambda x: x * 180 / sympy.pi)


def _sinc_slope(x: sympy.Symbol, y: sympy.Symbol) -> tuple[sympy.Expr]:
    # (cos(pi x) - sinc(x)) / x cancels near 0; there the Taylor series stands for it, whose derivatives are right too.
    t = sympy.pi * x
    series: Any = sum((-1) ** k * 2 * k * sympy.pi * t ** (2 * k - 1) / sympy.factorial(2 * k + 1) for k in range(1, 6))
    series = sympy.horner(series.evalf(20), x)
    return (sympy.Piecewise((series, sympy.Abs(x) < sympy.Rational(1, 20)), ((sympy.cos(t) - y) / x, True)),)


sinc = define(
    "sinc",
    lambda x: sympy.Piecewise((1, sympy.Eq(x, 0)), (sympy.sin(sympy.pi * x) / (sympy.pi * x), True)),
    derivatives=_sinc_slope,
)

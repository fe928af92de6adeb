"""Rounding: functions that are constant between jumps, so that their derivative is zero."""

from __future__ import annotations

import sympy
from sympy import pi, sin

from symgrad.functions.function import define

floor = define(
    "floor",
    lambda x: sympy.floor(x),
    derivatives=lambda x, y: (0,),
    numpy="np.floor",
    signature="numeric",
    kinks=lambda x: (sin(pi * x),),
)
ceil = define(
    "ceil",
    lambda x: sympy.ceiling(x),
    derivatives=lambda x, y: (0,),
    numpy="np.ceil",
    signature="numeric",
    kinks=lambda x: (sin(pi * x),),
)
trunc = define(
    "trunc",
    lambda x: sympy.sign(x) * sympy.floor(sympy.Abs(x)),
    derivatives=lambda x, y: (0,),
    numpy="np.trunc",
    signature="numeric",
    kinks=lambda x: (sin(pi * x),),
)
rint = define(
    "rint",
    # Halves go to the even neighbour.
    lambda x: sympy.Piecewise(
        (2 * sympy.floor((x + 1) / 2), sympy.Eq(x - sympy.floor(x), sympy.Rational(1, 2))),
        (sympy.floor(x + sympy.Rational(1, 2)), True),
    ),
    derivatives=lambda x, y: (0,),
    numpy="np.rint",
    kinks=lambda x: (sympy.cos(pi * x),),
)
heaviside = define(
    "heaviside",
    lambda x: sympy.Heaviside(x),
    derivatives=lambda x, y: (0,),
    value=lambda x: sympy.Piecewise((0, x < 0), (sympy.Rational(1, 2), sympy.Eq(x, 0)), (1, x > 0), (x, True)),
    kinks=lambda x: (x,),
)

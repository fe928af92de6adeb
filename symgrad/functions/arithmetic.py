"""Arithmetic: sums, products, powers, roots, extremes."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Abs, Eq, Max, Min, Ne, Or, Piecewise, Rational, sign

from symgrad.functions.function import define, opaque

_positive = ((0.1, 4.0),)
_apart_from_zero = ((-3.0, 3.0), (0.3, 3.0))

add = define("add", lambda x, y: x + y, numpy="np.add", signature="numeric")
subtract = define("subtract", lambda x, y: x - y, numpy="np.subtract", signature="numeric")
multiply = define("multiply", lambda x, y: x * y, numpy="np.multiply", signature="numeric")
divide = define(
    "divide",
    lambda x, y: x / y,
    derivatives=lambda x, y, z: (1 / y, -z / y),
    numpy="np.divide",
    domain=_apart_from_zero,
)
negative = define("negative", lambda x: -x, numpy="np.negative", signature="numeric")
reciprocal = define(
    "reciprocal", lambda x: 1 / x, derivatives=lambda x, y: (-(y**2),), numpy="np.reciprocal", domain=((0.3, 3.0),)
)
square = define("square", lambda x: x**2, numpy="np.square", signature="numeric")
sqrt = define(
    "sqrt", lambda x: sympy.sqrt(x), derivatives=lambda x, y: (1 / (2 * y),), numpy="np.sqrt", domain=_positive
)
cbrt = define(
    "cbrt",
    lambda x: sign(x) * Abs(x) ** Rational(1, 3),
    derivatives=lambda x, y: (1 / (3 * y**2),),
    numpy="np.cbrt",
    domain=((0.2, 5.0),),
)
power = define(
    "power",
    lambda x, y: x**y,
    # x**0 is 1 everywhere, so its slope is 0 also where y * x**(y - 1) is 0 times infinity; likewise 0**y.
    derivatives=lambda x, y, z: (
        Piecewise((0, Eq(y, 0)), (y * x ** (y - 1), True)),
        Piecewise((0, Eq(x, 0)), (z * sympy.log(x), True)),
    ),
    numpy="np.power",
    signature="numeric",
    domain=((0.2, 3.0), (-2.0, 3.0)),
)
absolute = define(
    "absolute",
    lambda x: Abs(x),
    derivatives=lambda x, y: (sign(x),),
    numpy="np.absolute",
    signature="numeric",
    kinks=lambda x: (x,),
)
sign_ = define(
    "sign",
    lambda x: sign(x),
    derivatives=lambda x, y: (0,),
    numpy="np.sign",
    signature="numeric",
    kinks=lambda x: (x,),
)
maximum = define(
    "maximum",
    lambda x, y: Max(x, y),
    # Arguments that tie share the slope equally.
    derivatives=lambda x, y, z: (
        Piecewise((1, x > y), (Rational(1, 2), Eq(x, y)), (0, True)),
        Piecewise((1, y > x), (Rational(1, 2), Eq(x, y)), (0, True)),
    ),
    numpy="np.maximum",
    signature="numeric",
    kinks=lambda x, y: (x - y,),
)
minimum = define(
    "minimum",
    lambda x, y: Min(x, y),
    derivatives=lambda x, y, z: (
        Piecewise((1, x < y), (Rational(1, 2), Eq(x, y)), (0, True)),
        Piecewise((1, y < x), (Rational(1, 2), Eq(x, y)), (0, True)),
    ),
    numpy="np.minimum",
    signature="numeric",
    kinks=lambda x, y: (x - y,),
)
hypot = define(
    "hypot",
    lambda x, y: sympy.sqrt(x**2 + y**2),
    derivatives=lambda x, y, z: (x / z, y / z),
    numpy="np.hypot",
    domain=((0.3, 3.0), (-3.0, 3.0)),
)
remainder = define(
    "remainder",
    lambda x, y: x - y * sympy.floor(x / y),
    derivatives=lambda x, y, z: (1, -sympy.floor(x / y)),
    numpy="np.remainder",
    signature="numeric",
    domain=((0.2, 1.8), (2.0, 3.0)),
    kinks=lambda x, y: (sympy.sin(sympy.pi * x / y),),
)
fmod = define(
    "fmod",
    # The remainder with the sign of the first argument.
    lambda x, y: x - y * sign(x / y) * sympy.floor(Abs(x / y)),
    derivatives=lambda x, y, z: (1, -sign(x / y) * sympy.floor(Abs(x / y))),
    numpy="np.fmod",
    signature="numeric",
    domain=((0.2, 1.8), (2.0, 3.0)),
    kinks=lambda x, y: (sympy.sin(sympy.pi * x / y),),
)
floor_divide = define(
    "floor_divide",
    lambda x, y: sympy.floor(x / y),
    derivatives=lambda x, y, z: (0, 0),
    numpy="np.floor_divide",
    signature="numeric",
    domain=((0.2, 1.8), (2.0, 3.0)),
    kinks=lambda x, y: (sympy.sin(sympy.pi * x / y),),
)


def _no_nan_slopes(x: Any, y: Any, z: Any) -> tuple[Any, Any]:
    plain: Any = Ne(y, 0)
    return y, Piecewise((x, Or(plain, opaque("isfinite")(x) > 0)), (0, True))


multiply_no_nan = define(
    "multiply_no_nan",
    # The product that a zero in the second factor makes zero, even if the first is infinite or NaN: what the reverse
    # sweep needs behind a `where`. With a finite first factor it is the plain product, in its slopes too.
    lambda x, y: Piecewise((0, Eq(y, 0)), (x * y, True)),
    derivatives=_no_nan_slopes,
    domain=((-3.0, 3.0), (0.3, 3.0)),
)

"""NumPy's names for symbolic tensors: what `sg.exp`, `sg.sum`, ... are, and what `np.exp(X)` is sent to."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import sympy

from symgrad.dtypes import BOOL, is_float, kind_of, promote
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.contraction import dot, einsum, inner, matmul, outer, tensordot, trace, vdot
from symgrad.families.elementwise import apply, cast
from symgrad.families.indexing import one_hot, scatter_add, take, take_along_axis
from symgrad.families.layout import (
    broadcast_to,
    expand_dims,
    full,
    full_like,
    moveaxis,
    ones,
    ones_like,
    ravel,
    reshape,
    squeeze,
    swapaxes,
    transpose,
    zeros,
    zeros_like,
)
from symgrad.families.leaf import as_tensor, constant_number, iota
from symgrad.families.pieces import concatenate, diag, diagonal, flip, pad, repeat, split, stack, tile, tril, triu
from symgrad.families.reduction import all, any, argmax, argmin, logsumexp, max, mean, min, prod, std, sum, var
from symgrad.families.scan import cumprod, cumsum
from symgrad.families.windows import overlap_add, sliding_window_view, windows
from symgrad.functions import FUNCTIONS
from symgrad.shapes import Size, as_int, as_size
from symgrad.tensor import Tensor

amax = max
amin = min
permute_dims = transpose
concat = concatenate


def _scalar_function(name: str) -> Callable[..., Tensor]:
    """Return the builder of a function of the formula book."""
    function = FUNCTIONS[name]

    def build(*operands: Any) -> Tensor:
        return apply(function, *operands)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = (
        f"Return {name}({', '.join(function.parameters)}) entry by entry, with NumPy's broadcasting and promotion."
    )
    return build


add = _scalar_function("add")
subtract = _scalar_function("subtract")
multiply = _scalar_function("multiply")
divide = true_divide = _scalar_function("divide")
negative = _scalar_function("negative")
reciprocal = _scalar_function("reciprocal")
square = _scalar_function("square")
sqrt = _scalar_function("sqrt")
cbrt = _scalar_function("cbrt")
absolute = abs = fabs = _scalar_function("absolute")
sign = _scalar_function("sign")
maximum = _scalar_function("maximum")
minimum = _scalar_function("minimum")
hypot = _scalar_function("hypot")
remainder = mod = _scalar_function("remainder")
fmod = _scalar_function("fmod")
floor_divide = _scalar_function("floor_divide")
exp = _scalar_function("exp")
exp2 = _scalar_function("exp2")
expm1 = _scalar_function("expm1")
log = _scalar_function("log")
log2 = _scalar_function("log2")
log10 = _scalar_function("log10")
log1p = _scalar_function("log1p")
logaddexp = _scalar_function("logaddexp")
sin = _scalar_function("sin")
cos = _scalar_function("cos")
tan = _scalar_function("tan")
arcsin = asin = _scalar_function("arcsin")
arccos = acos = _scalar_function("arccos")
arctan = atan = _scalar_function("arctan")
arctan2 = atan2 = _scalar_function("arctan2")
sinh = _scalar_function("sinh")
cosh = _scalar_function("cosh")
tanh = _scalar_function("tanh")
arcsinh = asinh = _scalar_function("arcsinh")
arccosh = acosh = _scalar_function("arccosh")
arctanh = atanh = _scalar_function("arctanh")
deg2rad = radians = _scalar_function("deg2rad")
rad2deg = degrees = _scalar_function("rad2deg")
sinc = _scalar_function("sinc")
erf = _scalar_function("erf")
erfc = _scalar_function("erfc")
erfinv = _scalar_function("erfinv")
gammaln = _scalar_function("gammaln")
floor = _scalar_function("floor")
ceil = _scalar_function("ceil")
trunc = _scalar_function("trunc")
rint = _scalar_function("rint")
equal = _scalar_function("equal")
not_equal = _scalar_function("not_equal")
less = _scalar_function("less")
less_equal = _scalar_function("less_equal")
greater = _scalar_function("greater")
greater_equal = _scalar_function("greater_equal")
logical_and = _scalar_function("logical_and")
logical_or = _scalar_function("logical_or")
logical_xor = _scalar_function("logical_xor")
logical_not = _scalar_function("logical_not")
isnan = _scalar_function("isnan")
isinf = _scalar_function("isinf")
isfinite = _scalar_function("isfinite")
where = _scalar_function("where")


def power(x: Any, exponent: Any) -> Tensor:
    """Return x to the power of `exponent`, entry by entry, as np.power.

    The exponents 0, 1, 2, -1 and 0.5 become what NumPy's `**` makes of them: ones, x, square, reciprocal, sqrt.
    """
    fixed = exponent if isinstance(exponent, (int, float)) else None
    if isinstance(exponent, Tensor):
        fixed = constant_number(exponent)
    if not isinstance(x, Tensor) or fixed is None:
        return apply("power", x, exponent)
    dtype = promote(x.dtype, kind_of(exponent))
    if not is_float(dtype):
        if fixed < 0:
            raise DtypeError(
                f"an integer tensor cannot be raised to the negative power {fixed}, cast it to a float first"
            )
        special: dict[float, Tensor] = {1: x, 2: square(x)} if dtype != BOOL else {}
    else:
        x = cast(x, dtype)
        special = {0: ones_like(x), 1: x}
        for value, name in ((2, "square"), (-1, "reciprocal"), (0.5, "sqrt")):
            if fixed == value:
                return apply(name, x)
    return special[int(fixed)] if fixed in special else apply("power", x, exponent)


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:
    """Return `x` limited from below and above (None: no limit), as np.clip, which has both names for the limits too."""
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise GraphError("clip takes a_min or min, and a_max or max, not both")
    result = as_tensor(x)
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if low is not None:
        result = maximum(result, low)
    return result if high is None else minimum(result, high)


def heaviside(x: Any, at_zero: Any) -> Tensor:
    """Return 0 where x < 0, 1 where x > 0, `at_zero` where x is 0 and NaN where x is NaN, as np.heaviside."""
    return where(equal(x, 0), at_zero, apply("heaviside", x))


def arange(start: Any, stop: Any = None, step: int = 1, dtype: Any = "int64") -> Tensor:
    """Return the integers from `start` (default 0) up to but without `stop`; sizes made from `sg.dim` are allowed."""
    first, end = (0, _whole(start)) if stop is None else (_whole(start), _whole(stop))
    stride = _whole(step)
    if not isinstance(stride, int) or stride == 0:
        raise ShapeError(f"the step of arange must be an int other than 0, not {step!r}")
    if isinstance(first, int) and isinstance(end, int):
        length: Size = builtins.max(-((first - end) // stride), 0)
    else:
        length = as_size(sympy.Max(sympy.ceiling((end - first) / sympy.Integer(stride)), 0))
    result = iota(length)
    if stride != 1:
        result = multiply(result, stride)
    if not (isinstance(first, int) and first == 0):
        result = add(result, first)
    return cast(result, dtype)


def _whole(value: Any) -> Any:
    """Return an int, or an integer expression of run-time sizes."""
    if isinstance(value, sympy.Expr) and value.is_integer and not value.is_Integer:
        return value
    return as_int(value, "a bound of arange (if it is not a run-time size)")


def eye(rows: Any, columns: Any = None, k: int = 0, dtype: Any = "float64") -> Tensor:
    """Return ones on diagonal k and zeros elsewhere, as np.eye (sizes made from `sg.dim` are allowed)."""
    width = rows if columns is None else columns
    k = as_int(k, "the offset k")
    places = add(expand_dims(iota(rows), 1), k) if k else expand_dims(iota(rows), 1)
    return cast(equal(places, iota(width)), dtype)


__all__ = [
    # layout
    "broadcast_to", "concat", "concatenate", "diag", "diagonal", "expand_dims", "flip", "moveaxis", "pad",
    "overlap_add", "permute_dims", "ravel", "repeat", "reshape", "sliding_window_view", "split", "squeeze", "stack",
    "swapaxes", "tile", "transpose", "tril", "triu", "windows",
    # filled tensors
    "arange", "eye", "full", "full_like", "ones", "ones_like", "zeros", "zeros_like",
    # contractions
    "dot", "einsum", "inner", "matmul", "outer", "tensordot", "trace", "vdot",
    # reductions and scans
    "all", "amax", "amin", "any", "argmax", "argmin", "cumprod", "cumsum", "logsumexp", "max", "mean", "min", "prod",
    "std", "sum", "var",
    # indexing
    "one_hot", "scatter_add", "take", "take_along_axis",
    # arithmetic
    "abs", "absolute", "add", "cbrt", "clip", "divide", "fabs", "floor_divide", "fmod", "heaviside", "hypot",
    "maximum", "minimum", "mod", "multiply", "negative", "power", "reciprocal", "remainder", "sign", "sqrt", "square",
    "subtract", "true_divide",
    # exponentials and logarithms
    "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "logaddexp",
    # circular and hyperbolic functions
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh",
    "atan", "atan2", "atanh", "cos", "cosh", "deg2rad", "degrees", "rad2deg", "radians", "sin", "sinc", "sinh", "tan",
    "tanh",
    # special functions
    "erf", "erfc", "erfinv", "gammaln",
    # rounding
    "ceil", "floor", "rint", "trunc",
    # comparisons, logic and choices
    "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal", "where",
]  # fmt: skip

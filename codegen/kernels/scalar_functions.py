"""The scalar functions of kernels: how many operands each takes, of which dtypes, and the dtype of its result.

Names and meanings are NumPy's. All operands of a function have one dtype, and the result has that dtype too or is
bool; the exceptions are "where" (a bool, then two alike) and "cast" (any dtype to any).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DTYPES = ("float64", "float32", "int64", "int32", "bool")
FLOATS = frozenset({"float64", "float32"})
INTEGERS = frozenset({"int64", "int32"})
NUMBERS = FLOATS | INTEGERS
ALL = frozenset(DTYPES)


@dataclass(frozen=True, slots=True)
class Signature:
    """Say that a function takes `arity` operands of one of `dtypes` and returns that dtype, or bool."""

    arity: int
    dtypes: frozenset[str]
    returns_bool: bool = False


_UNARY_TRANSCENDENTAL = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("sigmoid", "softplus", "erf", "erfc", "erfinv", "gammaln", "digamma", "trigamma"),
)
_BINARY_TRANSCENDENTAL = ("power", "arctan2", "hypot", "logaddexp", "logaddexp2")

TRANSCENDENTAL = frozenset((*_UNARY_TRANSCENDENTAL, *_BINARY_TRANSCENDENTAL))
"""The functions that are approximated, of floats; all others, and powers of integers, are exact to the rounding."""


def _signatures(names: Iterable[str], signature: Signature) -> dict[str, Signature]:
    return dict.fromkeys(names, signature)


SIGNATURES: dict[str, Signature] = {
    **_signatures(("add", "multiply", "maximum", "minimum", "fmax", "fmin"), Signature(2, ALL)),
    **_signatures(("subtract", "floor_divide", "remainder", "fmod"), Signature(2, NUMBERS)),
    **_signatures(("divide", "copysign", "heaviside"), Signature(2, FLOATS)),
    **_signatures(("left_shift", "right_shift"), Signature(2, INTEGERS)),
    **_signatures(("bitwise_and", "bitwise_or", "bitwise_xor"), Signature(2, INTEGERS | {"bool"})),
    **_signatures(("absolute", "floor", "ceil", "trunc"), Signature(1, ALL)),
    **_signatures(("negative", "sign", "square", "reciprocal"), Signature(1, NUMBERS)),
    **_signatures(("invert",), Signature(1, INTEGERS | {"bool"})),
    **_signatures(("sqrt", "rint"), Signature(1, FLOATS)),
    **_signatures(
        ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"), Signature(2, ALL, returns_bool=True)
    ),
    **_signatures(("logical_and", "logical_or", "logical_xor"), Signature(2, ALL, returns_bool=True)),
    **_signatures(("logical_not", "isnan", "isinf", "isfinite"), Signature(1, ALL, returns_bool=True)),
    **_signatures(("signbit",), Signature(1, FLOATS, returns_bool=True)),
    **_signatures(_UNARY_TRANSCENDENTAL, Signature(1, FLOATS)),
    **_signatures(_BINARY_TRANSCENDENTAL, Signature(2, FLOATS)),
    "power": Signature(2, NUMBERS),
}
"""Every function but "where" and "cast"."""


def result_dtype(function: str, operands: Sequence[str]) -> str:
    """Return the dtype of `function` applied to operands of these dtypes, or raise `TypeError` saying what is wrong.

    "cast" has no such dtype (its result is what the statement says it is) and must not be asked for.

    >>> result_dtype("less", ["int64", "int64"])
    'bool'
    """
    if function == "where":
        if len(operands) != 3 or operands[0] != "bool" or operands[1] != operands[2]:
            raise TypeError(f"where takes a bool and two operands alike, not ({', '.join(operands)})")
        return operands[1]
    signature = SIGNATURES.get(function)
    if signature is None:
        raise TypeError(f"there is no scalar function {function!r}")
    if len(operands) != signature.arity:
        raise TypeError(f"{function} takes {signature.arity} operands, not {len(operands)}")
    if len(set(operands)) > 1:
        raise TypeError(f"{function} takes operands of one dtype, not ({', '.join(operands)})")
    if operands[0] not in signature.dtypes:
        raise TypeError(f"{function} does not take {operands[0]}")
    return "bool" if signature.returns_bool else operands[0]

"""Special functions: the error function and the gamma function and their relatives."""

from __future__ import annotations

import sympy
from sympy import Eq, Piecewise, exp, floor, loggamma, pi, sqrt

from symgrad.functions.function import define, opaque

_SHIFT = 14
"""Steps of the recurrence before the asymptotic series of the polygamma functions takes over."""
_TERMS = 10
"""Terms of that series: the first one left out is below 1e-17 of the sum for orders up to 10."""


def _polygamma(n: sympy.Symbol, x: sympy.Symbol) -> sympy.Expr:
    """Return polygamma of whole orders at x >= 0 by recurrence and asymptotic series; NaN for x < 0.

    With y = x + _SHIFT: (-1)**(n + 1) * (n! * sum((x + k)**-(n + 1)) + (n - 1)! / y**n * (1 + n / (2 y) + ...)), the
    dots being Bernoulli numbers B(2j) / (2j)! times n (n + 1) ... (n + 2j - 1) / y**(2j) (Abramowitz and Stegun, 6.4.6
    and 6.4.11).
    """
    y = x + _SHIFT
    series, rising = 1 + n / (2 * y), sympy.Integer(1)
    for j in range(1, _TERMS + 1):
        rising = rising * ((n + 2 * j - 2) * (n + 2 * j - 1) / y**2)
        series += sympy.bernoulli(2 * j) / sympy.factorial(2 * j) * rising
    direct = sum((x + k) ** (-n - 1) for k in range(_SHIFT))
    sign = 4 * ((n + 1) / 2 - floor((n + 1) / 2)) - 1
    value = -sign * (exp(loggamma(n + 1)) * direct + exp(loggamma(n)) * y ** (-n) * series)
    return Piecewise((sympy.nan, x < 0), (opaque("digamma")(x), Eq(n, 0)), (value, True))


erf = define("erf", lambda x: sympy.erf(x), numpy="scipy.special.erf")
erfc = define("erfc", lambda x: sympy.erfc(x), numpy="scipy.special.erfc")
erfinv = define(
    "erfinv",
    lambda x: sympy.erfinv(x),
    derivatives=lambda x, y: (sqrt(pi) / 2 * exp(y**2),),
    numpy="scipy.special.erfinv",
    domain=((-0.9, 0.9),),
)
gammaln = define(
    "gammaln",
    lambda x: sympy.loggamma(x),
    derivatives=lambda x, y: (opaque("digamma")(x),),
    numpy="scipy.special.gammaln",
    domain=((0.3, 5.0),),
)
digamma = define(
    "digamma",
    lambda x: sympy.digamma(x),
    derivatives=lambda x, y: (opaque("polygamma")(1, x),),
    numpy="scipy.special.digamma",
    domain=((0.3, 5.0),),
)
polygamma = define(
    "polygamma",
    lambda n, x: sympy.polygamma(n, x),
    # The order n is a whole number: there is no derivative by it.
    derivatives=lambda n, x, y: (sympy.nan, opaque("polygamma")(n + 1, x)),
    numpy="scipy.special.polygamma",
    value=_polygamma,
    domain=((1.0, 1.0), (0.3, 5.0)),
)

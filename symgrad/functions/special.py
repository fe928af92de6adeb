"""Special functions: the error function and the gamma function and their relatives."""

from __future__ import annotations

import sympy
from sympy import exp, pi, sqrt

from symgrad.functions.function import define, opaque

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
    domain=((1.0, 1.0), (0.3, 5.0)),
)

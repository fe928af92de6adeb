"""Special functions: the error function and the gamma function and their relatives."""

from __future__ import annotations

import sympy
from sympy import exp, pi, sqrt

from symgrad.functions.function import define

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
    derivatives=lambda x, y: (sympy.digamma(x),),
    numpy="scipy.special.gammaln",
    domain=((0.3, 5.0),),
)

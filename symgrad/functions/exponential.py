"""Exponentials and logarithms."""

from __future__ import annotations

import sympy
from sympy import Abs, Max, exp, log

from symgrad.functions.function import define, opaque

_positive = ((0.1, 4.0),)
_sigmoid = opaque("sigmoid")
_expm1 = opaque("expm1")
_log1p = opaque("log1p")

exp_ = define("exp", lambda x: exp(x), derivatives=lambda x, y: (y,), numpy="np.exp")
exp2 = define("exp2", lambda x: 2**x, derivatives=lambda x, y: (y * log(2),), numpy="np.exp2")
expm1 = define("expm1", lambda x: exp(x) - 1, derivatives=lambda x, y: (exp(x),), numpy="np.expm1")
log_ = define("log", lambda x: log(x), numpy="np.log", domain=_positive)
log2 = define("log2", lambda x: log(x) / log(2), numpy="np.log2", domain=_positive)
log10 = define("log10", lambda x: log(x) / log(10), numpy="np.log10", domain=_positive)
log1p = define("log1p", lambda x: log(1 + x), numpy="np.log1p", domain=((-0.9, 4.0),))
logaddexp = define(
    "logaddexp",
    lambda x, y: log(exp(x) + exp(y)),
    derivatives=lambda x, y, z: (_sigmoid(x - y), _sigmoid(y - x)),
    numpy="np.logaddexp",
)
sigmoid = define(
    "sigmoid",
    lambda x: 1 / (1 + exp(-x)),
    derivatives=lambda x, y: (y * (1 - y),),
    numpy="scipy.special.expit",
)
softplus = define(
    "softplus",
    lambda x: log(1 + exp(x)),
    derivatives=lambda x, y: (_sigmoid(x),),
    value=lambda x: Max(x, 0) + _log1p(exp(-Abs(x))),
)
log_sigmoid = define(
    "log_sigmoid",
    lambda x: -log(1 + exp(-x)),
    derivatives=lambda x, y: (_sigmoid(-x),),
    value=lambda x: -opaque("softplus")(-x),
)
sinh = define("sinh", lambda x: sympy.sinh(x), numpy="np.sinh")
cosh = define("cosh", lambda x: sympy.cosh(x), numpy="np.cosh")
tanh = define("tanh", lambda x: sympy.tanh(x), derivatives=lambda x, y: (1 - y**2,), numpy="np.tanh")
arcsinh = define("arcsinh", lambda x: sympy.asinh(x), numpy="np.arcsinh")
arccosh = define("arccosh", lambda x: sympy.acosh(x), numpy="np.arccosh", domain=((1.2, 4.0),))
arctanh = define("arctanh", lambda x: sympy.atanh(x), numpy="np.arctanh", domain=((-0.9, 0.9),))

"""Activation functions of neural networks."""

from __future__ import annotations

from sympy import Max, Min, Piecewise, Rational, erf, exp, pi, sqrt, tanh

from symgrad.functions.function import define, opaque

_expm1 = opaque("expm1")
_sigmoid = opaque("sigmoid")
_softplus = opaque("softplus")

relu = define(
    "relu",
    lambda x: Max(x, 0),
    derivatives=lambda x, y: (Piecewise((1, x > 0), (0, True)),),  # relu'(0) = 0
    signature="numeric",
    kinks=lambda x: (x,),
)
leaky_relu = define(
    "leaky_relu",
    lambda x, slope: Piecewise((x, x > 0), (slope * x, True)),
    derivatives=lambda x, slope, y: (
        Piecewise((1, x > 0), (slope, True)),
        Piecewise((0, x > 0), (x, True)),
    ),
    domain=((-3.0, 3.0), (0.01, 0.5)),
    kinks=lambda x, slope: (x,),
)
elu = define(
    "elu",
    lambda x, alpha: Piecewise((x, x > 0), (alpha * (exp(x) - 1), True)),
    derivatives=lambda x, alpha, y: (
        Piecewise((1, x > 0), (y + alpha, True)),
        Piecewise((0, x > 0), (_expm1(x), True)),
    ),
    # The branch that is not taken must not overflow.
    value=lambda x, alpha: Piecewise((x, x > 0), (alpha * _expm1(Min(x, 0)), True)),
    domain=((-3.0, 3.0), (0.5, 1.5)),
    kinks=lambda x, alpha: (x,),
)
selu = define(
    "selu",
    # Klambauer et al., Self-Normalizing Neural Networks, 2017.
    lambda x: 1.0507009873554805 * Piecewise((x, x > 0), (1.6732632423543772 * (exp(x) - 1), True)),
    derivatives=lambda x, y: (
        Piecewise((1.0507009873554805, x > 0), (y + 1.0507009873554805 * 1.6732632423543772, True)),
    ),
    value=lambda x: 1.0507009873554805 * Piecewise((x, x > 0), (1.6732632423543772 * _expm1(Min(x, 0)), True)),
    kinks=lambda x: (x,),
)
gelu = define(
    "gelu",
    # x times the normal distribution function (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016).
    lambda x: x * (1 + erf(x / sqrt(2))) * Rational(1, 2),
    derivatives=lambda x, y: ((1 + erf(x / sqrt(2))) * Rational(1, 2) + x * exp(-(x**2) / 2) / sqrt(2 * pi),),
)
silu = define(
    "silu",
    lambda x: x / (1 + exp(-x)),
    derivatives=lambda x, y: (_sigmoid(x) * (1 + x * (1 - _sigmoid(x))),),
    value=lambda x: x * _sigmoid(x),
)
mish = define(
    "mish",
    lambda x: x * tanh(_softplus(x)),
    derivatives=lambda x, y: (tanh(_softplus(x)) + x * _sigmoid(x) * (1 - tanh(_softplus(x)) ** 2),),
)
softsign = define(
    "softsign",
    lambda x: x / (1 + abs(x)),
    derivatives=lambda x, y: (1 / (1 + abs(x)) ** 2,),
)

"""Activation functions, entry by entry."""

from __future__ import annotations

from typing import Any

from symgrad.families.elementwise import apply
from symgrad.tensor import Tensor


def relu(x: Any) -> Tensor:
    """Return max(x, 0); the slope at 0 is 0."""
    return apply("relu", x)


def leaky_relu(x: Any, slope: Any = 0.01) -> Tensor:
    """Return x where x > 0, slope * x elsewhere; the slope at 0 is `slope`."""
    return apply("leaky_relu", x, slope)


def elu(x: Any, alpha: Any = 1.0) -> Tensor:
    """Return x where x > 0, alpha * (exp(x) - 1) elsewhere (Clevert et al., 2015)."""
    return apply("elu", x, alpha)


def selu(x: Any) -> Tensor:
    """Return the scaled elu with the constants of Klambauer et al., 2017."""
    return apply("selu", x)


def gelu(x: Any) -> Tensor:
    """Return x times the normal distribution function at x (Hendrycks and Gimpel, 2016), in the exact form with erf."""
    return apply("gelu", x)


def silu(x: Any) -> Tensor:
    """Return x * sigmoid(x), also called swish."""
    return apply("silu", x)


swish = silu


def mish(x: Any) -> Tensor:
    """Return x * tanh(softplus(x)) (Misra, 2019)."""
    return apply("mish", x)


def sigmoid(x: Any) -> Tensor:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return apply("sigmoid", x)


def tanh(x: Any) -> Tensor:
    """Return the hyperbolic tangent."""
    return apply("tanh", x)


def softplus(x: Any) -> Tensor:
    """Return log(1 + exp(x)), without overflow."""
    return apply("softplus", x)


def softsign(x: Any) -> Tensor:
    """Return x / (1 + |x|)."""
    return apply("softsign", x)

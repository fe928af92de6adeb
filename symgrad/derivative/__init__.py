"""Derivatives: expressions made from expressions, so that they nest to any order."""

from symgrad.derivative.forward import jvp
from symgrad.derivative.higher import hessian, hvp, jacobian
from symgrad.derivative.reverse import grad, vjp

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "vjp"]

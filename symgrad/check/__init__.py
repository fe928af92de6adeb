"""Gradient checks: derivatives against differences of the function itself, with a verdict instead of a tolerance."""

from symgrad.check.check import check_grad
from symgrad.check.report import GradientCheck

__all__ = ["GradientCheck", "check_grad"]

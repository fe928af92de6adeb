"""The formula book: every scalar function, each defined once by a SymPy expression."""

from symgrad.functions import arithmetic, comparison, exponential, networks, rounding, special, trigonometric
from symgrad.functions.function import FUNCTIONS, Function, define

__all__ = [
    "FUNCTIONS",
    "Function",
    "arithmetic",
    "comparison",
    "define",
    "exponential",
    "networks",
    "rounding",
    "special",
    "trigonometric",
]

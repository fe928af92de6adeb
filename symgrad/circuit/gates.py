"""Gates as circuits show them: an operator symbol, and the pattern that the gradient follows on its way back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, TakeAlongAxis
from symgrad.families.layout import BroadcastTo, Named, Reshape, Slice, Transpose, repeated_number
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.windows import OverlapAdd, Windows
from symgrad.tensor import Tensor

Pattern = Literal["add", "multiply", "max", "copy", "other"]

PATTERNS: dict[Pattern, str] = {
    "add": "add distributes",
    "multiply": "multiply swaps",
    "max": "max routes",
    "copy": "copy adds up",
    "other": "other: times the local gradient",
}
"""What a gate of each pattern does to the gradient, as legends say it."""


@dataclass(frozen=True)
class Gate:
    """How a gate is drawn: its symbol, and the pattern that gives its colour."""

    symbol: str
    pattern: Pattern


_SYMBOLS = {
    "add": "+", "subtract": "−", "multiply": "*", "multiply_no_nan": "*", "divide": "/", "negative": "*−1",
    "power": "^", "square": "x²", "sqrt": "√x", "reciprocal": "1/x", "absolute": "|x|", "sigmoid": "σ",
    "maximum": "max", "minimum": "min", "less": "<", "less_equal": "≤", "greater": ">", "greater_equal": "≥",
    "equal": "=", "not_equal": "≠", "logical_and": "∧", "logical_or": "∨", "logical_xor": "⊕", "logical_not": "¬",
    "exp2": "2^x", "expm1": "exp−1", "arctan2": "atan2",
}  # fmt: skip
_PATTERNS: dict[str, Pattern] = {
    "add": "add", "subtract": "add", "multiply": "multiply", "multiply_no_nan": "multiply", "divide": "multiply",
    "negative": "multiply", "maximum": "max", "minimum": "max", "relu": "max", "where": "max",
}  # fmt: skip
_WITH_NUMBER = {
    # A number as one of the operands is part of the gate, as on slides: (number first, number second).
    "add": ("+{}", "+{}"),
    "subtract": ("{}−x", "−{}"),
    "multiply": ("*{}", "*{}"),
    "divide": ("{}/x", "/{}"),
    "power": ("{}^x", "x^{}"),
    "maximum": ("max({},x)", "max({},x)"),
    "minimum": ("min({},x)", "min({},x)"),
}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_REDUCTIONS: dict[str, tuple[str, Pattern]] = {
    "sum": ("Σ", "add"), "max": ("max", "max"), "min": ("min", "max"), "prod": ("Π", "multiply"),
    "logsumexp": ("log Σ exp", "other"),
}  # fmt: skip


def gate_of(node: Tensor) -> Gate:
    """Return how a gate is drawn; operands that are numbers are written into its symbol.

    >>> import symgrad as sg
    >>> x = sg.variable("x")
    >>> gate_of(1 / x)
    Gate(symbol='1/x', pattern='other')
    >>> gate_of(x + 1).symbol, gate_of(-x).symbol, gate_of(sg.nn.sigmoid(x)).symbol
    ('+1', '*−1', 'σ')
    """
    match node.operation:
        case Elementwise(function=function):
            return _elementwise_gate(node, function.name)
        case Contraction(left=left, output=output):
            return Gate("@" if set(left) - set(output) else "⊗", "multiply")
        case Reduction(kind=kind):
            return Gate(*_REDUCTIONS.get(kind, (kind, "other")))
        case Normalization(kind=kind):
            return Gate(kind.replace("_", "-"), "other")
        case BroadcastTo():
            return Gate("copy", "copy")
        case Transpose():
            return Gate("T", "other")
        case Reshape():
            return Gate("reshape", "other")
        case Slice() | Gather() | TakeAlongAxis():
            return Gate("[ ]", "other")
        case Windows():
            return Gate("windows", "copy")
        case OverlapAdd():
            return Gate("overlap +", "add")
        case Cast(dtype=dtype):
            return Gate(dtype.name, "other")
        case Named():
            return Gate("=", "other")
        case operation:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(operation).__name__).lower()
            return Gate(str(getattr(operation, "name", words)), "other")


def _elementwise_gate(node: Tensor, name: str) -> Gate:
    pattern = _PATTERNS.get(name, "other")
    numbers = [(place, number) for place, x in enumerate(node.inputs) if (number := repeated_number(x)) is not None]
    if len(numbers) != 1 or name not in _WITH_NUMBER or len(node.inputs) != 2:
        return Gate(_SYMBOLS.get(name, name.replace("_", " ")), pattern)
    ((place, number),) = numbers
    written = f"{number:.4g}".replace("-", "−")
    if name == "power" and place == 1 and float(number).is_integer():
        return Gate(f"x{number:g}".translate(_SUPERSCRIPTS), "other")
    if name == "power" or (name == "divide" and place == 0):
        pattern = "other"
    return Gate(_WITH_NUMBER[name][place].format(written), pattern)

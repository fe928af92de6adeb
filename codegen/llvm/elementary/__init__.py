"""Elementary functions as scalar LLVM functions without branches, calls or memory, which LLVM vectorises in loops.

Each theme module states formulas in the notation of `builder` and lists them in its `FORMULAS`; here they are put
together, written as LLVM text once a process, and looked up by NumPy's names. sin, cos and tan end in a call all the
same, to a `guard` that looks after huge arguments.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from functools import cache

from codegen.llvm.elementary import (
    error_function,
    exponential,
    gamma_function,
    hyperbolic,
    logarithm,
    logistic,
    power,
    trigonometric,
)
from codegen.llvm.elementary.builder import Definition, build, symbol
from codegen.llvm.elementary.formats import FORMATS

__all__ = ["FUNCTIONS", "definition", "dependencies", "module_text", "symbol"]

_THEMES = (error_function, exponential, gamma_function, hyperbolic, logarithm, logistic, power, trigonometric)
_FORMULAS = ChainMap(*(dict(theme.FORMULAS) for theme in _THEMES))

_PARTS = dict(trigonometric.PARTS)
"""What formulas call beside other formulas, by name: the functions that define it for a dtype."""

FUNCTIONS = frozenset(_FORMULAS)
"""The names of the functions that can be asked for, each in float32 and float64."""


def definition(function: str, dtype: str) -> str:
    """Return the text of ``define internal double @sg.exp.float64(double %x) ...``, this function's body only."""
    return _built(function, dtype).text


def dependencies(function: str, dtype: str) -> tuple[tuple[str, str], ...]:
    """Return the (function, dtype) pairs that the definition calls.

    LLVM intrinsics are not among them: its parser declares those by itself.
    """
    return _built(function, dtype).dependencies


def module_text(needed: Iterable[tuple[str, str]]) -> str:
    """Return the definitions of the given (function, dtype) pairs and of all they call, each once, sorted by name.

    A module holds this text once: it may name functions that LLVM is to keep until it has vectorised the loops.
    """
    found: set[tuple[str, str]] = set()
    open_ = list(needed)
    while open_:
        pair = open_.pop()
        if pair not in found:
            found.add(pair)
            open_.extend(dependencies(*pair))
    definitions = [_built(*pair) for pair in sorted(found)]
    kept = ", ".join(f"ptr @{name}" for definition in definitions for name in definition.kept)
    count = sum(len(definition.kept) for definition in definitions)
    used = f'@llvm.compiler.used = appending global [{count} x ptr] [{kept}], section "llvm.metadata"\n'
    return "\n".join([*(definition.text for definition in definitions), *([used] if kept else [])])


@cache
def _built(function: str, dtype: str) -> Definition:
    if function in _PARTS:
        return _PARTS[function](dtype)
    if function not in _FORMULAS or dtype not in FORMATS:
        raise LookupError(f"there is no elementary function {function!r} for {dtype!r}")
    return build(function, _FORMULAS[function], dtype)

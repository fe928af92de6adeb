"""Formulas: graphs as text, LaTeX and MathML that people can read."""

from __future__ import annotations

from symgrad.shapes import format_shape
from symgrad.tensor import Tensor


def summary(x: Tensor) -> str:
    """Return a short description of a tensor, for messages and the prompt."""
    from symgrad.families.elementwise import Elementwise
    from symgrad.families.layout import Named
    from symgrad.families.leaf import Constant, Variable

    operation = x.operation
    if isinstance(operation, (Variable, Named)):
        what = operation.name
    elif isinstance(operation, Constant) and operation.is_number:
        return repr(operation.value)
    elif isinstance(operation, Elementwise):
        what = f"{operation.function.name}(...)"
    else:
        what = f"{type(operation).__name__.lower()}(...)"
    return f"<{what}: {x.dtype.name} {format_shape(x.shape)}>"

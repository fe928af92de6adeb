"""The notation of reductions, normalisations and scans."""

from __future__ import annotations

from typing import Any

from symgrad.families.layout import Diagonal
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.scan import LinearRecurrence, is_running_sum, running_product_of
from symgrad.formula.notation import Group, Number, Reduce, Tree, Word, call
from symgrad.formula.terms.context import Term, Terms
from symgrad.tensor import Tensor


def _reduction(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    (x,) = node.inputs
    if operation.kind == "sum" and isinstance(terms.operation(x), Diagonal) and x.ndim == 1 and node.ndim == 0:
        return Term(call("trace", terms.full(x.inputs[0])), node.shape)
    reduced = Reduce(operation.kind, operation.axes, x.ndim, operation.keepdims, parts=(terms.full(x),))
    return Term(reduced, node.shape)


def _normalization(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    (x,) = node.inputs
    options = {} if operation.axes == (x.ndim - 1,) else {"axis": axes_tree(operation.axes)}
    return Term(call(operation.kind, terms.full(x), **options), node.shape)


def axes_tree(axes: tuple[int, ...]) -> Tree:
    """Return axes in notation: a number, or a tuple of several."""
    numbers = tuple(Number(axis) for axis in axes)
    return numbers[0] if len(numbers) == 1 else Group(parts=numbers)


def _linear_recurrence(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    a, b = node.inputs
    axis = Number(operation.axis)
    factors = running_product_of(node)
    if factors is not None and terms.operation(a) is not None and terms.operation(b) is not None:
        return Term(call("cumprod", terms.full(factors), axis=axis), node.shape)
    if is_running_sum(node) and terms.operation(a) is not None:
        if not operation.reverse:
            return Term(call("cumsum", terms.full(b), axis=axis), node.shape)
        backward = call("cumsum", call("flip", terms.full(b), axis=axis), axis=axis)
        return Term(call("flip", backward, axis=axis), node.shape)
    options: dict[str, Tree] = {"axis": axis}
    if operation.reverse:
        options["reverse"] = Word("True")
    return Term(call("linear_recurrence", terms.full(a), terms.full(b), **options), node.shape)


RULES = {Reduction: _reduction, Normalization: _normalization, LinearRecurrence: _linear_recurrence}

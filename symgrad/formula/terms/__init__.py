"""Terms: the notation of single nodes, family by family."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.formula.notation import Reference, call
from symgrad.formula.terms import contraction, elementwise, indexing, layout, leaf, linear_algebra, reduction, windows
from symgrad.formula.terms.context import Term, Terms
from symgrad.tensor import Operation, Tensor

_RULES: dict[type[Operation], Callable[[Tensor, Terms], Term]] = {
    **leaf.RULES,
    **elementwise.RULES,
    **layout.RULES,
    **windows.RULES,
    **contraction.RULES,
    **reduction.RULES,
    **indexing.RULES,
    **linear_algebra.RULES,
}


def _called(node: Tensor, terms: Terms) -> Term:
    """An operation that only a back end knows is its name and its operands."""
    name = type(node.operation).__name__.lower()
    return Term(call(name, *(terms.full(x) for x in node.inputs)), node.shape)


def add_term(node: Tensor, terms: Terms) -> None:
    """Find the term of a node whose inputs have theirs."""
    opaque = terms.operation(node) is None
    rule = _RULES.get(type(node.operation), _called)
    terms.found[node] = Term(Reference(node), node.shape) if opaque else rule(node, terms)


__all__ = ["Term", "Terms", "add_term"]

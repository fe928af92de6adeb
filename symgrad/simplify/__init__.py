"""Rewriting graphs: rules, each stated once with its reason, and the engine that applies them."""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.simplify import arithmetic, contraction, layout, stability, windows
from symgrad.simplify.engine import Rewrite, Rule, rewrite
from symgrad.tensor import Tensor

SIMPLIFYING: tuple[Rule, ...] = (*layout.RULES, *arithmetic.RULES, *contraction.RULES, *windows.RULES)
STABILIZING: tuple[Rule, ...] = stability.RULES


def simplify(tensors: Iterable[Tensor], keep: Iterable[Tensor] = (), log: list[Rewrite] | None = None) -> list[Tensor]:
    """Return equal tensors in a simpler form, in a list.

    Tensors in `keep` stay as they are; rewrites that fire are added to `log`.

    >>> from symgrad import variable
    >>> x = variable("x", (3,))
    >>> simplify([-(-x) * 1]) == [x]
    True
    """
    return rewrite(tensors, SIMPLIFYING, keep, log)


def stabilize(tensors: Iterable[Tensor], keep: Iterable[Tensor] = (), log: list[Rewrite] | None = None) -> list[Tensor]:
    """Return equal tensors, in a list, in which formulas that overflow or cancel are replaced by stable functions.

    Tensors in `keep` stay as they are; rewrites that fire are added to `log`.

    >>> from symgrad import exp, log, nn, variable
    >>> x = variable("x", (3,))
    >>> stabilize([log(1 + exp(x))]) == [nn.softplus(x)]
    True
    """
    return rewrite(tensors, STABILIZING, keep, log)


__all__ = ["SIMPLIFYING", "STABILIZING", "Rewrite", "Rule", "rewrite", "simplify", "stabilize"]

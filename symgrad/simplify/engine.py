"""The engine: applies rules bottom up until none fires, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from symgrad.errors import GraphError
from symgrad.families.elementwise import Elementwise
from symgrad.tensor import Operation, Tensor, make

_MOST_REWRITES_AT_ONE_NODE = 200


@dataclass(frozen=True)
class Rule:
    """A rewrite of one kind of node.

    `heads` are the operations it looks at, or the names of scalar functions. `apply` returns an equal tensor, or None if it does not fit.
    """

    name: str
    heads: tuple[type[Operation] | str, ...]
    apply: Callable[[Tensor], Tensor | None]
    reason: str


@dataclass(frozen=True)
class Rewrite:
    """A rewrite that fired."""

    rule: Rule
    before: Tensor
    after: Tensor


@cache
def _by_head(rules: tuple[Rule, ...]) -> dict[type[Operation] | str, list[Rule]]:
    table: dict[type[Operation] | str, list[Rule]] = {}
    for rule in rules:
        for head in rule.heads:
            table.setdefault(head, []).append(rule)
    return table


def _head(node: Tensor) -> type[Operation] | str:
    operation = node.operation
    return operation.function.name if isinstance(operation, Elementwise) else type(operation)


def rewrite(
    tensors: Iterable[Tensor],
    rules: tuple[Rule, ...],
    keep: Iterable[Tensor] = (),
    log: list[Rewrite] | None = None,
) -> list[Tensor]:
    """Return equal tensors to which no rule applies any more; tensors in `keep`, and all below them, stay as they are."""
    roots = list(tensors)
    table = _by_head(rules)
    done: dict[Tensor, Tensor] = {tensor: tensor for tensor in keep}
    rewritten: dict[Tensor, Tensor] = {}  # what the first rule that fired made of a node whose inputs are done
    stack = list(reversed(roots))
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        waiting = [child for child in node.inputs if child not in done]
        if waiting:
            stack.extend(waiting)
            continue
        inputs = tuple(done[child] for child in node.inputs)
        fresh = node if inputs == node.inputs else make(node.operation, inputs)
        if fresh not in done and fresh not in rewritten:
            rewritten[fresh] = _apply_first(fresh, table.get(_head(fresh), ()), log)
        after = rewritten.get(fresh, fresh)
        if fresh in done:
            done[node] = done[fresh]
        elif after is fresh:
            done[node] = done[fresh] = fresh
        elif after in done:
            done[node] = done[fresh] = done[after]
        else:
            stack.append(after)
            if len(stack) > _MOST_REWRITES_AT_ONE_NODE and stack.count(after) > 1:
                raise GraphError(f"rewriting {after!r} does not end")
            continue
        stack.pop()
    return [done[root] for root in roots]


def _apply_first(node: Tensor, rules: Sequence[Rule], log: list[Rewrite] | None) -> Tensor:
    for rule in rules:
        after = rule.apply(node)
        if after is not None and after is not node:
            if after.shape != node.shape or after.dtype != node.dtype:
                raise GraphError(f"rule {rule.name!r} changed {node.dtype} {node.shape} into {after.dtype} {after.shape}")
            if log is not None:
                log.append(Rewrite(rule, node, after))
            return after
    return node

"""The engine: applies rules bottom up until none fires, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from symgrad.dtypes import Dtype
from symgrad.errors import GraphError
from symgrad.families.elementwise import Elementwise
from symgrad.families.leaf import Leaf, Variable
from symgrad.graph import substitute
from symgrad.shapes import Shape, same_shape
from symgrad.tensor import Operation, Tensor, make, provenance

_MOST_REWRITES_IN_A_ROW = 200


@dataclass(frozen=True)
class Rule:
    """A rewrite of one kind of node.

    `heads` are the operations it looks at, or the names of scalar functions. `apply` returns an equal tensor, or None
    if it does not fit.
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


@dataclass(frozen=True)
class Kept(Leaf):
    """Stands for a tensor that rules must not look into, while they are applied."""

    tensor: Tensor

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return self.tensor.shape, self.tensor.dtype


def rewrite(
    tensors: Iterable[Tensor],
    rules: tuple[Rule, ...],
    keep: Iterable[Tensor] = (),
    log: list[Rewrite] | None = None,
) -> list[Tensor]:
    """Return equal tensors to which no rule applies any more.

    Tensors in `keep`, and all below them, stay as they are, and where the result needed them it still does: no rule
    looks into them.
    """
    roots, kept = _tensors(tensors, "what is rewritten"), _tensors(keep, "what is kept")
    hidden = {tensor: make(Kept(tensor)) for tensor in kept if not isinstance(tensor.operation, Variable)}
    if not hidden:
        return _rewrite(roots, rules, log)
    shown = {stand_in: tensor for tensor, stand_in in hidden.items()}
    fired: list[Rewrite] = []
    result = substitute(_rewrite(substitute(roots, hidden), rules, fired), shown)
    if log is not None:
        log.extend(Rewrite(r.rule, *substitute((r.before, r.after), shown)) for r in fired)
    return result


def _tensors(given: Iterable[Tensor], what: str) -> list[Tensor]:
    if isinstance(given, Tensor):
        raise GraphError(f"{what} must be a list of tensors, not one tensor")
    result = list(given)
    for tensor in result:
        if not isinstance(tensor, Tensor):
            raise GraphError(f"{what} must be symbolic tensors, not {tensor!r}")
    return result


def _rewrite(roots: list[Tensor], rules: tuple[Rule, ...], log: list[Rewrite] | None) -> list[Tensor]:
    table = _by_head(rules)
    done: dict[Tensor, Tensor] = {}
    # What a rule made of a node whose inputs are done, and how many rules had fired in a row to get there.
    rewritten: dict[Tensor, Tensor] = {}
    steps: dict[Tensor, int] = {}
    stack = list(reversed(roots))
    with provenance() as follow:
        while stack:
            node = stack[-1]
            if node in done:
                stack.pop()
                continue
            waiting = [child for child in node.inputs if child not in done]
            if waiting:
                stack.extend(waiting)
                continue
            follow(node)
            inputs = tuple([done[child] for child in node.inputs])
            fresh = node if inputs == node.inputs else make(node.operation, inputs)
            if fresh not in done:
                after = rewritten.get(fresh)
                if after is None:
                    after = _apply_first(fresh, table.get(_head(fresh), ()), log)
                    if after is not fresh and after not in done:
                        rewritten[fresh] = after
                        steps[after] = steps.get(fresh, 0) + 1
                        if after in rewritten or steps[after] > _MOST_REWRITES_IN_A_ROW:
                            raise GraphError(f"rewriting {fresh!r} does not end")
                        stack.append(after)
                        continue
                elif after not in done:
                    raise GraphError(f"rewriting {fresh!r} does not end")
                done[fresh] = done.get(after, after)
            done[node] = done[fresh]
            stack.pop()
    return [done[root] for root in roots]


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


def _apply_first(node: Tensor, rules: Sequence[Rule], log: list[Rewrite] | None) -> Tensor:
    for rule in rules:
        after = rule.apply(node)
        if after is not None and after is not node:
            if after.dtype != node.dtype or not same_shape(after.shape, node.shape):
                raise GraphError(
                    f"rule {rule.name!r} changed {node.dtype} {node.shape} into {after.dtype} {after.shape}"
                )
            if log is not None:
                log.append(Rewrite(rule, node, after))
            return after
    return node

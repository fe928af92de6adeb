"""The only walks over graphs. Nothing here recurses, so chains of any length work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symgrad.tensor import Operation, Tensor, make, provenance


def topological_order(roots: Iterable[Tensor], stop: Callable[[Tensor], bool] | None = None) -> list[Tensor]:
    """Return all nodes below `roots`, every node after its inputs; below nodes where `stop` holds it does not look."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[tuple[Tensor, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        if not node.inputs or (stop is not None and stop(node)):
            order.append(node)
            continue
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node.inputs) if child not in seen)
    return order


def rebuild(
    roots: Iterable[Tensor],
    rewrite: Callable[[Tensor], Tensor],
    replaced: Mapping[Tensor, Tensor] | None = None,
) -> dict[Tensor, Tensor]:
    """Rebuild the graph below `roots` bottom up and return the new tensor of each old one.

    `rewrite` gets each node after its inputs were rebuilt. Nodes in `replaced` are taken from there, and nothing
    below them is visited.
    """
    new: dict[Tensor, Tensor] = dict(replaced or {})
    with provenance() as follow:
        for node in topological_order(roots, stop=new.__contains__):
            if node in new:
                continue
            follow(node)
            inputs = tuple([new[child] for child in node.inputs])
            fresh = node if inputs == node.inputs else make(node.operation, inputs)
            new[node] = rewrite(fresh)
    return new


def replace(
    roots: Iterable[Tensor], replacement: Callable[[Tensor, Mapping[Tensor, Tensor]], Tensor | None]
) -> dict[Tensor, Tensor]:
    """Rebuild the graph below `roots` bottom up and return the new tensor of each old one.

    `replacement` gets each old node and the new tensors of all that lies below it, and returns what the node becomes;
    None leaves it as it is, but for its inputs.
    """
    new: dict[Tensor, Tensor] = {}
    with provenance() as follow:
        for node in topological_order(roots):
            follow(node)
            fresh = replacement(node, new)
            if fresh is None:
                inputs = tuple([new[child] for child in node.inputs])
                fresh = node if inputs == node.inputs else make(node.operation, inputs)
            new[node] = fresh
    return new


def substitute(roots: Iterable[Tensor], replaced: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """Return `roots` with the tensors in `replaced` exchanged for others."""
    roots = list(roots)
    new = rebuild(roots, lambda node: node, replaced)
    return [new[root] for root in roots]


def users(order: Iterable[Tensor]) -> dict[Tensor, list[Tensor]]:
    """Return for each node the nodes that use it, once for every use."""
    result: dict[Tensor, list[Tensor]] = {}
    for node in order:
        result.setdefault(node, [])
        for child in node.inputs:
            result.setdefault(child, []).append(node)
    return result


def depends_on(order: Iterable[Tensor], leaves: Iterable[Tensor]) -> set[Tensor]:
    """Return the nodes of a topological `order` that are, or are made from, one of `leaves`."""
    result = set(leaves)
    for node in order:
        if not result.isdisjoint(node.inputs):
            result.add(node)
    return result


FlatGraph = tuple[tuple[Operation, tuple[int, ...]], ...]


def flatten_graph(root: Tensor) -> FlatGraph:
    """Return the graph below `root` as a flat list (for pickle, which would recurse otherwise)."""
    order = topological_order([root])
    number = {node: i for i, node in enumerate(order)}
    return tuple((node.operation, tuple(number[child] for child in node.inputs)) for node in order)


def restore_graph(flat: FlatGraph) -> Tensor:
    """Return the root of a graph made by `flatten_graph`."""
    nodes: list[Any] = []
    for operation, inputs in flat:
        nodes.append(make(operation, tuple(nodes[i] for i in inputs)))
    return nodes[-1]

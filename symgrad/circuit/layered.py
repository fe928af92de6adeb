"""The layout that is built in: columns from left to right, ordered so that few wires cross.

The steps are Sugiyama's: layers by longest paths, places on the way for edges that pass layers, barycentre sweeps for
the order in each layer; `coordinates` then finds the heights.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from symgrad.circuit.layout import Edge, Layout, Size

_SWEEPS = 12
_FEW_ITEMS = 4000


@dataclass
class Layers:
    """Items in layers: the vertices, and after them the places where edges pass through a layer.

    `before` and `after` are the neighbours in the layers beside, and `paths` the items along each edge. Edges of one
    source share their places: the path of an edge starts where it leaves those of earlier ones.
    """

    order: list[list[int]]
    layer: list[int]
    before: list[list[int]] = field(default_factory=list[list[int]])
    after: list[list[int]] = field(default_factory=list[list[int]])
    paths: list[list[int]] = field(default_factory=list[list[int]])


def arrange_in_layers(sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout:
    """Return places for the boxes and routes for the edges; no boxes overlap, and no edge runs through a box."""
    from symgrad.circuit.coordinates import place

    layers = make_layers(len(sizes), edges)
    reduce_crossings(layers)
    return place(layers, sizes, edges)


def layers_from_the_right(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return the layer of each vertex: as far to the right as what it is used for allows.

    So leaves stand beside the gates that use them. Edges need to go from left to right.

    >>> layers_from_the_right(4, [(0, 2), (1, 3), (2, 3)])
    [0, 1, 1, 2]
    """
    after: list[list[int]] = [[] for _ in range(count)]
    open_uses = [0] * count
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        after[source].append(target)
        before[target].append(source)
        open_uses[source] += 1
    height = [0] * count
    waiting = [vertex for vertex in range(count) if open_uses[vertex] == 0]
    while waiting:
        vertex = waiting.pop()
        for source in before[vertex]:
            height[source] = max(height[source], height[vertex] + 1)
            open_uses[source] -= 1
            if open_uses[source] == 0:
                waiting.append(source)
    if any(open_uses):
        raise ValueError("the edges form a cycle")
    most = max(height, default=0)
    return [most - h for h in height]


def make_layers(count: int, edges: Sequence[Edge]) -> Layers:
    """Return the vertices in layers, with places for edges that pass layers."""
    layer = layers_from_the_right(count, edges)
    result = Layers([], layer, [[] for _ in range(count)], [[] for _ in range(count)])
    passing: dict[tuple[int, int], int] = {}
    for source, target in edges:
        path = [target]
        between = layer[target] - 1
        while between > layer[source] and (source, between) not in passing:
            passing[source, between] = len(layer)
            path.append(len(layer))
            layer.append(between)
            result.before.append([])
            result.after.append([])
            between -= 1
        path.append(passing.get((source, between), source))
        path.reverse()
        for start, end in pairwise(path):
            result.after[start].append(end)
            result.before[end].append(start)
        result.paths.append(path)
    result.order = [[] for _ in range(max(layer, default=-1) + 1)]
    for item in _as_read(result):
        result.order[layer[item]].append(item)
    return result


def _as_read(layers: Layers) -> list[int]:
    """Return the items as one meets them going back from the results, inputs in their order."""
    seen: set[int] = set()
    found: list[int] = []
    waiting = [item for item in reversed(range(len(layers.layer))) if not layers.after[item]]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            found.append(item)
            waiting.extend(reversed(layers.before[item]))
    return found


def reduce_crossings(layers: Layers) -> None:
    """Sort each layer by where its neighbours are, to and fro, and keep the order with the fewest crossings."""
    best, fewest = [list(row) for row in layers.order], count_crossings(layers)
    sweeps = _SWEEPS if len(layers.layer) <= _FEW_ITEMS else 2
    for sweep in range(sweeps):
        if fewest == 0:
            break
        forward = sweep % 2 == 0
        neighbours = layers.before if forward else layers.after
        for row in layers.order[1:] if forward else layers.order[-2::-1]:
            _sort_by_barycentre(row, neighbours, layers)
        crossings = count_crossings(layers)
        if crossings < fewest:
            best, fewest = [list(row) for row in layers.order], crossings
    layers.order[:] = best


def _sort_by_barycentre(row: list[int], neighbours: list[list[int]], layers: Layers) -> None:
    beside = {layers.layer[other] for item in row for other in neighbours[item][:1]}
    place = {item: i for index in beside for i, item in enumerate(layers.order[index])}
    own = {item: float(i) for i, item in enumerate(row)}
    key = {
        item: sum(place[other] for other in neighbours[item]) / len(neighbours[item]) if neighbours[item] else own[item]
        for item in row
    }
    row.sort(key=lambda item: (key[item], own[item]))


def count_crossings(layers: Layers) -> int:
    """Return how many pairs of edges cross between the layers."""
    total = 0
    for row, following in pairwise(layers.order):
        place = {item: i for i, item in enumerate(following)}
        ends: list[int] = []
        for item in row:
            found = sorted(place[other] for other in layers.after[item])
            total += sum(len(ends) - _up_to(ends, end) for end in found)
            for end in found:
                insort(ends, end)
    return total


def _up_to(ends: list[int], end: int) -> int:
    return bisect_left(ends, end + 1)

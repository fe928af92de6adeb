"""Heights and columns for layers of boxes: each as near to its neighbours as the distance to the next allows."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.circuit.layered import Layers
from symgrad.circuit.layout import MARGIN, Edge, Layout, Point, Size, bend, entry_offsets, straight

_GAP = 12.0
"""The least distance between boxes one above the other."""
_ROUNDS = 8
_STIFFNESS = 30.0
"""How much more a passing edge wants to stay straight than a box wants to stay beside its neighbours."""


def place(layers: Layers, sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout:
    """Return the layout of ordered layers."""
    if not sizes:
        return Layout((), (), 2 * MARGIN, 2 * MARGIN)
    # Places on the way of an edge take no room.
    boxes = [*sizes, *[(0.0, 0.0)] * (len(layers.layer) - len(sizes))]
    heights = _heights(layers, boxes)
    columns = _columns(layers, boxes, heights)
    top = min(y - boxes[item][1] / 2 for item, y in enumerate(heights)) - MARGIN
    heights = [y - top for y in heights]
    arrivals = [heights[path[-2]] for path in layers.paths]
    offsets = entry_offsets(edges, arrivals, sizes)
    routes = tuple(
        _route(path, offset, layers, boxes, heights, columns)
        for path, offset in zip(layers.paths, offsets, strict=True)
    )
    middles = [(left + right) / 2 for left, right in columns]
    centres = tuple((middles[layers.layer[i]], heights[i]) for i in range(len(sizes)))
    bottom = max(y + boxes[item][1] / 2 for item, y in enumerate(heights))
    return Layout(centres, routes, columns[-1][1] + MARGIN, bottom + MARGIN)


def _heights(layers: Layers, boxes: Sequence[Size]) -> list[float]:
    heights = [0.0] * len(boxes)
    for row in layers.order:
        y = 0.0
        for item in row:
            heights[item] = y + boxes[item][1] / 2
            y += boxes[item][1] + _GAP
    weights = [_weight(item, layers, boxes) for item in range(len(boxes))]
    last = len(layers.order) - 1
    for turn in range(_ROUNDS):
        forward = turn % 2 == 1  # the last time from left to right: chains run straight
        for row in layers.order if forward else reversed(layers.order):
            wanted: list[float] = []
            for item in row:
                beside = layers.before[item] if forward else layers.after[item]
                if not beside and turn < _ROUNDS - 1 and layers.layer[item] not in (0, last):
                    beside = layers.after[item] if forward else layers.before[item]
                wanted.append(_mean_height(beside, heights, item))
            _settle(row, wanted, [weights[item] for item in row], boxes, heights)
    for row in layers.order:  # leaves follow their wires
        starts = {item for item in row if not layers.before[item]}
        wanted = [_mean_height(layers.after[i] if i in starts else [], heights, i) for i in row]
        _settle(row, wanted, [1.0 if i in starts else 1e6 for i in row], boxes, heights)
    return heights


def _weight(item: int, layers: Layers, boxes: Sequence[Size]) -> float:
    if boxes[item] == (0.0, 0.0):
        return _STIFFNESS
    before = layers.before[item]
    # What comes from leaves only can go elsewhere together with them.
    return 0.2 if not any(layers.before[other] for other in before) else 1.0 + len(before)


def _mean_height(items: Sequence[int], heights: Sequence[float], otherwise: int) -> float:
    return sum(heights[i] for i in items) / len(items) if items else heights[otherwise]


def _settle(
    row: Sequence[int],
    wanted: Sequence[float],
    weights: Sequence[float],
    boxes: Sequence[Size],
    heights: list[float],
) -> None:
    for item, y in zip(row, spread(wanted, [boxes[item][1] for item in row], weights), strict=True):
        heights[item] = y


def spread(wanted: Sequence[float], extents: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return places near those wanted that keep the order and the distance: the least sum of weighted squares.

    Neighbours that come too close go together to their common mean (pool adjacent violators).

    >>> spread([0.0, 0.0], [10.0, 10.0], [1.0, 1.0])
    [-11.0, 11.0]
    """
    offsets: list[float] = []
    for i, extent in enumerate(extents):
        offsets.append(0.0 if i == 0 else offsets[-1] + (extents[i - 1] + extent) / 2 + _GAP)
    pools: list[tuple[float, float, int]] = []  # mean, weight, number of members
    for want, offset, weight in zip(wanted, offsets, weights, strict=True):
        mean, total, members = want - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            other, its_weight, its_members = pools.pop()
            mean = (mean * total + other * its_weight) / (total + its_weight)
            total, members = total + its_weight, members + its_members
        pools.append((mean, total, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _columns(layers: Layers, boxes: Sequence[Size], heights: Sequence[float]) -> list[tuple[float, float]]:
    """Return left and right end of each column; steep wires between two columns have them stand farther apart."""
    columns: list[tuple[float, float]] = []
    x = MARGIN
    for row in layers.order:
        right = x + max(boxes[item][0] for item in row)
        columns.append((x, right))
        climbs = [abs(heights[item] - heights[other]) for item in row for other in layers.after[item]]
        x = right + min(max(0.55 * max(climbs, default=0.0), 10.0), 70.0)
    return columns


def _route(
    path: Sequence[int],
    offset: float,
    layers: Layers,
    boxes: Sequence[Size],
    heights: Sequence[float],
    columns: Sequence[tuple[float, float]],
) -> tuple[Point, ...]:
    """Return a route that crosses columns horizontally and climbs only between them."""
    source, target = path[0], path[-1]
    left, right = columns[layers.layer[source]]
    starts_on_the_way = boxes[source] == (0.0, 0.0)
    points: list[Point] = [(right if starts_on_the_way else (left + right + boxes[source][0]) / 2, heights[source])]
    points += straight(points[-1], (right, heights[source]))
    for item in path[1:-1]:
        left, right = columns[layers.layer[item]]
        points += bend(points[-1], (left, heights[item]))
        points += straight(points[-1], (right, heights[item]))
    left, right = columns[layers.layer[target]]
    y = heights[target] + offset
    points += bend(points[-1], (left, y))
    points += straight(points[-1], ((left + right - boxes[target][0]) / 2, y))
    return tuple(points)

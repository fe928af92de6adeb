"""Layouts: where vertices and edges of a drawing go; in the order that Graphviz finds if it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
Size = tuple[float, float]
Edge = tuple[int, int]

MARGIN = 16.0
_MOST_FOR_DOT = 150
"""Graphviz takes longer than readers wait for more vertices than this."""


@dataclass(frozen=True)
class Layout:
    """A drawing from left to right: the centre of every vertex, and a route for every edge.

    A route is a chain of cubic Bezier curves: a start, then two control points and an end for each. It leaves its
    source at the right and enters its target at the left. Edges of one source may share their way: the route of a later
    one then starts where it leaves the others. All of it lies within `width` and `height`.
    """

    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def arrange(sizes: Sequence[Size], edges: Sequence[Edge], how: Literal["dot", "layered"] | None = None) -> Layout:
    """Return places for boxes of the given sizes, and routes for the edges between them, which form no cycle."""
    from symgrad.circuit import graphviz
    from symgrad.circuit.layered import arrange_in_layers
    from symgrad.errors import GraphError, MissingDependencyError

    if how not in ("dot", "layered", None):
        raise GraphError(f"the layout of a drawing is 'dot' or 'layered', not {how!r}")
    if how == "dot" or (how is None and len(sizes) <= _MOST_FOR_DOT):
        found = graphviz.arrange_by_dot(sizes, edges)
        if found is not None:
            return found
        if how == "dot":
            raise MissingDependencyError("layout='dot' needs Graphviz, whose program `dot` was not found or failed")
    return arrange_in_layers(sizes, edges)


def entry_offsets(edges: Sequence[Edge], arrivals: Sequence[float], sizes: Sequence[Size]) -> list[float]:
    """Return how far above or below the middle of its target each edge ends, in the order in which they arrive.

    `arrivals` are the heights that the edges come from.

    >>> entry_offsets([(0, 2), (1, 2)], [50.0, 10.0], [(9, 9), (9, 9), (40, 40)])
    [7.0, -7.0]
    """
    arriving: dict[int, list[int]] = {}
    for i, (_, target) in enumerate(edges):
        arriving.setdefault(target, []).append(i)
    offsets = [0.0] * len(edges)
    for target, found in arriving.items():
        if len(found) == 1:
            continue
        step = min(14.0, 0.7 * sizes[target][1] / (len(found) - 1))
        for place, i in enumerate(sorted(found, key=lambda i: (arrivals[i], i))):
            offsets[i] = step * (place - (len(found) - 1) / 2)
    return offsets


def straight(start: Point, end: Point) -> list[Point]:
    """Return a straight line as what follows the start of a Bezier curve."""
    (x, y), (u, v) = start, end
    return [(x + (u - x) / 3, y + (v - y) / 3), (x + 2 * (u - x) / 3, y + 2 * (v - y) / 3), end]


def bend(start: Point, end: Point) -> list[Point]:
    """Return a curve that starts and ends horizontally as what follows the start of a Bezier curve."""
    middle = (start[0] + end[0]) / 2
    return [(middle, start[1]), (middle, end[1]), end]

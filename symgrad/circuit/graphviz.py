"""Layout by Graphviz: its program `dot` is asked for coordinates only; the drawing is our own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from symgrad.circuit.layout import MARGIN, Edge, Layout, Point, Size, entry_offsets

_POINTS = 72  # in one of dot's inches
_SECONDS = 10


def arrange_by_dot(sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout | None:
    """Return the layout that dot finds, or None without dot or without an answer from it."""
    program = shutil.which("dot")
    if program is None or not sizes:
        return None
    try:
        run = subprocess.run(
            [program, "-Tplain"],
            input=dot_source(sizes, edges),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        return read_plain(run.stdout, sizes, edges)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError):
        return None


def dot_source(sizes: Sequence[Size], edges: Sequence[Edge]) -> str:
    """Return the graph in dot's language, from left to right, with boxes of fixed sizes.

    >>> print(dot_source([(72, 36), (18, 18)], [(0, 1)]).splitlines()[3])
    n0 [width=1.0000, height=0.5000]
    """
    lines = [
        "digraph {",
        'rankdir=LR; nodesep=0.2; ranksep=0.36; ordering=in; outputorder="nodesfirst"',
        'node [shape=box, fixedsize=true, label=""]; edge [tailport=e, headport=w, arrowhead=none]',
    ]
    for i, (width, height) in enumerate(sizes):
        lines.append(f"n{i} [width={width / _POINTS:.4f}, height={height / _POINTS:.4f}]")
    lines += [f"n{source} -> n{target}" for source, target in edges]
    return "\n".join([*lines, "}"])


def read_plain(plain: str, sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout:
    """Return the layout in dot's plain output: one line a node and an edge, in inches, from the bottom left.

    Raises ValueError or KeyError where something is missing.
    """
    scale, bottom = float(_POINTS), 0.0
    centres: dict[str, Point] = {}
    found: dict[tuple[str, str], list[Point]] = {}

    def at(x: str, y: str) -> Point:
        return float(x) * scale + MARGIN, bottom - float(y) * scale

    # dot breaks long lines by a backslash.
    for line in plain.replace("\\\n", "").splitlines():
        kind, *words = line.split()
        if kind == "graph":
            scale = float(words[0]) * _POINTS
            bottom = float(words[2]) * scale + MARGIN
        elif kind == "node":
            centres[words[0]] = at(words[1], words[2])
        elif kind == "edge":
            tail, head = (name.partition(":")[0] for name in words[:2])
            numbers = words[3 : 3 + 2 * int(words[2])]
            found[tail, head] = [at(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    places = tuple(centres[f"n{i}"] for i in range(len(sizes)))
    offsets = entry_offsets(edges, [places[source][1] for source, _ in edges], sizes)
    routes: list[tuple[Point, ...]] = []
    for (source, target), offset in zip(edges, offsets, strict=True):
        route = found[f"n{source}", f"n{target}"]
        (x, y), (u, v) = places[source], places[target]
        # dot stops a little before and behind its boxes.
        start, end = (x + sizes[source][0] / 2, y), (u - sizes[target][0] / 2, v + offset)
        before = route[-2][0], route[-2][1] + offset
        routes.append((start, *route[1:-2], before, end))
    width = max(x + w / 2 for (x, _), (w, _) in zip(places, sizes, strict=True)) + MARGIN
    bottom_most = max(y + h / 2 for (_, y), (_, h) in zip(places, sizes, strict=True))
    lowest = max([bottom_most, *(y for route in routes for _, y in route)]) + MARGIN
    return Layout(places, tuple(routes), width, lowest)

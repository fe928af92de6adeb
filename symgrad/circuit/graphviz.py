"""Layout by Graphviz: its program `dot` is asked in which order the vertices of each layer stand; the rest is our own.

dot's own places and wires are not used: its wires wind between boxes and now and then leave the page. It gets our
layers, with the places where edges pass through them, so that both layouts look the same.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from symgrad.circuit.coordinates import place
from symgrad.circuit.layered import Layers, make_layers
from symgrad.circuit.layout import Edge, Layout, Size

_POINTS = 72  # in one of dot's inches
_SECONDS = 10


def arrange_by_dot(sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout | None:
    """Return the layout that dot finds, or None without dot or without an answer from it."""
    program = shutil.which("dot")
    if program is None or not sizes:
        return None
    layers = make_layers(len(sizes), edges)
    try:
        run = subprocess.run(
            [program, "-Tplain"],
            input=dot_source(layers, sizes),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        heights = read_heights(run.stdout, len(layers.layer))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError):
        return None
    for row in layers.order:
        row.sort(key=lambda item: heights[item])
    return place(layers, sizes, edges)


def dot_source(layers: Layers, sizes: Sequence[Size]) -> str:
    """Return the graph in dot's language, from left to right, with boxes of fixed sizes.

    >>> print(dot_source(make_layers(2, [(0, 1)]), [(72, 36), (18, 18)]).splitlines()[3])
    n0 [width=1.0000, height=0.5000]
    """
    lines = [
        "digraph {",
        "rankdir=LR; nodesep=0.2; ordering=in",
        'node [shape=box, fixedsize=true, label=""]; edge [tailport=e, headport=w, arrowhead=none]',
    ]
    for item in range(len(layers.layer)):
        width, height = sizes[item] if item < len(sizes) else (1.0, 1.0)
        lines.append(f"n{item} [width={width / _POINTS:.4f}, height={height / _POINTS:.4f}]")
    lines += [f"{{rank=same; {'; '.join(f'n{item}' for item in row)}}}" for row in layers.order]
    lines += [f"n{source} -> n{target}" for target, found in enumerate(layers.before) for source in found]
    return "\n".join([*lines, "}"])


def read_heights(plain: str, count: int) -> list[float]:
    """Return how far down each node stands in dot's plain output: a line a node, in inches, from the bottom left.

    Raises ValueError or KeyError where something is missing.

    >>> read_heights("graph 1 2 1\\nnode n0 0.5 0.25 1 0.5\\nstop", 1)
    [-18.0]
    """
    scale = 1.0
    found: dict[str, float] = {}
    for line in plain.splitlines():
        kind, *words = line.split() or [""]
        if kind == "graph":
            scale = float(words[0])
        elif kind == "node":
            found[words[0]] = -float(words[2]) * scale * _POINTS
    return [found[f"n{item}"] for item in range(count)]

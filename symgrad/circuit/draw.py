"""Drawings: a diagram with its layout as one SVG that needs nothing from outside.

Nothing here has an id or a style sheet, which would leak into the page of a notebook, and the ground is white: the
picture looks the same in dark ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from symgrad.circuit.diagram import LABEL_SIZE, NAME_SIZE, RADIUS, SMALL_SIZE, SYMBOL_SIZE, Diagram, Vertex
from symgrad.circuit.gates import PATTERNS, Pattern
from symgrad.circuit.layout import Layout, Point
from symgrad.circuit.lettering import text_width

_FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_COLOURS: dict[Pattern, tuple[str, str]] = {
    "add": ("#cfe3f8", "#1f5f9f"),
    "multiply": ("#fde0b8", "#a85b00"),
    "max": ("#e3d6f5", "#6638a6"),
    "copy": ("#3f4a57", "#3f4a57"),
    "other": ("#eceff2", "#5b6672"),
}
"""Of each pattern the colour inside and the outline."""
_VALUE, _GRADIENT, _INK, _MUTED, _WIRE = "#0b7a2f", "#c4161c", "#15202b", "#5b6672", "#6b7785"
_LEGEND_HEIGHT = 30.0
_ITALIC = ' font-style="italic"'


def draw(diagram: Diagram, layout: Layout) -> str:
    """Return the drawing of a diagram."""
    legend, legend_width = _legend(diagram, layout.height)
    width, height = max(layout.width, legend_width), layout.height + _LEGEND_HEIGHT
    parts = [
        f"<title>{_text(diagram.title)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="#ffffff"/>',
    ]
    for (source, target), route in zip(diagram.edges, layout.routes, strict=True):
        last = layout.centres[target][0] if diagram.vertices[target].kind == "gate" else None
        parts.append(_wire(route, last, diagram.vertices[source], diagram.vertices[target]))
    for vertex, centre in zip(diagram.vertices, layout.centres, strict=True):
        parts.append(_VERTICES[vertex.kind](vertex, *centre))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{_FONT}">\n' + "\n".join([*parts, *legend]) + "\n</svg>"
    )


def _text(text: str) -> str:
    """Return text with the signs that XML uses escaped, without those that it forbids."""
    return escape("".join(letter for letter in text if letter.isprintable() or letter in "\n\t"))


def _write(text: str, x: float, y: float, size: int, colour: str, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="middle"{more}>'
        f"{_text(text)}</text>"
    )


def _wire(route: Sequence[Point], last: float | None, source: Vertex, target: Vertex) -> str:
    (x, y), *rest = route
    path = f"M{x:.1f},{y:.1f}"
    for i in range(0, len(rest), 3):
        path += "C" + " ".join(f"{u:.1f},{v:.1f}" for u, v in rest[i : i + 3])
    if last is not None:  # on below the gate, which is round
        path += f"H{last:.1f}"
    return f'<path d="{path}" fill="none" stroke="{_WIRE}" stroke-width="1.6"/>'


def _label(vertex: Vertex, x: float, y: float) -> str:
    start, end = x - vertex.size[0] / 2, x + vertex.size[0] / 2
    source, target = (_text(name) for name in vertex.ends)
    parts = [f'<path d="M{start:.1f},{y:.1f}H{end:.1f}" stroke="{_WIRE}" stroke-width="1.6"/>']
    if vertex.value:
        parts.append(_write(vertex.value, x, y - 6, LABEL_SIZE, _VALUE, ' class="value"'))
    if vertex.shape:
        parts.append(_write(vertex.shape, x, y - 22, SMALL_SIZE, _MUTED, ' class="shape"'))
    if vertex.gradient:
        parts.append(_write(vertex.gradient, x, y + 16, LABEL_SIZE, _GRADIENT, ' class="gradient"'))
    return f'<g class="wire" data-from="{source}" data-to="{target}">{"".join(parts)}</g>'


def _gate(vertex: Vertex, x: float, y: float) -> str:
    fill, line = _COLOURS[vertex.pattern]
    width = vertex.size[0]
    box = (
        f'<rect x="{x - width / 2:.1f}" y="{y - RADIUS:.1f}" width="{width:.1f}" height="{2 * RADIUS}" rx="{RADIUS}" '
        f'fill="{fill}" stroke="{line}" stroke-width="1.8"/>'
    )
    # A star stands high in its line, and is small.
    size, down = (30, 14.5) if vertex.text == "*" else (24, 8.0) if vertex.text in "+−@Σ" else (SYMBOL_SIZE, 5.5)
    caption = _write(vertex.caption, x, y - RADIUS - 5, LABEL_SIZE, _INK, _ITALIC)
    return (
        f'<g class="gate {vertex.pattern}"><title>{_text(vertex.title)}</title>{box}'
        f"{_write(vertex.text, x, y + down, size, _INK)}{caption if vertex.caption else ''}</g>"
    )


def _group(vertex: Vertex, x: float, y: float) -> str:
    width, height = vertex.size
    box = (
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="8" '
        f'fill="#f5f7fa" stroke="{_MUTED}" stroke-width="1.6"/>'
    )
    return (
        f'<g class="group"><title>{_text(vertex.title)}</title>{box}'
        f"{_write(vertex.text, x, y - 3, NAME_SIZE, _INK, _ITALIC)}"
        f"{_write(vertex.caption, x, y + 15, SMALL_SIZE, _MUTED)}</g>"
    )


def _copy(vertex: Vertex, x: float, y: float) -> str:
    title = f"<title>{_text(vertex.title)}</title>"
    return f'<g class="gate copy">{title}<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{_COLOURS["copy"][0]}"/></g>'


def _name(vertex: Vertex, x: float, y: float) -> str:
    written = _write(vertex.text, x, y + 6, NAME_SIZE, _INK, _ITALIC)
    return f'<g class="{vertex.kind}"><title>{_text(vertex.title or vertex.text)}</title>{written}</g>'


_VERTICES: dict[str, Callable[[Vertex, float, float], str]] = {
    "leaf": _name,
    "result": _name,
    "gate": _gate,
    "group": _group,
    "copy": _copy,
    "label": _label,
}


def _legend(diagram: Diagram, y: float) -> tuple[list[str], float]:
    """Return what the colours in the drawing mean, and how wide that is."""
    present = {vertex.pattern for vertex in diagram.vertices if vertex.kind in ("gate", "copy")}
    entries = [(_VALUE, "value", True), (_GRADIENT, "gradient", True)]
    entries += [(_COLOURS[pattern][0], words, False) for pattern, words in PATTERNS.items() if pattern in present]
    outlines = dict(_COLOURS.values())
    parts: list[str] = []
    x, y = 16.0, y + 10
    for colour, words, is_text in entries:
        if not is_text:
            parts.append(
                f'<circle cx="{x + 6:.1f}" cy="{y - 4:.1f}" r="5.5" fill="{colour}" '
                f'stroke="{outlines[colour]}" stroke-width="1.4"/>'
            )
            x += 17
        ink = colour if is_text else _MUTED
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{SMALL_SIZE}" fill="{ink}">{_text(words)}</text>')
        x += text_width(words, SMALL_SIZE) + 14
    return [f'<g class="legend">{"".join(parts)}</g>'], x

"""Circuits: traces as text (`table`) and as pictures: what is drawn (`diagram`), where (`layout`) and how (`draw`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from symgrad.tracing import Trace

# What draws is loaded with the first picture.


def circuit_svg(
    trace: Trace, fold: bool | None = None, precision: int = 2, layout: Literal["dot", "layered"] | None = None
) -> str:
    """Draw a trace (see `symgrad.tracing.Trace.svg`)."""
    from symgrad.circuit.diagram import build_diagram
    from symgrad.circuit.draw import draw
    from symgrad.circuit.layout import arrange

    diagram = build_diagram(trace, fold, precision)
    return draw(diagram, arrange(diagram.sizes, diagram.edges, layout))

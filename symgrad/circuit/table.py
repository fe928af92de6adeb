"""Traces as text: a table of values and gradients, then what flows back along each edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symgrad.families.layout import Named
from symgrad.families.leaf import Variable
from symgrad.shapes import format_shape
from symgrad.tensor import Tensor
from symgrad.tracing import Edge, Trace

Array = np.ndarray[Any, Any]
_MOST_ENTRIES = 12
"""Larger tensors are summed up by their smallest, mean and largest entry."""


def circuit_text(trace: Trace, precision: int) -> str:
    """Return a trace as text (see `symgrad.tracing.Trace.text`)."""
    names = trace.names
    shown = [node for node in trace.nodes if node in names and not _is_only_a_name(node, trace)]
    rows = [("node", "computed as", "value", "gradient")]
    for node in shown:
        made = "" if isinstance(node.operation, Variable) else trace.formula(node)
        gradient = format_array(trace.gradient(node), precision) if trace.has_gradient(node) else ""
        rows.append((names[node], made, format_array(trace.value(node), precision), gradient))
    lines = [*_table(rows), "", "backward: upstream x local = downstream"]
    received: dict[str, list[str]] = {}
    for gate in reversed(shown):
        if not trace.has_gradient(gate):
            continue
        name = names[gate]
        parts = received.get(name, [])
        if len(parts) > 1:
            total = format_array(trace.gradient(gate), precision)
            lines.append(f"  {name}: {len(parts)} uses add up, {' + '.join(parts)} = {total}")
        for edge in trace.edges(gate):
            source, downstream = names[edge.source], format_array(edge.downstream, precision)
            received.setdefault(source, []).append(downstream)
            lines.append(f"  {name} -> {source}: {_way(edge, trace, precision)} = {downstream}")
    return "\n".join(lines)


def _way(edge: Edge, trace: Trace, precision: int) -> str:
    """Return how the downstream gradient of an edge comes about."""
    if edge.local is None:
        return edge.formula
    upstream, local = (format_array(array, precision) for array in (trace.gradient(edge.gate), edge.local))
    if edge.formula:
        return f"{upstream} x ({edge.formula} = {local})"
    return f"{upstream} x {format_array(edge.local.ravel()[:1].squeeze(), precision) if edge.local.size else local}"


def _is_only_a_name(node: Tensor, trace: Trace) -> bool:
    return isinstance(node.operation, Named) and trace.names[node] == trace.names[node.inputs[0]]


def format_array(array: Array, precision: int = 2) -> str:
    """Return a small array in full, a large one by its shape and range.

    >>> format_array(np.array([1.0, -0.005])), format_array(np.zeros((64, 100)))
    ('[1.00, -5.00e-03]', '(64, 100) from 0.00 to 0.00, mean 0.00')
    """
    if array.size <= _MOST_ENTRIES:
        return _nested(array.tolist(), precision)
    low, high, mean = (format_number(float(value), precision) for value in (array.min(), array.max(), array.mean()))
    return f"{format_shape(array.shape)} from {low} to {high}, mean {mean}"


def _nested(value: Any, precision: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_nested(entry, precision) for entry in value)}]"
    return format_number(value, precision) if isinstance(value, float) else str(value)


def format_number(value: float, precision: int = 2) -> str:
    """Return a number with `precision` digits behind the point, very small and very large ones with an exponent.

    >>> format_number(0.734), format_number(0.0004), format_number(0.0)
    ('0.73', '4.00e-04', '0.00')
    """
    if value == 0 or not np.isfinite(value) or 10.0**-precision <= abs(value) < 1e6:
        return f"{value:.{precision}f}"
    return f"{value:.{precision}e}"


def _table(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Return rows of text in columns: words to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in rows]

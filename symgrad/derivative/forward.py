"""Forward mode: tangents carried from the variables to the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symgrad.derivative.trees import flatten, matching
from symgrad.dtypes import is_float
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import broadcast_to, zeros_like
from symgrad.graph import depends_on, topological_order
from symgrad.nestings import unflatten
from symgrad.simplify import simplify, stabilize
from symgrad.tensor import Tensor, provenance


def jvp(outputs: Any, wrt: Any, tangents: Any) -> Any:
    """Return the tangents of the outputs: for each output y the sum over x in `wrt` of (dy/dx) times the tangent of x.

    `tangents` has the nesting, shapes and dtypes of `wrt`; the result has those of `outputs`.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (2,))
    >>> sg.evaluate(jvp(x * x, x, [1.0, 10.0]), {x: [3.0, 4.0]})
    array([ 6., 80.])
    """
    ends, structure = flatten(outputs, "an output")
    sources, source_structure = flatten(wrt, "what to differentiate by")
    given = matching(tangents, sources, source_structure, "tangent")
    stable = stabilize(ends, keep=sources)
    return unflatten(structure, simplify(push_forward(stable, sources, given), keep=sources))


def push_forward(outputs: Sequence[Tensor], wrt: Sequence[Tensor], tangents: Sequence[Tensor]) -> list[Tensor]:
    """Return the tangents of `outputs` as the sweep makes them, not yet simplified."""
    found: dict[Tensor, Tensor] = dict(zip(wrt, tangents, strict=True))
    order = topological_order(outputs)
    active = depends_on(order, set(wrt))
    with provenance() as follow:
        for node in order:
            if node not in active or not is_float(node.dtype):
                continue
            follow(node)
            parts = [found.get(child) for child in node.inputs]
            tangent = node.operation.push_forward(node, parts) if node.inputs else None
            if tangent is None:
                continue
            tangent = cast(broadcast_to(tangent, node.shape), node.dtype)
            found[node] = apply("add", found[node], tangent) if node in found else tangent
    return [found.get(output, zeros_like(output)) for output in outputs]

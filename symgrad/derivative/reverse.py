"""Reverse mode: cotangents swept from the outputs back to what they depend on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from symgrad.derivative.guards import chooses, unsafe_nodes
from symgrad.derivative.totals import total
from symgrad.derivative.trees import flatten, matching
from symgrad.dtypes import is_float
from symgrad.errors import GradientError
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import BroadcastTo, Named, broadcast_to, named, ones_like, reshape, zeros_like
from symgrad.families.leaf import constant_number
from symgrad.families.reduction import sum as sum_
from symgrad.graph import depends_on, topological_order
from symgrad.nestings import unflatten
from symgrad.shapes import Shape, format_shape, is_static, same_shape
from symgrad.simplify import simplify, stabilize
from symgrad.tensor import Tensor, provenance


def grad(loss: Tensor, wrt: Any) -> Any:
    """Return the gradient of a 0-d tensor, as expressions.

    Parameters
    ----------
    loss: a tensor without axes, float32 or float64.
    wrt: a tensor, or a dict, list or tuple of tensors (nested as you like); variables or any other tensors of the
        graph.

    Returns the nesting of `wrt`; every gradient has the shape and dtype of its tensor. The gradient of something that
    does not depend on a tensor is zeros of its shape.

    Raises GradientError if the loss is not a single number or something is not floating.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,))
    >>> sg.evaluate(grad(sg.sum(x * x), x), {x: [1.0, 2.0, 3.0]})
    array([2., 4., 6.])
    """
    if not isinstance(loss, Tensor):
        raise GradientError(f"the loss must be a symbolic tensor, not {type(loss).__name__}")
    if loss.shape != ():
        raise GradientError(
            f"grad needs a single number to differentiate; {loss!r} has shape {format_shape(loss.shape)}. "
            "Reduce it with sg.sum or sg.mean, or use sg.vjp or sg.jacobian"
        )
    return vjp(loss, wrt, ones_like(loss))


def vjp(outputs: Any, wrt: Any, cotangents: Any) -> Any:
    """Return the cotangents of `wrt`: for each tensor x in it the sum, over outputs y, of (dy/dx)^T times that of y.

    `cotangents` has the nesting, shapes and dtypes of `outputs`; the result has those of `wrt`.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (4,))
    >>> y = sg.nn.relu(x)
    >>> sg.evaluate(vjp(y, x, [4.0, -1.0, 5.0, 9.0]), {x: [1.0, -2.0, 3.0, -1.0]})
    array([4., 0., 5., 0.])
    """
    ends, end_structure = flatten(outputs, "an output")
    targets, structure = flatten(wrt, "what to differentiate by")
    given = matching(cotangents, ends, end_structure, "cotangent")
    stable = stabilize(ends, keep=targets)
    found = simplify(pull_back(stable, given, targets), keep=targets)
    return unflatten(structure, found)


def pull_back(outputs: Sequence[Tensor], cotangents: Sequence[Tensor], wrt: Sequence[Tensor]) -> list[Tensor]:
    """Return the cotangents of `wrt` as the sweep makes them, not yet simplified."""
    order = topological_order(outputs)
    active = depends_on(order, set(wrt) & set(order))
    sums: dict[Tensor, list[Tensor]] = {}
    behind_where: set[Tensor] = set()
    unsafe = unsafe_nodes(order) if any(map(chooses, order)) else set[Tensor]()
    for output, cotangent in zip(outputs, cotangents, strict=True):
        if output in active:
            sums.setdefault(output, []).append(cotangent)
    found: dict[Tensor, Tensor] = {}
    wanted = set(wrt)
    with provenance() as follow:
        for node in reversed(order):
            if node not in sums:
                continue
            follow(node)
            g = total(sums.pop(node))
            if isinstance(node.operation, Named) and constant_number(g) is None:  # dL/dL is 1, without a name
                g = named(g, cotangent_name(node.operation.name, outputs))
            if node in wanted:
                found[node] = g
            if active.isdisjoint(node.inputs):
                continue
            guarded = node in behind_where
            contributions = node.operation.pull_back(node, g, guarded and node in unsafe)
            for child, contribution in zip(node.inputs, contributions, strict=True):
                if contribution is None or child not in active or not is_float(child.dtype):
                    continue
                fitted = unbroadcast(contribution, child.shape)
                sums.setdefault(child, []).append(fitted if fitted.dtype is child.dtype else cast(fitted, child.dtype))
                if guarded or chooses(node):
                    behind_where.add(child)
    return [found.get(tensor, zeros_like(tensor)) for tensor in wrt]


def cotangent_name(name: str, outputs: Sequence[Tensor]) -> str:
    """Return how the cotangent of a node called `name` is called: dL/dh, or with the name of the output for L."""
    operation = outputs[0].operation
    return f"d{operation.name if len(outputs) == 1 and isinstance(operation, Named) else 'L'}/d{name}"


def unbroadcast(g: Tensor, shape: Shape) -> Tensor:
    """Return a cotangent summed over what was repeated when something of `shape` was broadcast."""
    if same_shape(g.shape, shape):
        return g
    if isinstance(g.operation, BroadcastTo) and not g.inputs[0].ndim and is_static(g.shape):
        # One number repeated: its sum is a multiple.
        count = math.prod(g.shape) // max(math.prod(shape), 1)
        return broadcast_to(apply("multiply", g.inputs[0], count), shape)
    extra = g.ndim - len(shape)
    repeated = (extra + i for i, size in enumerate(shape) if size == 1 and g.shape[extra + i] != 1)
    return reshape(sum_(g, (*range(extra), *repeated)), shape)

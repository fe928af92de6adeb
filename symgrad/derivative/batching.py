"""Batching: the same graph for many values of one variable at once, stacked along a new first axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from symgrad.errors import GradientError
from symgrad.families.contraction import Contraction, contract
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import (
    BroadcastTo,
    Concatenate,
    Diagonal,
    Embed,
    EmbedDiagonal,
    Named,
    Reshape,
    Slice,
    Transpose,
    broadcast_to,
    expand_dims,
    moveaxis,
    reshape,
    zeros,
)
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.pieces import stack
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.families.windows import OverlapAdd, Windows
from symgrad.graph import depends_on, topological_order
from symgrad.shapes import Size, product
from symgrad.tensor import Operation, Tensor, make, provenance


def batched(output: Tensor, source: Tensor, values: Tensor) -> Tensor:
    """Return `output` with each entry of `values` (along its first axis) in the place of `source`, stacked."""
    size = values.shape[0]
    order = topological_order([output])
    active = depends_on(order, {source}) if source in set(order) else set()
    new: dict[Tensor, Tensor] = {source: values}
    with provenance() as follow:
        for node in order:
            if node in active and node is not source:
                follow(node)
                flags = [child in new for child in node.inputs]
                inputs = [new.get(child, child) for child in node.inputs]
                new[node] = _RULES.get(type(node.operation), _one_by_one)(node, inputs, flags, size)
    return new[output] if output in new else broadcast_to(expand_dims(output, 0), (size, *output.shape))


Rule = Callable[[Tensor, Sequence[Tensor], Sequence[bool], Size], Tensor]


def _one_by_one(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    """Stack the results of an operation that knows nothing of batches, one for each entry."""
    if not isinstance(size, int):
        raise GradientError(f"{type(node.operation).__name__} cannot be computed for {size} entries at once")
    if size == 0:
        return zeros((0, *node.shape), node.dtype)
    entries = [tuple(x[i] if flag else x for x, flag in zip(inputs, flags, strict=True)) for i in range(size)]
    return stack([make(node.operation, entry) for entry in entries])


def _aligned(tensors: Sequence[Tensor], flags: Sequence[bool], rank: int) -> list[Tensor]:
    """Return the tensors so that they broadcast over `rank` axes after the batch axis."""
    result: list[Tensor] = []
    for tensor, flag in zip(tensors, flags, strict=True):
        missing = rank - (tensor.ndim - 1)
        if flag and missing:
            tensor = reshape(tensor, (tensor.shape[0], *(1,) * missing, *tensor.shape[1:]))
        result.append(tensor)
    return result


def _elementwise(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    return make(node.operation, tuple(_aligned(inputs, flags, node.ndim)))


def _full(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> list[Tensor]:
    """Return the inputs, every one with the batch axis."""
    return [
        tensor if flag else broadcast_to(expand_dims(tensor, 0), (size, *tensor.shape))
        for tensor, flag in zip(inputs, flags, strict=True)
    ]


def _shifted(change: Callable[[Any, Size, int], Operation]) -> Rule:
    """Return the rule of an operation that only has to have its axes and shapes shifted by one."""

    def rule(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
        return make(change(node.operation, size, node.ndim), tuple(_full(node, inputs, flags, size)))

    return rule


def _broadcast(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    (aligned,) = _aligned(inputs, flags, node.ndim)
    return broadcast_to(aligned, (size, *node.shape))


def _contract(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    operation: Any = node.operation
    left, right = (
        ("batch", *labels) if flag else labels
        for labels, flag in zip((operation.left, operation.right), flags, strict=True)
    )
    return contract(inputs[0], left, inputs[1], right, ("batch", *operation.output))


def _gather(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    # Indices never depend on a floating variable: only the first input is batched.
    operation: Any = node.operation
    if isinstance(operation, ScatterAdd):
        return make(ScatterAdd(operation.axis + 1, (size, *operation.shape)), tuple(inputs))
    return make(Gather(operation.axis + 1), tuple(inputs))


def _along_axis(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    operation: Any = node.operation
    values, indices = inputs
    indices = broadcast_to(expand_dims(indices, 0), (size, *indices.shape))
    if isinstance(operation, ScatterAlongAxis):
        return make(ScatterAlongAxis(operation.axis + 1, operation.size), (values, indices))
    return make(TakeAlongAxis(operation.axis + 1), (values, indices))


def _solve(node: Tensor, inputs: Sequence[Tensor], flags: Sequence[bool], size: Size) -> Tensor:
    if flags[0]:
        return make(node.operation, tuple(_full(node, inputs, flags, size)))
    # One matrix for the whole batch: its right-hand sides are columns side by side.
    a, b = inputs
    columns = moveaxis(b, 0, -2)
    wide = reshape(columns, (*columns.shape[:-2], product(columns.shape[-2:])))
    return moveaxis(reshape(make(node.operation, (a, wide)), columns.shape), -2, 0)


def _up(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in axes)


_RULES: dict[type[Operation], Rule] = {
    Elementwise: _elementwise,
    Cast: _shifted(lambda op, size, rank: op),
    Named: _shifted(lambda op, size, rank: op),
    Contraction: _contract,
    Reduction: _shifted(lambda op, size, rank: Reduction(op.kind, _up(op.axes), op.keepdims)),
    Normalization: _shifted(lambda op, size, rank: Normalization(op.kind, _up(op.axes))),
    Transpose: _shifted(lambda op, size, rank: Transpose((0, *_up(op.axes)))),
    Reshape: _shifted(lambda op, size, rank: Reshape((size, *op.shape))),
    BroadcastTo: _broadcast,
    Slice: _shifted(lambda op, size, rank: Slice((0, *op.starts), (1, *op.steps), (size, *op.shape))),
    Embed: _shifted(lambda op, size, rank: Embed((0, *op.starts), (1, *op.steps), (size, *op.shape))),
    Concatenate: _shifted(lambda op, size, rank: Concatenate(op.axis + 1)),
    Diagonal: _shifted(lambda op, size, rank: op),
    EmbedDiagonal: _shifted(lambda op, size, rank: op),
    Windows: _shifted(lambda op, size, rank: replace(op, axes=_up(op.axes))),
    OverlapAdd: _shifted(lambda op, size, rank: replace(op, axes=_up(op.axes))),
    Gather: _gather,
    ScatterAdd: _gather,
    TakeAlongAxis: _along_axis,
    ScatterAlongAxis: _along_axis,
    LinearRecurrence: _shifted(lambda op, size, rank: LinearRecurrence(op.axis + 1, op.reverse)),
    Inverse: _shifted(lambda op, size, rank: op),
    Determinant: _shifted(lambda op, size, rank: op),
    Cholesky: _shifted(lambda op, size, rank: op),
    Solve: _solve,
    TriangularSolve: _solve,
}

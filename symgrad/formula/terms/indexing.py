"""The notation of indexing: entries picked by integer tensors, and entries added up where they were picked."""

from __future__ import annotations

from typing import Any

from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.formula.notation import (
    HADAMARD,
    SCALE,
    Group,
    Index,
    NewAxis,
    Number,
    PickLabels,
    Range,
    Size,
    Tree,
    call,
    infix,
)
from symgrad.formula.terms.context import Term, Terms, dtype_option, shape_group
from symgrad.formula.terms.layout import index
from symgrad.shapes import broadcast_shapes
from symgrad.tensor import Tensor


def _gather(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    x, *indices = node.inputs
    keys = [Range()] * operation.axis + [terms.full(index_) for index_ in indices]
    return Term(Index(parts=(terms.full(x), *keys)), node.shape)


def _scatter_add(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    g, *indices = node.inputs
    if len(indices) == 1:
        where: Tree = terms.full(indices[0])
        size: Tree = Size(node.shape[operation.axis])
    else:
        where = Group(parts=tuple(terms.full(index_) for index_ in indices))
        size = shape_group(node.shape[operation.axis : operation.axis + len(indices)])
    options: dict[str, Tree] = {"axis": Number(operation.axis)} if operation.axis else {}
    return Term(call("scatter_add", terms.full(g), where, size, **options), node.shape)


def _take_along_axis(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    x, indices = node.inputs
    labels = terms.without_unit_axis(indices)
    if labels is not None and operation.axis == 1 and node.ndim == 2:
        return Term(index(picked(x, labels, terms), (Range(), NewAxis())), node.shape)
    return Term(call("take_along_axis", terms.full(x), terms.full(indices), axis=Number(operation.axis)), node.shape)


def picked(x: Tensor, labels: Tensor, terms: Terms) -> Tree:
    """Return the entry of each row of a matrix that its label picks."""
    return PickLabels(parts=(terms.full(x), terms.full(labels), Size(labels.shape[0])))


def _scatter_along_axis(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    values, indices = node.inputs
    labels = terms.without_unit_axis(indices)
    if labels is not None and operation.axis == node.ndim - 1 and values.shape[-1] == 1:
        # Each row has its value at its label and zeros elsewhere.
        rows = call("one_hot", terms.full(labels), Size(operation.size), **dtype_option(node.dtype))
        shape = broadcast_shapes((*labels.shape, operation.size), terms.loose_shape(values))
        operator = SCALE if terms.loose_shape(values) == () else HADAMARD
        return Term(infix(operator, terms.loose(values), rows), shape)
    options: dict[str, Tree] = {"axis": Number(operation.axis)}
    return Term(
        call("scatter_along_axis", terms.full(values), terms.full(indices), Size(operation.size), **options), node.shape
    )


RULES = {
    Gather: _gather,
    ScatterAdd: _scatter_add,
    TakeAlongAxis: _take_along_axis,
    ScatterAlongAxis: _scatter_along_axis,
}

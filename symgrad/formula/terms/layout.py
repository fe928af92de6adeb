"""The notation of layout: transposes, indices in brackets, and what NumPy's broadcasting does by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from symgrad.families.indexing import TakeAlongAxis
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
)
from symgrad.families.reduction import Reduction
from symgrad.formula import notation
from symgrad.formula.notation import Group, Index, NewAxis, Number, Range, Reduce, Tree, call
from symgrad.formula.terms.context import Term, Terms, filled, identity_matrix, shape_group
from symgrad.formula.terms.linear_algebra import vector_solution
from symgrad.formula.terms.reduction import axes_tree
from symgrad.shapes import Shape, Size, same_shape, same_size
from symgrad.tensor import Tensor


def _named(node: Tensor, terms: Terms) -> Term:
    return Term(terms.full(node.inputs[0]), node.shape)


def _broadcast_to(node: Tensor, terms: Terms) -> Term:
    (x,) = node.inputs
    return Term(terms.loose(x), terms.loose_shape(x))


def _transpose(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    (x,) = node.inputs
    if terms.loose_shape(x) == ():
        return Term(terms.loose(x), ())
    return Term(transposed(terms.full(x), operation.axes), node.shape)


def transposed(tree: Tree, axes: Sequence[int]) -> Tree:
    """Return a tree with its axes permuted."""
    rank = len(axes)
    if rank == 2:
        return notation.Transpose(parts=(tree,))
    if tuple(axes) == (*range(rank - 2), rank - 1, rank - 2):
        return notation.Transpose(stacked=True, parts=(tree,))
    return call("transpose", tree, Group(parts=tuple(Number(axis) for axis in axes)))


def _reshape(node: Tensor, terms: Terms) -> Term:
    (x,) = node.inputs
    loose = terms.loose_shape(x)
    extra = node.ndim - x.ndim
    if loose == () or (extra > 0 and same_shape(node.shape, (1,) * extra + x.shape)):
        return Term(terms.loose(x), loose)
    tree = (
        _kept_axes(node, terms)
        or _picked(node, terms)
        or vector_solution(node, terms)
        or _indexed(node, terms)
        or _reshaped(node, terms)
    )
    return Term(tree, node.shape)


def _reshaped(node: Tensor, terms: Terms) -> Tree:
    return call("reshape", terms.full(node.inputs[0]), shape_group(node.shape))


def _kept_axes(node: Tensor, terms: Terms) -> Tree | None:
    """A reduction that puts its axes back with size 1."""
    (reduced,) = node.inputs
    operation = terms.operation(reduced)
    if not isinstance(operation, Reduction) or operation.keepdims:
        return None
    (x,) = reduced.inputs
    if not same_shape(node.shape, operation.kept_shape(x.shape)):
        return None
    return Reduce(operation.kind, operation.axes, x.ndim, True, parts=(terms.full(x),))


def _picked(node: Tensor, terms: Terms) -> Tree | None:
    """One entry of each row of a matrix, picked by labels."""
    (taken,) = node.inputs
    operation = terms.operation(taken)
    if not isinstance(operation, TakeAlongAxis) or operation.axis != 1 or taken.ndim != 2:
        return None
    x, places = taken.inputs
    labels = terms.without_unit_axis(places)
    if labels is None or not same_shape(node.shape, labels.shape):
        return None
    return notation.PickLabels(parts=(terms.full(x), terms.full(labels), notation.Size(labels.shape[0])))


def _indexed(node: Tensor, terms: Terms) -> Tree | None:
    """x[:, None] or x[:, 0]: axes of size 1 put in or taken out; also x[2], a slice with one entry whose axis goes."""
    (x,) = node.inputs
    keys = _unit_axes(x.shape, node.shape)
    if keys is None:
        return None
    operation = terms.operation(x)
    if isinstance(operation, Slice) and not any(isinstance(key, NewAxis) for key in keys):
        source = x.inputs[0]
        ranges = _ranges(operation, source.shape)
        keys = [
            notation.Size(start) if isinstance(key, Number) else range_
            for key, range_, start in zip(keys, ranges, operation.starts, strict=True)
        ]
        return index(terms.full(source), keys)
    return index(terms.full(x), keys)


def _unit_axes(before: Shape, after: Shape) -> list[Tree] | None:
    """Return the indices that turn one shape into the other by adding or dropping axes of size 1, if there are such."""
    keys: list[Tree] = []
    i = j = 0
    while i < len(before) or j < len(after):
        if i < len(before) and j < len(after) and same_size(before[i], after[j]):
            keys.append(Range())
            i, j = i + 1, j + 1
        elif j < len(after) and after[j] == 1:
            keys.append(NewAxis())
            j += 1
        elif i < len(before) and before[i] == 1:
            keys.append(Number(0))
            i += 1
        else:
            return None
    return keys


def index(tree: Tree, keys: Sequence[Tree]) -> Tree:
    """Return a tree with indices; whole axes at the end are left out."""
    kept = list(keys)
    while kept and kept[-1] == Range():
        kept.pop()
    return Index(parts=(tree, *kept)) if kept else tree


def _slice(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    (x,) = node.inputs
    if terms.loose_shape(x) == ():
        return Term(terms.loose(x), ())
    return Term(index(terms.full(x), _ranges(operation, x.shape)), node.shape)


def _ranges(operation: Slice, shape: Shape) -> list[Range]:
    return [_range(*axis) for axis in zip(operation.starts, operation.steps, operation.shape, shape, strict=True)]


def _range(start: Size, step: int, length: Size, size: Size) -> Range:
    """Return the slice that takes `length` entries from `start` on."""
    if length == 0:
        return Range(0, 0)
    if step == 1:
        rest = size - start
        whole = length == rest if isinstance(rest, int) else same_size(length, sympy.Max(rest, 0))
        return Range(None if start == 0 else start, None if whole else start + length)
    if not (isinstance(start, int) and isinstance(length, int) and isinstance(size, int)):
        # With a run-time size, steps are taken through the whole axis only, or from a start to its end.
        return Range(None if step < 0 or start == 0 else start, None, step)
    last = start + step * (length - 1)
    if step < 0:
        # An end of -1 would count from the back.
        return Range(None if start == size - 1 else start, None if last == 0 else last - 1, step)
    return Range(None if start == 0 else start, None if last + step >= size else last + 1, step)


def _embed(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    (x,) = node.inputs
    starts, steps = operation.starts, operation.steps
    if 0 in x.shape:
        return Term(filled(Number(0), node.shape, node.dtype), node.shape)
    if all(step == 1 for step in steps):
        after = (size - start - n for size, start, n in zip(node.shape, starts, x.shape, strict=True))
        widths = tuple(shape_group(pair) for pair in zip(starts, after, strict=True))
        return Term(call("pad", terms.full(x), Group(parts=widths)), node.shape)
    options = {"start": shape_group(starts), "step": shape_group(steps), "shape": shape_group(node.shape)}
    return Term(call("embed", terms.full(x), **options), node.shape)


def _concatenate(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    parts = Group(parts=tuple(terms.full(x) for x in node.inputs))
    options: dict[str, Tree] = {"axis": axes_tree((operation.axis,))} if operation.axis else {}
    return Term(call("concatenate", parts, **options), node.shape)


def _diagonal(node: Tensor, terms: Terms) -> Term:
    (x,) = node.inputs
    if x.ndim == 2:
        return Term(call("diag", terms.full(x)), node.shape)
    return Term(call("diagonal", terms.full(x), axis1=Number(-2), axis2=Number(-1)), node.shape)


def _embed_diagonal(node: Tensor, terms: Terms) -> Term:
    (x,) = node.inputs
    if x.ndim == 1 and terms.is_repeated_one(x):
        return Term(identity_matrix(x.shape[0], node.dtype), node.shape)
    return Term(call("diag" if x.ndim == 1 else "embed_diagonal", terms.full(x)), node.shape)


RULES = {
    Named: _named,
    BroadcastTo: _broadcast_to,
    Transpose: _transpose,
    Reshape: _reshape,
    Slice: _slice,
    Embed: _embed,
    Concatenate: _concatenate,
    Diagonal: _diagonal,
    EmbedDiagonal: _embed_diagonal,
}

"""Pieces: tensors joined, cut, padded, flipped, tiled and repeated, their diagonals and their triangles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import sympy

from symgrad.dtypes import BOOL, promote
from symgrad.errors import GraphError, ShapeError
from symgrad.families.elementwise import apply, cast, function_name
from symgrad.families.layout import (
    BroadcastTo,
    Concatenate,
    Diagonal,
    EmbedDiagonal,
    Slice,
    broadcast_to,
    embed,
    expand_dims,
    moveaxis,
    ones_like,
    ravel,
    reshape,
    zeros,
    zeros_like,
)
from symgrad.families.leaf import as_tensor, constant_number, iota
from symgrad.shapes import (
    Shape,
    Size,
    as_int,
    as_size,
    format_shape,
    normalize_axes,
    normalize_axis,
    same_shape,
    same_size,
)
from symgrad.tensor import Tensor, make


def common_dtype(tensors: Sequence[Any], what: str) -> list[Tensor]:
    """Return the operands as tensors of their common dtype."""
    if not tensors:
        raise ShapeError(f"{what} needs at least one tensor")
    parts = [as_tensor(tensor) for tensor in tensors]
    dtype = promote(*(tensor.dtype for tensor in parts))
    return [cast(tensor, dtype) for tensor in parts]


def concatenate(tensors: Sequence[Any], axis: int | None = 0) -> Tensor:
    """Return tensors joined along an existing axis, as np.concatenate (axis=None: flattened first)."""
    parts = common_dtype(list(tensors), "concatenate")
    if axis is None:
        parts, axis = [ravel(part) for part in parts], 0
    if not parts[0].ndim:
        raise ShapeError("tensors without axes cannot be concatenated; use stack")
    place = normalize_axis(axis, parts[0].ndim)
    return parts[0] if len(parts) == 1 else make(Concatenate(place), tuple(parts))


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Return tensors of equal shape joined along a new axis, as np.stack."""
    parts = common_dtype(list(tensors), "stack")
    if any(not same_shape(part.shape, parts[0].shape) for part in parts):
        raise ShapeError("stack needs equal shapes, given " + ", ".join(format_shape(part.shape) for part in parts))
    place = normalize_axis(axis, parts[0].ndim + 1)
    return concatenate([expand_dims(part, place) for part in parts], place)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Return `x` cut along an axis, into equal sections or at the given indices, as np.split."""
    x = as_tensor(x)
    place = normalize_axis(axis, x.ndim)
    size = x.shape[place]
    if not isinstance(size, int):
        raise ShapeError(f"cannot split axis {place}: its size {size} is known only at run time")
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections < 1 or size % sections:
            raise ShapeError(f"cannot split axis {place} of size {size} into {sections} equal sections")
        bounds = [i * (size // sections) for i in range(sections + 1)]
    else:
        bounds = [0, *indices_or_sections, size]
    return [x[(slice(None),) * place + (slice(first, last),)] for first, last in pairwise(bounds)]


def flip(x: Any, axis: Any = None) -> Tensor:
    """Return `x` with the order along axes reversed, as np.flip."""
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    starts = tuple(_last(n) if i in axes else 0 for i, n in enumerate(x.shape))
    steps = tuple(-1 if i in axes else 1 for i in range(x.ndim))
    return make(Slice(starts, steps, x.shape), (x,)) if axes else x


def _last(size: Size) -> Size:
    return max(size - 1, 0) if isinstance(size, int) else as_size(sympy.Max(size - 1, 0))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """Return `x` with entries of `constant_values` (one number) before and after, as np.pad.

    `pad_width` is one int, one pair (before, after), or such a pair for each axis.
    """
    x = as_tensor(x)
    if not isinstance(mode, str) or mode != "constant":
        raise GraphError(f'pad has the mode "constant" only, not {mode!r}')
    pairs = _pad_widths(pad_width, x)
    before = [first for first, _ in pairs]
    shape = tuple(as_size(first + size + last) for (first, last), size in zip(pairs, x.shape, strict=True))
    padded = embed(x, before, [1] * x.ndim, shape)
    filling = cast(constant_values, x.dtype)
    if filling.ndim:
        raise ShapeError(f"pad fills with one number, not with {format_shape(filling.shape)} of them")
    if filling is zeros((), x.dtype):
        return padded
    inside = embed(ones_like(cast(x, BOOL)), before, [1] * x.ndim, shape)
    return apply("where", inside, padded, filling)


def _pad_widths(given: Any, x: Tensor) -> list[tuple[int, int]]:
    """Return how much is added before and after each axis; NumPy broadcasts what is given to a pair an axis."""
    try:
        widths = np.broadcast_to(np.asarray(given), (x.ndim, 2))
    except ValueError:
        widths = np.array([[-1]])
    if widths.dtype.kind != "i" or (widths < 0).any():
        raise ShapeError(
            f"pad of a tensor with {x.ndim} axes needs {x.ndim} pairs (before, after) of non-negative ints, "
            f"not {given!r}"
        )
    return [(int(before), int(after)) for before, after in widths]


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return a diagonal of two axes, as the last axis of the result, as np.diagonal."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"a diagonal needs two axes; the shape is {format_shape(x.shape)}")
    offset = as_int(offset, "the offset")
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    if offset or not same_size(rows, columns):
        if not (isinstance(rows, int) and isinstance(columns, int)):
            raise ShapeError("a diagonal of a matrix with run-time sizes must be the main one of a square matrix")
        down, right = max(-offset, 0), max(offset, 0)
        length = max(min(rows - down, columns - right), 0)
        x = x[..., min(down, rows) : down + length, min(right, columns) : right + length]
    return make(Diagonal(), (x,))


def diag(x: Any, k: int = 0) -> Tensor:
    """Return the diagonal of a matrix, or the matrix with a vector on its diagonal, as np.diag."""
    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag needs one or two axes; the shape is {format_shape(x.shape)}")
    k = as_int(k, "the offset k")
    square = make(EmbedDiagonal(), (x,))
    if not k:
        return square
    return pad(square, ((max(-k, 0), max(k, 0)), (max(k, 0), max(-k, 0))))


def triu(x: Any, k: int = 0) -> Tensor:
    """Return the upper triangle of the last two axes, zero below diagonal k, as np.triu."""
    return _triangle(x, k, "greater_equal")


def tril(x: Any, k: int = 0) -> Tensor:
    """Return the lower triangle of the last two axes, zero above diagonal k, as np.tril."""
    return _triangle(x, k, "less_equal")


def _triangle(x: Any, k: int, keep: str) -> Tensor:
    x, k = as_tensor(x), as_int(k, "the offset k")
    if x.ndim < 2:
        raise ShapeError(f"a triangle needs two axes; the shape is {format_shape(x.shape)}")
    return apply("where", _side(x.shape, k, keep), x, zeros_like(x))


def _side(shape: Shape, k: int, keep: str) -> Tensor:
    """Return where a column's number compares with its row's as `keep` says: on one side of diagonal k."""
    rows, columns = expand_dims(iota(shape[-2]), 1), iota(shape[-1])
    return apply(keep, columns, apply("add", rows, k) if k else rows)


def triangle_of(node: Tensor) -> tuple[str, Tensor, int] | None:
    """Return what a triangle was made from: "tril" or "triu", the tensor and the diagonal; None for anything else.

    >>> from symgrad.families.leaf import variable
    >>> A = variable("A", (3, 3))
    >>> triangle_of(tril(A, -1)) == ("tril", A, -1)
    True
    """
    if function_name(node) != "where":
        return None
    condition, x, otherwise = node.inputs
    keep = function_name(condition)
    if keep not in ("less_equal", "greater_equal") or x.ndim < 2 or not same_shape(x.shape, node.shape):
        return None
    number = otherwise.inputs[0] if isinstance(otherwise.operation, BroadcastTo) else otherwise
    rows, k = condition.inputs[1], 0
    if function_name(rows) == "add":
        offset = constant_number(rows.inputs[1])
        k = offset if isinstance(offset, int) else 0
    zero = constant_number(number)
    if zero != 0 or math.copysign(1, zero) < 0 or condition is not _side(x.shape, k, keep):
        return None
    return "tril" if keep == "less_equal" else "triu", x, k


def repeat(x: Any, repeats: int, axis: int | None = None) -> Tensor:
    """Return `x` with each entry repeated along an axis, as np.repeat (one int for all entries)."""
    x, count = as_tensor(x), as_size(repeats)
    if axis is None:
        x, axis = ravel(x), 0
    place = normalize_axis(axis, x.ndim)
    wide = broadcast_to(expand_dims(x, place + 1), (*x.shape[: place + 1], count, *x.shape[place + 1 :]))
    return reshape(wide, (*x.shape[:place], as_size(x.shape[place] * count), *x.shape[place + 1 :]))


def tile(x: Any, reps: Any) -> Tensor:
    """Return `x` laid out several times along each axis, as np.tile."""
    x = as_tensor(x)
    counts: list[Size] = [as_size(count) for count in (reps if isinstance(reps, (tuple, list)) else (reps,))]
    rank = max(x.ndim, len(counts))
    counts = [1] * (rank - len(counts)) + counts
    x = reshape(x, (1,) * (rank - x.ndim) + x.shape)
    apart = reshape(x, tuple(n for size in x.shape for n in (1, size)))
    wide = broadcast_to(apart, tuple(n for count, size in zip(counts, x.shape, strict=True) for n in (count, size)))
    return reshape(wide, tuple(as_size(count * size) for count, size in zip(counts, x.shape, strict=True)))

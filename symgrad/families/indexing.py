"""Indexing: entries chosen by integer tensors, and the adjoints that add entries up where they were taken from."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from symgrad.dtypes import BOOL, INT64, Dtype, as_dtype
from symgrad.errors import DtypeError, IndexRangeError, ShapeError
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import Slice, broadcast_to, expand_dims, moveaxis, ravel, reshape
from symgrad.families.leaf import as_tensor, iota
from symgrad.shapes import Shape, Size, as_size, broadcast_shapes, format_shape, normalize_axis, product, same_shape
from symgrad.tensor import LinearOperation, Tensor, make


@dataclass(frozen=True)
class Gather(LinearOperation):
    """x[:, ..., indices, ..., :]: the axes from `axis` on, one an index tensor, give way to those of the indices.

    Inputs are x and the index tensors, which have one common shape. Negative indices count from the end.
    """

    axis: int

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        x, *indices = inputs
        return (*x.shape[: self.axis], *indices[0].shape, *x.shape[self.axis + len(indices) :]), x.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        x, *indices = node.inputs
        return make(ScatterAdd(self.axis, x.shape), (g, *indices)), *([None] * len(indices))


@dataclass(frozen=True)
class ScatterAdd(LinearOperation):
    """Zeros of `shape` with the entries of the first input added at the indices: the adjoint of Gather."""

    axis: int
    shape: Shape

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        g, *indices = inputs
        wanted = (*self.shape[: self.axis], *indices[0].shape, *self.shape[self.axis + len(indices) :])
        if not same_shape(g.shape, wanted):
            raise ShapeError(f"scatter_add needs values of shape {format_shape(wanted)}, not {format_shape(g.shape)}")
        return self.shape, g.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        indices = node.inputs[1:]
        return make(Gather(self.axis), (g, *indices)), *([None] * len(indices))


@dataclass(frozen=True)
class TakeAlongAxis(LinearOperation):
    """x[..., indices[..., j, ...], ...] along `axis`; the other axes of x and of the indices match or broadcast."""

    axis: int

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        x, indices = inputs
        if x.ndim != indices.ndim:
            raise ShapeError(
                "take_along_axis needs indices with as many axes as the tensor, "
                f"not {format_shape(indices.shape)} for {format_shape(x.shape)}"
            )
        return broadcast_shapes(_with(x.shape, self.axis, 1), indices.shape), x.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        x, indices = node.inputs
        return make(ScatterAlongAxis(self.axis, x.shape[self.axis]), (g, indices)), None


@dataclass(frozen=True)
class ScatterAlongAxis(LinearOperation):
    """Zeros with `size` entries along `axis`, the first input added at the indices: the adjoint of TakeAlongAxis."""

    axis: int
    size: Size

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        g, indices = inputs
        if not same_shape(broadcast_shapes(g.shape, indices.shape), g.shape) or g.ndim != indices.ndim:
            raise ShapeError(
                f"indices of shape {format_shape(indices.shape)} do not fit values of shape {format_shape(g.shape)}"
            )
        return _with(g.shape, self.axis, self.size), g.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return make(TakeAlongAxis(self.axis), (g, node.inputs[1])), None


def _with(shape: Shape, axis: int, size: Size) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def as_indices(value: Any, what: str) -> Tensor:
    """Return an integer tensor; refuse floats and masks."""
    tensor = as_tensor(value)
    if not isinstance(value, (Tensor, np.ndarray)) and product(tensor.shape) == 0:
        tensor = cast(tensor, INT64)  # an empty list: no indices
    if tensor.dtype == BOOL:
        raise DtypeError(
            f"{what} by a bool mask would have a shape that depends on values; use sg.where(mask, x, other) instead"
        )
    if tensor.dtype.kind != "i":
        raise DtypeError(f"{what} needs integer indices, not {tensor.dtype.name}")
    return tensor


def gather(x: Any, indices: Sequence[Any], axis: int = 0) -> Tensor:
    """Return x with the axes from `axis` on replaced by the broadcast index tensors, as NumPy's x[i, j]."""
    x = as_tensor(x)
    tensors = [as_indices(index, "indexing") for index in indices]
    shape = broadcast_shapes(*(tensor.shape for tensor in tensors))
    return make(Gather(axis), (x, *(broadcast_to(tensor, shape) for tensor in tensors)))


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return entries along an axis (of the flattened tensor if None), as np.take.

    Negative indices count from the end.
    """
    x = as_tensor(x)
    if axis is None:
        return gather(ravel(x), [indices])
    return gather(x, [indices], normalize_axis(axis, x.ndim))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Tensor:
    """Return one entry along `axis` for each index, as np.take_along_axis."""
    x, places = as_tensor(x), as_indices(indices, "take_along_axis")
    if axis is None:
        x, places, axis = ravel(x), ravel(places), 0
    place = normalize_axis(axis, x.ndim)
    if x.ndim == places.ndim:
        shape = broadcast_shapes(_with(x.shape, place, 1), places.shape)
        x = broadcast_to(x, _with(shape, place, x.shape[place]))
        places = broadcast_to(places, shape)
    return make(TakeAlongAxis(place), (x, places))


def scatter_add(values: Any, indices: Any, size: Any, axis: int = 0) -> Tensor:
    """Return zeros with `size` entries along `axis`, `values` added at the places `indices`: the adjoint of `take`.

    >>> scatter_add([1.0, 2.0, 4.0], [0, 2, 0], 4).shape
    (4,)
    """
    x, places = as_tensor(values), as_indices(indices, "scatter_add")
    rank = x.ndim - places.ndim + 1
    place = normalize_axis(axis, rank)
    shape = (*x.shape[:place], as_size(size), *x.shape[place + places.ndim :])
    return make(ScatterAdd(place, shape), (x, places))


def one_hot(labels: Any, classes: Any, dtype: Any = "float64") -> Tensor:
    """Return a tensor with a new last axis of size `classes`, one at the label and zero elsewhere.

    A label outside 0 ... classes - 1 gives a row of zeros.
    """
    places = expand_dims(as_indices(labels, "one_hot"), -1)
    return cast(apply("equal", places, cast(iota(classes), places.dtype)), as_dtype(dtype))


def basic_index(x: Tensor, key: Any) -> Tensor:
    """Return x[key] for ints, slices, None, Ellipsis and integer arrays or tensors, as NumPy does."""
    keys = _complete(key, x)
    starts: list[Size] = []
    steps: list[int] = []
    sizes: list[Size] = []
    shape: list[Size] = []  # after slicing: without the axes of ints, with those of None
    arrays: list[Tensor] = []
    array_axes: list[int] = []  # the axes of the sliced tensor that arrays index
    for k in keys:
        if k is None:
            shape.append(1)
            continue
        axis = len(starts)
        size = x.shape[axis]
        start, step, length = 0, 1, size
        if isinstance(k, slice):
            start, step, length = resolve_slice(k, size)
            shape.append(length)
        elif _is_integer(k):
            start, length = _resolve_index(k, size, axis, x.shape), 1
        else:
            arrays.append(as_indices(k, "indexing"))
            array_axes.append(len(shape))
            shape.append(size)
        starts.append(start)
        steps.append(step)
        sizes.append(length)
    sliced = x
    if any(start != 0 for start in starts) or any(step != 1 for step in steps) or not same_shape(tuple(sizes), x.shape):
        sliced = make(Slice(tuple(starts), tuple(steps), tuple(sizes)), (x,))
    sliced = reshape(sliced, tuple(shape))
    if not arrays:
        return sliced
    # NumPy counts ints among the arrays here: their axes replace the indexed ones if these stand side by side, else
    # they come first.
    places = [i for i, k in enumerate(keys) if k is not None and not isinstance(k, slice)]
    if places[-1] - places[0] >= len(places):
        sliced = moveaxis(sliced, array_axes, list(range(len(arrays))))
        return gather(sliced, arrays, 0)
    return gather(sliced, arrays, array_axes[0])


def _complete(key: Any, x: Tensor) -> list[Any]:
    """Return a key for each axis of `x` (and None for each new axis)."""
    keys = list(key) if isinstance(key, tuple) else [key]
    used = sum(k is not None and k is not Ellipsis for k in keys)
    dots = [i for i, k in enumerate(keys) if k is Ellipsis]
    if len(dots) > 1:
        raise ShapeError("an index can have only one '...'")
    if used > x.ndim:
        raise ShapeError(f"too many indices: {used} for a tensor of shape {format_shape(x.shape)}")
    place = dots[0] if dots else len(keys)
    return [*keys[:place], *[slice(None)] * (x.ndim - used), *keys[place + 1 :]]


def _is_integer(key: Any) -> bool:
    return isinstance(key, (int, np.integer, sympy.Expr)) and not isinstance(key, bool)


def _resolve_index(index: Any, size: Size, axis: int, shape: Shape) -> Size:
    place = index if isinstance(index, sympy.Expr) and not index.is_Integer else int(index)
    if not isinstance(place, int):
        if not place.is_integer:
            raise DtypeError(f"indexing needs integer indices, not {place}")
        return place
    if isinstance(size, int) and not -size <= place < size:
        raise IndexRangeError(f"index {place} is out of range for axis {axis} of shape {format_shape(shape)}")
    return place if place >= 0 else as_size(size + place)


def resolve_slice(key: slice, size: Size) -> tuple[Size, int, Size]:
    """Return start, step and length of a slice of an axis of `size`; size and bounds may be run-time sizes.

    A start beyond the end is left as it is: the length is 0 then, and nothing is read.
    """
    step = 1 if key.step is None else operator.index(key.step)
    if step == 0:
        raise ShapeError("a slice cannot have step 0")
    if isinstance(size, int) and not isinstance(key.start, sympy.Expr) and not isinstance(key.stop, sympy.Expr):
        indices = range(size)[key]
        return (indices.start if len(indices) else 0), step, len(indices)
    if step < 0:
        if key.start is not None or key.stop is not None:
            raise ShapeError(f"a slice with negative step of an axis of run-time size {size} must take the whole axis")
        return as_size(sympy.Max(size - 1, 0)), step, _steps(size, -step)
    start = _bound(key.start, 0, size)
    if key.stop is None and isinstance(key.start, int) and key.start < 0:
        return start, step, _steps(sympy.Min(-key.start, size), step)
    stop = _bound(key.stop, size, size)
    from_the_end = isinstance(key.stop, int) and key.stop < 0
    if not from_the_end and not sympy.sympify(size - stop).is_nonnegative:
        stop = sympy.Min(stop, size)
    return start, step, _steps(sympy.Max(stop - start, 0), step)


def _bound(value: Any, default: Size, size: Size) -> Size:
    """Return where a slice starts or stops, counted from the front."""
    if value is None:
        return default
    if isinstance(value, sympy.Expr):
        return as_size(value)
    place = operator.index(value)
    return place if place >= 0 else as_size(sympy.Max(size + place, 0))


def _steps(length: Any, step: int) -> Size:
    """Return how many places there are, `step` apart, in a stretch of `length`."""
    return as_size(length if step == 1 else sympy.floor((length + step - 1) / sympy.Integer(step)))

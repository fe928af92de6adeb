"""Sliding windows over some axes, as convolutions and pooling read them, and their adjoint, which adds windows up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symgrad.dtypes import Dtype
from symgrad.errors import ShapeError
from symgrad.families.layout import check_bool_free
from symgrad.families.leaf import as_tensor
from symgrad.shapes import Shape, Size, as_int, as_size, format_shape, normalize_axis, same_shape
from symgrad.tensor import LinearOperation, Tensor, make


@dataclass(frozen=True)
class Windows(LinearOperation):
    """Windows of the input along `axes`; the places inside them are new axes behind all others.

    Entry i of an axis (the number of a window) and entry k of the new axis that belongs to it are entry
    `stride * i + dilation * k` of the input's axis.
    """

    axes: tuple[int, ...]
    sizes: tuple[Size, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        (x,) = inputs
        shape = list(x.shape)
        for axis, size, stride, dilation in zip(self.axes, self.sizes, self.strides, self.dilations, strict=True):
            shape[axis] = count_of_windows(x.shape[axis], size, stride, dilation)
        return (*shape, *self.sizes), x.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        shape = node.inputs[0].shape
        lengths = tuple(shape[axis] for axis in self.axes)
        return (make(OverlapAdd(self.axes, lengths, self.strides, self.dilations), (g,)),)


@dataclass(frozen=True)
class OverlapAdd(LinearOperation):
    """Windows laid over each other and added up, in zeros of `lengths` along `axes`: the adjoint of Windows."""

    axes: tuple[int, ...]
    lengths: tuple[Size, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        (x,) = inputs
        rank = x.ndim - len(self.axes)
        wanted = list(x.shape)
        result = list(x.shape[:rank])
        for i, axis in enumerate(self.axes):
            result[axis] = self.lengths[i]
            wanted[axis] = count_of_windows(self.lengths[i], x.shape[rank + i], self.strides[i], self.dilations[i])
        if not same_shape(tuple(wanted), x.shape):
            raise ShapeError(
                f"windows of shape {format_shape(x.shape)} do not fit: along axes of {format_shape(self.lengths)} "
                f"there would be {format_shape(tuple(wanted))}"
            )
        return tuple(result), x.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (make(Windows(self.axes, self.sizes(node.inputs[0]), self.strides, self.dilations), (g,)),)

    def sizes(self, x: Tensor) -> Shape:
        """Return the sizes of the windows in the input."""
        return x.shape[x.ndim - len(self.axes) :]


def span(size: Size, dilation: int) -> Size:
    """Return how many entries a window of `size` entries reaches over."""
    return as_size((size - 1) * dilation + 1)


def count_of_windows(length: Size, size: Size, stride: int, dilation: int) -> Size:
    """Return how many windows lie inside an axis of `length` entries; raise ShapeError if not even one does.

    >>> count_of_windows(7, 3, 2, 1)
    3
    """
    reach = span(size, dilation)
    if isinstance(length, int) and isinstance(reach, int):
        if length < reach:
            raise ShapeError(f"a window that reaches over {reach} entries does not fit into an axis of size {length}")
        return (length - reach) // stride + 1
    room: Any = length - reach
    return as_size(room + 1 if stride == 1 else sympy.floor(sympy.expand(room) / sympy.Integer(stride)) + 1)


# builders -------------------------------------------------------------------------------------------------------------


def windows(x: Any, sizes: Any, axes: Any, strides: Any = 1, dilation: Any = 1) -> Tensor:
    """Return sliding windows of `x` along axes, with the places inside the windows as new axes behind all others.

    Parameters
    ----------
    x: any tensor.
    sizes: the size of the window along each of `axes` (one int for all of them).
    axes: an axis or a tuple of different axes; the new axes come in their order.
    strides: how far a window is from the next one, along each axis (one int for all).
    dilation: how far an entry of a window is from the next one, along each axis (one int for all).

    An axis of size n becomes (n - dilation * (size - 1) - 1) // stride + 1 windows. With strides and dilation 1 this is
    np.lib.stride_tricks.sliding_window_view.

    Raises ShapeError if a window is larger than its axis.

    >>> import symgrad as sg
    >>> sg.evaluate(windows(sg.iota(5), 3, 0, strides=2), {})
    array([[0, 1, 2],
           [2, 3, 4]])
    """
    x = as_tensor(x)
    places = _axes(axes, x.ndim)
    extents = _each(sizes, len(places))
    checked = tuple(_window_size(size) for size in extents)
    operation = Windows(places, checked, _steps(strides, places, "stride"), _steps(dilation, places, "dilation"))
    return make(operation, (x,)) if places else x


def overlap_add(x: Any, lengths: Any, axes: Any, strides: Any = 1, dilation: Any = 1) -> Tensor:
    """Return windows added up where they overlap: the adjoint of `windows`, whose arguments it has.

    Parameters
    ----------
    x: windows as `windows` makes them, the places inside them on the last axes.
    lengths: the sizes of the result along `axes` (one size for all of them).
    axes, strides, dilation: as for `windows`; axes are those of the result.

    >>> import symgrad as sg
    >>> sg.evaluate(overlap_add(sg.ones((3, 2)), 4, 0), {})
    array([1., 2., 2., 1.])
    """
    x = as_tensor(x)
    check_bool_free(x, "a sum")
    count = len(axes) if isinstance(axes, (tuple, list)) else 1
    if 2 * count > x.ndim:
        raise ShapeError(f"windows along {count} axes have at least {2 * count} axes; the shape is {x.shape}")
    places = _axes(axes, x.ndim - count)
    totals = tuple(as_size(length) for length in _each(lengths, count))
    operation = OverlapAdd(places, totals, _steps(strides, places, "stride"), _steps(dilation, places, "dilation"))
    return make(operation, (x,)) if places else x


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Tensor:
    """Return all windows of `x`, as np.lib.stride_tricks.sliding_window_view (axis=None: along all axes).

    >>> import symgrad as sg
    >>> sliding_window_view(sg.variable("x", (4, 6)), (2, 3)).shape
    (3, 4, 2, 3)
    """
    x = as_tensor(x)
    shape = tuple(window_shape) if isinstance(window_shape, (tuple, list)) else (window_shape,)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(shape) != len(axes):
        raise ShapeError(f"sliding_window_view needs one window size for each of {len(axes)} axes, given {shape}")
    return windows(x, shape, tuple(axes))


def _axes(axes: Any, rank: int) -> tuple[int, ...]:
    """Return non-negative axes in the order they are given, all different."""
    result = tuple(normalize_axis(axis, rank) for axis in (axes if isinstance(axes, (tuple, list)) else (axes,)))
    if len(set(result)) != len(result):
        raise ShapeError(f"windows along axis {axes} would go along one axis twice")
    return result


def _each(given: Any, count: int) -> tuple[Any, ...]:
    """Return one value an axis; a single one stands for all of them."""
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    if len(values) != count:
        raise ShapeError(f"windows along {count} axes need as many sizes and steps, given {given}")
    return values


def _window_size(size: Any) -> Size:
    result = as_size(size)
    if result == 0:
        raise ShapeError("a window needs at least one entry")
    return result


def _steps(given: Any, axes: tuple[int, ...], what: str) -> tuple[int, ...]:
    steps = tuple(as_int(step, f"the {what}") for step in _each(given, len(axes)))
    if any(step < 1 for step in steps):
        raise ShapeError(f"the {what} must be at least 1, not {given}")
    return steps

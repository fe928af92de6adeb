"""Layout: the same entries in another arrangement. Every operation here is linear, and its adjoint is here too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symgrad.dtypes import BOOL, Dtype
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.elementwise import cast
from symgrad.families.leaf import as_tensor, constant_number, number
from symgrad.shapes import (
    Shape,
    Size,
    as_shape,
    as_size,
    broadcast_shapes,
    format_shape,
    is_static,
    normalize_axes,
    normalize_axis,
    product,
    same_shape,
    same_size,
)
from symgrad.tensor import LinearOperation, Tensor, make


@dataclass(frozen=True)
class Named(LinearOperation):
    """The tensor itself, under a name for people."""

    name: str

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return inputs[0].shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (g,)


@dataclass(frozen=True)
class Transpose(LinearOperation):
    """Axis i of the result is axis `axes[i]` of the input."""

    axes: tuple[int, ...]

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return tuple(inputs[0].shape[axis] for axis in self.axes), inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (transpose(g, [self.axes.index(i) for i in range(len(self.axes))]),)


@dataclass(frozen=True)
class Reshape(LinearOperation):
    """The entries in row-major order under another shape."""

    shape: Shape

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        if not same_size(product(inputs[0].shape), product(self.shape)):
            raise ShapeError(f"cannot reshape {format_shape(inputs[0].shape)} into {format_shape(self.shape)}")
        return self.shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (reshape(g, node.inputs[0].shape),)


@dataclass(frozen=True)
class BroadcastTo(LinearOperation):
    """The input repeated along new leading axes and axes of size 1."""

    shape: Shape

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        if not same_shape(broadcast_shapes(inputs[0].shape, self.shape), self.shape):
            raise ShapeError(f"cannot broadcast {format_shape(inputs[0].shape)} to {format_shape(self.shape)}")
        return self.shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (g,)  # the reverse sweep sums it down


@dataclass(frozen=True)
class Slice(LinearOperation):
    """Entry i of an axis is entry `start + step * i` of the input's axis."""

    starts: tuple[Size, ...]
    steps: tuple[int, ...]
    shape: Shape

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_window(self.starts, self.steps, self.shape, inputs[0].shape, "slice")
        return self.shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (embed(g, self.starts, self.steps, node.inputs[0].shape),)


@dataclass(frozen=True)
class Embed(LinearOperation):
    """Zeros of `shape`, but entry `start + step * i` of an axis is entry i of the input: the adjoint of Slice."""

    starts: tuple[Size, ...]
    steps: tuple[int, ...]
    shape: Shape

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_window(self.starts, self.steps, inputs[0].shape, self.shape, "embedding")
        return self.shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (make(Slice(self.starts, self.steps, node.inputs[0].shape), (g,)),)


@dataclass(frozen=True)
class Concatenate(LinearOperation):
    """The inputs one after another along `axis`."""

    axis: int

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        first = inputs[0].shape
        for tensor in inputs[1:]:
            shape = tensor.shape
            if len(shape) != len(first) or not all(
                i == self.axis or same_size(a, b) for i, (a, b) in enumerate(zip(first, shape, strict=True))
            ):
                raise ShapeError(
                    f"cannot concatenate {format_shape(first)} and {format_shape(shape)} along axis {self.axis}"
                )
        total = as_size(sum(tensor.shape[self.axis] for tensor in inputs))
        return (*first[: self.axis], total, *first[self.axis + 1 :]), inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        result: list[Tensor] = []
        start: Size = 0
        for tensor in node.inputs:
            starts = tuple(start if i == self.axis else 0 for i in range(node.ndim))
            result.append(make(Slice(starts, (1,) * node.ndim, tensor.shape), (g,)))
            start = as_size(start + tensor.shape[self.axis])
        return result

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        if all(tangent is None for tangent in tangents):
            return None
        return make(self, tuple(zeros_like(x) if t is None else t for x, t in zip(node.inputs, tangents, strict=True)))


@dataclass(frozen=True)
class Diagonal(LinearOperation):
    """The diagonal of the last two axes, which have equal size."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        shape = inputs[0].shape
        if len(shape) < 2 or not same_size(shape[-1], shape[-2]):
            raise ShapeError(f"no diagonal: the last two sizes of {format_shape(shape)} are not equal")
        return shape[:-1], inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (make(EmbedDiagonal(), (g,)),)


@dataclass(frozen=True)
class EmbedDiagonal(LinearOperation):
    """Zeros with the last axis of the input on the diagonal of two new last axes: the adjoint of Diagonal."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        shape = inputs[0].shape
        return (*shape, shape[-1]), inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (make(Diagonal(), (g,)),)


def _check_window(starts: Sequence[Size], steps: Sequence[int], inner: Shape, outer: Shape, what: str) -> None:
    """Check that `start + step * i` stays inside `outer` for i in `inner`, as far as sizes are known."""
    if not len(starts) == len(steps) == len(inner) == len(outer):
        raise ShapeError(f"a {what} needs one start, step and size an axis, given {len(starts)} for {len(outer)} axes")
    for start, step, size, limit in zip(starts, steps, inner, outer, strict=True):
        if isinstance(start, int) and isinstance(size, int) and isinstance(limit, int) and size > 0:
            last = start + step * (size - 1)
            if step == 0 or not (0 <= start < limit and 0 <= last < limit):
                raise ShapeError(f"a {what} from {start} to {last} does not fit an axis of size {limit}")


# builders -------------------------------------------------------------------------------------------------------------


def named(x: Tensor, name: str) -> Tensor:
    """Return the same tensor under a name that formulas and generated source use."""
    if not isinstance(name, str) or not name:
        raise GraphError(f"a name must be a non-empty string, not {name!r}")
    return make(Named(name), (x,))


def transpose(x: Any, axes: Any = None) -> Tensor:
    """Return `x` with its axes permuted (reversed by default), as np.transpose."""
    x = as_tensor(x)
    order = tuple(reversed(range(x.ndim))) if axes is None else tuple(normalize_axis(axis, x.ndim) for axis in axes)
    if sorted(order) != list(range(x.ndim)):
        raise ShapeError(f"axes {order} are not a permutation of the {x.ndim} axes of shape {format_shape(x.shape)}")
    return x if order == tuple(range(x.ndim)) else make(Transpose(order), (x,))


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Return `x` with two axes exchanged, as np.swapaxes."""
    x = as_tensor(x)
    order = list(range(x.ndim))
    i, j = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    order[i], order[j] = order[j], order[i]
    return transpose(x, order)


def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Return `x` with axes moved to new places, as np.moveaxis."""
    x = as_tensor(x)
    sources = [normalize_axis(a, x.ndim) for a in (source if isinstance(source, (tuple, list)) else (source,))]
    targets = [
        normalize_axis(a, x.ndim) for a in (destination if isinstance(destination, (tuple, list)) else (destination,))
    ]
    if len(sources) != len(targets) or len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        raise ShapeError(f"moveaxis needs as many different sources as destinations, not {source} and {destination}")
    order = [axis for axis in range(x.ndim) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose(x, order)


def reshape(x: Any, shape: Any) -> Tensor:
    """Return `x` under another shape; one size may be -1, as in np.reshape."""
    x = as_tensor(x)
    sizes = list(shape) if isinstance(shape, (tuple, list)) else [shape]
    free = [i for i, size in enumerate(sizes) if isinstance(size, int) and size == -1]
    if len(free) > 1:
        raise ShapeError(f"only one size may be -1 in {tuple(sizes)}")
    if free:
        rest = product(as_size(size) for i, size in enumerate(sizes) if i != free[0])
        sizes[free[0]] = _exact_quotient(product(x.shape), rest, x.shape, sizes)
    target = as_shape(sizes)
    return x if same_shape(target, x.shape) else make(Reshape(target), (x,))


def _exact_quotient(total: Size, part: Size, shape: Shape, sizes: list[Any]) -> Size:
    refusal = ShapeError(f"cannot reshape {format_shape(shape)} into {tuple(sizes)}")
    if isinstance(total, int) and isinstance(part, int):
        if part == 0 or total % part:
            raise refusal
        return total // part
    quotient = sympy.cancel(sympy.sympify(total) / part)
    if not sympy.fraction(quotient)[1].is_Integer or sympy.fraction(quotient)[1] != 1:
        raise refusal
    return as_size(sympy.expand(quotient))


def ravel(x: Any) -> Tensor:
    """Return the entries of `x` in row-major order along one axis."""
    return reshape(x, -1) if is_static(as_tensor(x).shape) else reshape(x, (product(as_tensor(x).shape),))


def expand_dims(x: Any, axis: Any) -> Tensor:
    """Return `x` with new axes of size 1 at the places `axis` of the result, as np.expand_dims."""
    x = as_tensor(x)
    places = axis if isinstance(axis, (tuple, list)) else (axis,)
    new = normalize_axes(tuple(places), x.ndim + len(places))
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i in new else next(rest) for i in range(x.ndim + len(new))))


def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Return `x` without axes of size 1, as np.squeeze."""
    x = as_tensor(x)
    axes = tuple(i for i, n in enumerate(x.shape) if n == 1) if axis is None else normalize_axes(axis, x.ndim)
    for i in axes:
        if x.shape[i] != 1:
            raise ShapeError(f"cannot squeeze axis {i} of shape {format_shape(x.shape)}: its size is not 1")
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in axes))


def broadcast_to(x: Any, shape: Any) -> Tensor:
    """Return `x` repeated to `shape`, as np.broadcast_to."""
    x, target = as_tensor(x), as_shape(shape)
    return x if same_shape(x.shape, target) else make(BroadcastTo(target), (x,))


def unrepeated(x: Tensor) -> Tensor:
    """Return what a tensor repeats by broadcasting; the tensor itself if it repeats nothing."""
    while isinstance(x.operation, BroadcastTo):
        (x,) = x.inputs
    return x


def repeated_number(x: Tensor) -> float | int | bool | None:
    """Return the number that a tensor holds everywhere, or None for any other tensor."""
    return constant_number(unrepeated(x))


def zeros(shape: Any, dtype: Any = "float64") -> Tensor:
    """Return zeros of `shape`."""
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = "float64") -> Tensor:
    """Return ones of `shape`."""
    return full(shape, 1, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return `shape` filled with `fill_value`."""
    filling = as_tensor(fill_value) if dtype is None else cast(fill_value, dtype)
    return broadcast_to(filling, shape)


def zeros_like(x: Any) -> Tensor:
    """Return zeros of the shape and dtype of `x`."""
    x = as_tensor(x)
    return broadcast_to(number(False if x.dtype == BOOL else 0, x.dtype), x.shape)


def ones_like(x: Any) -> Tensor:
    """Return ones of the shape and dtype of `x`."""
    x = as_tensor(x)
    return broadcast_to(number(True if x.dtype == BOOL else 1, x.dtype), x.shape)


def full_like(x: Any, fill_value: Any) -> Tensor:
    """Return the shape and dtype of `x` filled with `fill_value`."""
    x = as_tensor(x)
    return broadcast_to(cast(fill_value, x.dtype), x.shape)


def embed(x: Tensor, starts: Sequence[Size], steps: Sequence[int], shape: Shape) -> Tensor:
    """Return zeros of `shape` holding `x` at `start + step * i` along each axis."""
    return make(Embed(tuple(starts), tuple(steps), tuple(shape)), (x,))


def check_bool_free(tensor: Tensor, what: str) -> None:
    """Refuse bool tensors where NumPy's meaning would be logical, not arithmetical."""
    if tensor.dtype == BOOL:
        raise DtypeError(f'{what} of a bool tensor is not supported; cast it first, e.g. x.astype("int64")')

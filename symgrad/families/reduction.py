"""Reductions: many entries become one; and the normalisations (softmax) that divide by one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from symgrad.dtypes import BOOL, FLOAT64, INT32, INT64, Dtype, is_float, promote_to_float
from symgrad.errors import ShapeError
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import broadcast_to, reshape
from symgrad.families.leaf import as_tensor, size_value
from symgrad.families.scan import exclusive_product
from symgrad.shapes import Shape, Size, format_shape, normalize_axes, normalize_axis, product
from symgrad.tensor import Operation, Tensor, make

Kind = Literal["sum", "prod", "max", "min", "any", "all", "argmax", "argmin", "logsumexp"]
_NEEDS_AN_ENTRY = ("max", "min", "argmax", "argmin")


@dataclass(frozen=True)
class Reduction(Operation):
    """`kind` over `axes` (ascending), which disappear or stay with size 1."""

    kind: Kind
    axes: tuple[int, ...]
    keepdims: bool = False

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        (x,) = inputs
        if self.kind in _NEEDS_AN_ENTRY and 0 in [x.shape[axis] for axis in self.axes]:
            raise ShapeError(
                f"{self.kind} of no entries: the shape is {format_shape(x.shape)}, the axes are {self.axes}"
            )
        dtype = x.dtype
        if self.kind in ("argmax", "argmin"):
            dtype = INT64
        elif self.kind in ("any", "all"):
            dtype = BOOL
        return self.kept_shape(x.shape) if self.keepdims else self.dropped_shape(x.shape), dtype

    def kept_shape(self, shape: Shape) -> Shape:
        """Return the shape with size 1 for every reduced axis."""
        return tuple(1 if i in self.axes else n for i, n in enumerate(shape))

    def dropped_shape(self, shape: Shape) -> Shape:
        """Return the shape without the reduced axes."""
        return tuple(n for i, n in enumerate(shape) if i not in self.axes)

    def expand(self, result: Tensor, x: Tensor) -> Tensor:
        """Return a tensor of the result's shape so that it broadcasts against the input."""
        return reshape(result, self.kept_shape(x.shape))

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        (x,) = node.inputs
        g = self.expand(g, x)
        if self.kind == "sum":
            return (broadcast_to(g, x.shape),)
        if self.kind in ("max", "min"):
            # Entries that tie share the slope equally.
            ties = apply("equal", x, self.expand(node, x))
            count = sum(cast(ties, x.dtype), self.axes, keepdims=True)
            return (apply("where", ties, apply("divide", g, count), 0),)
        if self.kind in ("prod", "logsumexp"):
            return (_product(self._weights(node), g, guarded),)
        return (None,)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (x,), (t,) = node.inputs, tangents
        if t is None or self.kind in ("any", "all", "argmax", "argmin"):
            return None
        if self.kind == "sum":
            return make(self, (t,))
        if self.kind in ("max", "min"):
            ties = apply("equal", x, self.expand(node, x))
            count = sum(cast(ties, x.dtype), self.axes, keepdims=self.keepdims)
            return apply("divide", sum(apply("where", ties, t, 0), self.axes, keepdims=self.keepdims), count)
        return sum(apply("multiply", t, self._weights(node)), self.axes, keepdims=self.keepdims)

    def _weights(self, node: Tensor) -> Tensor:
        """Return the slope of the result by each entry."""
        (x,) = node.inputs
        return softmax(x, self.axes) if self.kind == "logsumexp" else exclusive_product(x, self.axes)


def _product(weights: Tensor, g: Tensor, guarded: bool) -> Tensor:
    """Return the cotangent times weights; where they may be infinite or NaN, a zero cotangent stays zero."""
    return apply("multiply_no_nan", weights, g) if guarded else apply("multiply", g, weights)


@dataclass(frozen=True)
class Normalization(Operation):
    """softmax, exp(x) / sum(exp(x)), or its logarithm, over `axes` together."""

    kind: Literal["softmax", "log_softmax"]
    axes: tuple[int, ...]

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return inputs[0].shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        if self.kind == "softmax":
            inner = sum(_product(node, g, guarded), self.axes, keepdims=True)
            return (_product(node, apply("subtract", g, inner), guarded),)
        total = sum(g, self.axes, keepdims=True)
        return (apply("subtract", g, _product(softmax(node.inputs[0], self.axes), total, guarded)),)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (t,) = tangents
        if t is None:
            return None
        weights = node if self.kind == "softmax" else softmax(node.inputs[0], self.axes)
        centred = apply("subtract", t, sum(apply("multiply", weights, t), self.axes, keepdims=True))
        return apply("multiply", node, centred) if self.kind == "softmax" else centred


def _reduce(kind: Kind, x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if not axes and kind in ("sum", "prod", "max", "min"):
        return x
    return make(Reduction(kind, axes, bool(keepdims)), (x,))


def _summable(x: Any) -> Tensor:
    """Return `x` in the dtype NumPy sums it in: small integers and bools become int64."""
    x = as_tensor(x)
    return cast(x, INT64) if x.dtype in (INT32, BOOL) else x


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the sum over axes (all by default), as np.sum."""
    return _reduce("sum", _summable(x), axis, keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the product over axes (all by default), as np.prod. Its gradient is exact where entries are zero."""
    return _reduce("prod", _summable(x), axis, keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest entry over axes, as np.max; NaN if there is one. Entries that tie share the gradient."""
    return _reduce("max", x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the smallest entry over axes, as np.min; NaN if there is one. Entries that tie share the gradient."""
    return _reduce("min", x, axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether any entry over axes is true, as np.any."""
    return _reduce("any", cast(x, BOOL), axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether all entries over axes are true, as np.all."""
    return _reduce("all", cast(x, BOOL), axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the first largest entry along one axis (of all entries if None), as np.argmax."""
    return _arg("argmax", x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the first smallest entry along one axis (of all entries if None), as np.argmin."""
    return _arg("argmin", x, axis, keepdims)


def _arg(kind: Literal["argmax", "argmin"], x: Any, axis: int | None, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if axis is not None:
        return make(Reduction(kind, (normalize_axis(axis, x.ndim),), bool(keepdims)), (x,))
    result = make(Reduction(kind, (0,)), (reshape(x, (x.size,)),))
    return reshape(result, (1,) * x.ndim) if keepdims else result


def count(x: Tensor, axes: Sequence[int], dtype: Dtype) -> Tensor | int:
    """Return the number of entries that a reduction over `axes` takes together, as a number where it is known."""
    entries: Size = product(x.shape[axis] for axis in axes)
    return entries if isinstance(entries, int) else cast(size_value(entries), dtype)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the mean over axes (all by default), as np.mean; NaN for no entries."""
    x = as_tensor(x)
    if not is_float(x.dtype):
        x = cast(x, FLOAT64)
    axes = normalize_axes(axis, x.ndim)
    return apply("divide", sum(x, axes, keepdims), count(x, axes, x.dtype))


def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Return the variance over axes, as np.var: the mean squared distance from the mean, over count - ddof."""
    x = as_tensor(x)
    if not is_float(x.dtype):
        x = cast(x, FLOAT64)
    axes = normalize_axes(axis, x.ndim)
    centred = apply("subtract", x, mean(x, axes, keepdims=True))
    entries = count(x, axes, x.dtype)
    if isinstance(entries, int):
        degrees: Any = entries - ddof if entries > ddof else 0
    else:
        degrees = apply("maximum", apply("subtract", entries, ddof), 0)
    return apply("divide", sum(apply("square", centred), axes, keepdims), degrees)


def std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Return the standard deviation over axes, as np.std."""
    return apply("sqrt", var(x, axis, ddof, keepdims))


def _floating(x: Any, name: str) -> Tensor:
    x = as_tensor(x)
    return cast(x, promote_to_float(x.dtype, name))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return log(sum(exp(x))) over axes, computed without overflow."""
    return _reduce("logsumexp", _floating(x, "logsumexp"), axis, keepdims)


def softmax(x: Any, axis: Any = -1) -> Tensor:
    """Return exp(x) / sum(exp(x)) over an axis, computed without overflow."""
    x = _floating(x, "softmax")
    return make(Normalization("softmax", normalize_axes(axis, x.ndim)), (x,))


def log_softmax(x: Any, axis: Any = -1) -> Tensor:
    """Return log(softmax(x)) = x - logsumexp(x) over an axis."""
    x = _floating(x, "log_softmax")
    return make(Normalization("log_softmax", normalize_axes(axis, x.ndim)), (x,))

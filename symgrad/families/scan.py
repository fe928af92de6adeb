"""Scans: values handed on along an axis.

The linear recurrence is closed under differentiation, and sums and products run on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symgrad.dtypes import BOOL, INT32, INT64, Dtype
from symgrad.errors import ShapeError
from symgrad.families.elementwise import apply, cast, function_name
from symgrad.families.layout import (
    BroadcastTo,
    Embed,
    Reshape,
    Slice,
    broadcast_to,
    embed,
    ones_like,
    ravel,
    repeated_number,
    reshape,
    transpose,
    unrepeated,
)
from symgrad.families.leaf import Iota, as_tensor, constant_number
from symgrad.shapes import Shape, Size, as_size, format_shape, normalize_axis, product, same_shape, same_size
from symgrad.tensor import Operation, Tensor, make


@dataclass(frozen=True)
class LinearRecurrence(Operation):
    """h[i] = a[i] * h[i - 1] + b[i] along `axis`, from h[-1] = 0; from the other end if `reverse`."""

    axis: int
    reverse: bool = False

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        a, b = inputs
        if not same_shape(a.shape, b.shape):
            raise ShapeError(
                f"a linear recurrence needs equal shapes, not {format_shape(a.shape)} and {format_shape(b.shape)}"
            )
        return b.shape, b.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        a, _ = node.inputs
        # The adjoint runs the other way: m[i] = a[i + 1] * m[i + 1] + g[i].
        m = linear_recurrence(shift(a, self.axis, -1 if not self.reverse else 1), g, self.axis, not self.reverse)
        previous = shift(node, self.axis, 1 if not self.reverse else -1)
        return apply("multiply_no_nan" if guarded else "multiply", previous, m), m

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        a, _ = node.inputs
        da, db = tangents
        source = db
        if da is not None:
            term = apply("multiply", da, shift(node, self.axis, 1 if not self.reverse else -1))
            source = term if db is None else apply("add", term, db)
        return None if source is None else linear_recurrence(a, source, self.axis, self.reverse)


def linear_recurrence(a: Tensor, b: Tensor, axis: int, reverse: bool = False) -> Tensor:
    """Return h with h[i] = a[i] * h[i - 1] + b[i] along `axis`, h[-1] = 0."""
    return make(LinearRecurrence(axis, reverse), (a, b))


def is_running_sum(node: Tensor) -> bool:
    """Return whether a linear recurrence only adds up: all its factors are one.

    The first factor that is met multiplies nothing; it may be anything (in a gradient it is 0).

    >>> from symgrad.families.leaf import variable
    >>> x = variable("x", (3,))
    >>> is_running_sum(cumsum(x)), is_running_sum(cumprod(x))
    (True, False)
    """
    recurrence: Any = node.operation
    factors = node.inputs[0]
    operation = factors.operation
    if isinstance(operation, Embed):
        (inside,) = factors.inputs
        missing = [i for i in range(factors.ndim) if not same_size(inside.shape[i], factors.shape[i])]
        skipped = 0 if recurrence.reverse else 1
        starts = tuple(skipped if i == recurrence.axis else 0 for i in range(factors.ndim))
        one_less = same_size(inside.shape[recurrence.axis], as_size(sympy.Max(factors.shape[recurrence.axis] - 1, 0)))
        if (
            missing not in ([], [recurrence.axis])
            or not one_less
            or operation.starts != starts
            or set(operation.steps) != {1}
        ):
            return False
        factors = inside
    return isinstance(factors.operation, BroadcastTo) and constant_number(factors.inputs[0]) == 1


def running_product_of(node: Tensor) -> Tensor | None:
    """Return x where a linear recurrence is the running product of x, as `cumprod` writes it.

    >>> from symgrad.families.leaf import variable
    >>> x = variable("x", (3,))
    >>> running_product_of(cumprod(x)) is x, running_product_of(cumsum(x)) is None
    (True, True)
    """
    recurrence: Any = node.operation
    factors, terms = (_choice(x) for x in node.inputs)
    if recurrence.reverse or not factors or not terms:
        return None
    (first, nothing, x), (also_first, also_x, rest) = factors, terms
    if first is not also_first or x is not also_x or repeated_number(nothing) != 0 or repeated_number(rest) != 0:
        return None
    # The condition is true at the first place of the axis.
    places, zero = first.inputs if function_name(first) == "equal" else (first, first)
    counter = places.inputs[0] if isinstance(places.operation, Reshape) else places
    shape = tuple(node.shape[i] if i == recurrence.axis else 1 for i in range(node.ndim))
    fits = same_shape((1,) * (node.ndim - places.ndim) + places.shape, shape)
    return x if isinstance(counter.operation, Iota) and repeated_number(zero) == 0 and fits else None


def _choice(x: Tensor) -> tuple[Tensor, ...]:
    """Return condition and alternatives of a `where`, without what only repeats them."""
    return tuple(unrepeated(part) for part in x.inputs) if function_name(x) == "where" else ()


def shift(x: Tensor, axis: int, by: int) -> Tensor:
    """Return `x` moved one place along `axis` (by = 1: towards higher indices; -1: lower), with zeros moving in."""
    size = x.shape[axis]
    kept: Size = (size - 1 if size > 0 else 0) if isinstance(size, int) else as_size(sympy.Max(size - 1, 0))
    low = tuple(1 if i == axis else 0 for i in range(x.ndim))
    none = (0,) * x.ndim
    steps = (1,) * x.ndim
    shape = tuple(kept if i == axis else n for i, n in enumerate(x.shape))
    moved = make(Slice(none if by == 1 else low, steps, shape), (x,))
    return embed(moved, low if by == 1 else none, steps, x.shape)


def cumsum(x: Any, axis: int | None = None) -> Tensor:
    """Return the running sum along an axis (of the flattened tensor if None), as np.cumsum."""
    x, place = _scanned(x, axis)
    return linear_recurrence(ones_like(x), x, place)


def cumprod(x: Any, axis: int | None = None) -> Tensor:
    """Return the running product along an axis (of the flattened tensor if None), as np.cumprod."""
    x, place = _scanned(x, axis)
    first = _unit(x, place)
    # The first entry starts the product: h[0] = x[0], h[i] = x[i] * h[i - 1].
    return linear_recurrence(apply("where", first, 0, x), apply("where", first, x, 0), place)


def exclusive_product(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Return for each entry the product of all the others over `axes`, without dividing, so that zeros do no harm."""
    rest = [i for i in range(x.ndim) if i not in axes]
    order = [*rest, *axes]
    moved = transpose(x, order)
    flat = reshape(moved, (*(x.shape[i] for i in rest), product(x.shape[i] for i in axes)))
    last = len(rest)
    start = _unit(flat, last)
    end = _unit(flat, last, from_the_end=True)
    before = linear_recurrence(shift(flat, last, 1), cast(start, x.dtype), last)
    after = linear_recurrence(shift(flat, last, -1), cast(end, x.dtype), last, reverse=True)
    back = reshape(apply("multiply", before, after), moved.shape)
    return transpose(back, [order.index(i) for i in range(x.ndim)])


def _scanned(x: Any, axis: int | None) -> tuple[Tensor, int]:
    x = as_tensor(x)
    if x.dtype in (INT32, BOOL):
        x = cast(x, INT64)
    if axis is None:
        return ravel(x), 0
    return x, normalize_axis(axis, x.ndim)


def _unit(x: Tensor, axis: int, from_the_end: bool = False) -> Tensor:
    """Return a bool tensor of the shape of `x` that is true at the first (or last) place of `axis`."""
    from symgrad.families.leaf import iota, size_value

    size = x.shape[axis]
    place: Any = 0
    if from_the_end:
        place = size - 1 if isinstance(size, int) else apply("subtract", size_value(size), 1)
    places = reshape(iota(size), tuple(size if i == axis else 1 for i in range(x.ndim)))
    return broadcast_to(apply("equal", places, place), x.shape)

"""Rules for layout: transposes, reshapes, broadcasts, casts and sums that undo, merge or move out of the way."""

from __future__ import annotations

from typing import Any

from symgrad.dtypes import is_float
from symgrad.families.elementwise import Cast, cast
from symgrad.families.layout import BroadcastTo, Reshape, Slice, Transpose, broadcast_to, reshape, transpose
from symgrad.families.leaf import constant_number, number
from symgrad.families.reduction import Reduction
from symgrad.shapes import as_size, broadcast_shapes, product, same_shape
from symgrad.simplify.engine import Rule
from symgrad.tensor import Tensor, make


def _transpose(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    axes = node.operation.axes  # type: ignore[attr-defined]
    if axes == tuple(range(len(axes))):
        return x
    if isinstance(x.operation, Transpose):
        return transpose(x.inputs[0], [x.operation.axes[axis] for axis in axes])
    return None


def _reshape(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    if same_shape(node.shape, x.shape):
        return x
    if isinstance(x.operation, Reshape):
        return reshape(x.inputs[0], node.shape)
    # A single number under another shape is the number repeated once: what is known about repeated numbers applies.
    return broadcast_to(x, node.shape) if x.ndim == 0 else None


def _broadcast(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    if same_shape(node.shape, x.shape):
        return x
    return broadcast_to(x.inputs[0], node.shape) if isinstance(x.operation, BroadcastTo) else None


def _slice(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    if not isinstance(x.operation, Slice):
        return None
    outer: Any = node.operation
    inner = x.operation
    axes = zip(inner.starts, inner.steps, outer.starts, strict=True)
    places = tuple(first + step * start for first, step, start in axes)
    if any(isinstance(place, int) and place < 0 for place in places):  # of a part of nothing
        return None
    steps = tuple(a * b for a, b in zip(inner.steps, outer.steps, strict=True))
    return make(Slice(tuple(map(as_size, places)), steps, node.shape), x.inputs)


def _layout_of_filled(node: Tensor) -> Tensor | None:
    """A transposed, reshaped or sliced tensor that repeats one number is that number, repeated."""
    (x,) = node.inputs
    if isinstance(x.operation, BroadcastTo) and x.inputs[0].ndim == 0:
        return broadcast_to(x.inputs[0], node.shape)
    return None


def _cast(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    if x.dtype == node.dtype:
        return x
    if isinstance(x.operation, BroadcastTo):
        return broadcast_to(cast(x.inputs[0], node.dtype), node.shape)
    if isinstance(x.operation, Cast):
        source = x.inputs[0]
        # Through a wider float and back nothing is lost.
        if (
            source.dtype == node.dtype
            and is_float(node.dtype)
            and x.dtype.itemsize >= node.dtype.itemsize
            and is_float(x.dtype)
        ):
            return source
    return None


def _sum_of_sum(node: Tensor) -> Tensor | None:
    operation: Any = node.operation
    (x,) = node.inputs
    inner: Any = x.operation
    if operation.kind != "sum" or not isinstance(inner, Reduction) or inner.kind != "sum" or inner.keepdims:
        return None
    left = [axis for axis in range(x.inputs[0].ndim) if axis not in inner.axes]
    axes = tuple(sorted((*inner.axes, *(left[axis] for axis in operation.axes))))
    return reshape(make(Reduction("sum", axes), x.inputs), node.shape)


def _sum_of_filled(node: Tensor) -> Tensor | None:
    """The sum of one number repeated n times (n known and not 0) is n times the number."""
    operation: Any = node.operation
    (x,) = node.inputs
    if operation.kind != "sum" or not isinstance(x.operation, BroadcastTo) or not is_float(x.dtype):
        return None
    value = constant_number(x.inputs[0])
    entries = product(x.shape[axis] for axis in operation.axes)
    if value is None or not isinstance(entries, int) or entries == 0 or str(value) == "-0.0":
        return None  # NumPy's sum of -0.0 is 0.0
    return broadcast_to(number(value * entries, node.dtype), node.shape)


def _reduction_of_single_entries(node: Tensor) -> Tensor | None:
    operation: Any = node.operation
    (x,) = node.inputs
    # Not a sum: NumPy's sum of -0.0 is 0.0.
    if operation.kind in ("prod", "max", "min") and all(x.shape[axis] == 1 for axis in operation.axes):
        return reshape(x, node.shape)
    return None


def _elementwise_of_broadcast(node: Tensor) -> Tensor | None:
    """Compute before repeating; and leave broadcasting to the operation where it broadcasts anyway."""
    for x in node.inputs:
        if isinstance(x.operation, BroadcastTo):
            break
    else:
        return None
    inputs = tuple(x.inputs[0] if isinstance(x.operation, BroadcastTo) else x for x in node.inputs)
    if same_shape(broadcast_shapes(*(x.shape for x in inputs)), node.shape):
        return make(node.operation, inputs)
    return broadcast_to(make(node.operation, inputs), node.shape)


def _elementwise_heads() -> tuple[str, ...]:
    from symgrad.functions import FUNCTIONS

    return tuple(FUNCTIONS)


RULES = (
    Rule("transpose of transpose", (Transpose,), _transpose, "two permutations are one"),
    Rule("reshape of reshape", (Reshape,), _reshape, "only the last shape counts"),
    Rule("slice of slice", (Slice,), _slice, "a part of a part is a part"),
    Rule("broadcast of broadcast", (BroadcastTo,), _broadcast, "only the last shape counts"),
    Rule(
        "layout of a filled tensor",
        (Transpose, Reshape, Slice),
        _layout_of_filled,
        "equal entries stay equal wherever they go",
    ),
    Rule("cast", (Cast,), _cast, "a cast that changes nothing"),
    Rule("sum of sum", (Reduction,), _sum_of_sum, "one sum over all axes"),
    Rule("sum of a filled tensor", (Reduction,), _sum_of_filled, "n equal terms add up to n times one"),
    Rule(
        "reduction of single entries",
        (Reduction,),
        _reduction_of_single_entries,
        "one entry is its own product and maximum",
    ),
    Rule("operation on repeated entries", _elementwise_heads(), _elementwise_of_broadcast, "compute once, then repeat"),
)

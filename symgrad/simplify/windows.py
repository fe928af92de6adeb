"""Rules for windows: windows that are added up are a convolution again, and nothing of the windows' size is made.

The sum of overlapping windows, out[p] = sum over k of x[(p - dilation * k) / stride, k], asks which of the windows lie
over a place only if there are strides. It has none in *phases*: with k = stride * m + r, place stride * t + r of the
result is the sum over m of x[t - m, stride * m + r], windows of size `m` at every place, for each r apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from symgrad.families.contraction import Contraction, contract
from symgrad.families.layout import Embed, Slice, embed, reshape, transpose
from symgrad.families.pieces import diagonal, flip
from symgrad.families.reduction import Reduction
from symgrad.families.windows import OverlapAdd, Windows, span, windows
from symgrad.shapes import Size, as_size, same_shape, same_size
from symgrad.simplify.engine import Rule
from symgrad.tensor import Tensor, make

# sums of windows ------------------------------------------------------------------------------------------------------


Labels = list[Any]


def in_phases(x: Tensor, labels: Sequence[Any], inside: Sequence[Any], operation: OverlapAdd) -> tuple[Tensor, Labels]:
    """Return windows with the axes of `inside`, where there are strides, split in two: windows at every place, phases.

    The first is labelled ("m", label), the second, as long as the stride, ("r", label).
    """
    strides, dilations = (dict(zip(inside, steps, strict=True)) for steps in (operation.strides, operation.dilations))
    apart: Labels = []
    steps, whole, split = [1] * x.ndim, list(x.shape), list[Size]()
    for axis, (label, size) in enumerate(zip(labels, x.shape, strict=True)):
        stride = strides.get(label, 1)
        apart.append(("m", label) if label in strides else label)
        split.append(size)
        if stride > 1:
            steps[axis] = dilations[label]
            count = as_size((span(size, dilations[label]) + stride - 1) // stride)
            whole[axis] = as_size(count * stride)
            apart.append(("r", label))
            split[-1:] = [count, stride]
    padded = x if same_shape(tuple(whole), x.shape) else embed(x, (0,) * x.ndim, steps, tuple(whole))
    return reshape(padded, tuple(split)), apart


def out_of_phases(y: Tensor, node: Tensor) -> Tensor:
    """Return the sum of windows `node`, given it with an axis of phases behind each of its axes that has a stride."""
    operation: Any = node.operation
    (x,) = node.inputs
    joined, used = list(node.shape), list(node.shape)
    sizes = dict(zip(operation.axes, operation.sizes(x), strict=True))
    steps = dict(zip(operation.axes, zip(operation.strides, operation.dilations, strict=True), strict=True))
    place = 0
    for axis in range(node.ndim):
        stride, dilation = steps.get(axis, (1, 1))
        if stride > 1:
            joined[axis] = as_size(y.shape[place] * stride)
            used[axis] = as_size(stride * (x.shape[axis] - 1) + span(sizes[axis], dilation))
            place += 1
        place += 1
    result = reshape(y, tuple(joined))
    zero, one = (0,) * node.ndim, (1,) * node.ndim
    if not same_shape(tuple(used), tuple(joined)):
        result = make(Slice(zero, one, tuple(used)), (result,))
    return result if same_shape(result.shape, node.shape) else embed(result, zero, one, node.shape)


def _dilations(operation: OverlapAdd) -> tuple[int, ...]:
    """Return the dilations that are left when the windows are in phases."""
    return tuple(1 if stride > 1 else d for stride, d in zip(operation.strides, operation.dilations, strict=True))


def sum_as_convolution(node: Tensor) -> Tensor | None:
    """Return the sum of windows that are products of a tensor and a kernel as a product with windows of the tensor."""
    operation: Any = node.operation
    (x,) = node.inputs
    product: Any = x.operation
    if not isinstance(product, Contraction):
        return None
    numbers = [product.output[axis] for axis in operation.axes]
    inside = product.output[node.ndim :]
    a, b = x.inputs
    left, right = product.left, product.right
    if not set(numbers).isdisjoint(right):
        a, b, left, right = b, a, right, left
    if not (set(numbers).isdisjoint(right) and set(inside).isdisjoint(left)):
        return None
    kernel, kernel_labels = in_phases(b, right, inside, operation)
    within = [("m", label) for label in inside]
    turned = [kernel_labels.index(label) for label in within]
    sizes = tuple(kernel.shape[axis] for axis in turned)
    places = tuple(left.index(label) for label in numbers)
    dilations = _dilations(operation)
    seen = windows(_padded(a, places, sizes, dilations), sizes, places, 1, dilations)
    output = _with_phases(product.output[: node.ndim], numbers, inside, kernel_labels)
    y = contract(seen, [*left, *within], flip(kernel, tuple(turned)), kernel_labels, output)
    return out_of_phases(y, node)


def sum_as_reduction(node: Tensor) -> Tensor:
    """Return the sum of windows as a reduction of entries that lie on diagonals of windows of the windows."""
    operation: Any = node.operation
    (x,) = node.inputs
    rank, count = node.ndim, len(operation.axes)
    inside = range(rank, x.ndim)
    split, labels = in_phases(x, range(x.ndim), inside, operation)
    outer = _with_phases(range(rank), operation.axes, inside, labels)
    apart = transpose(split, [labels.index(label) for label in (*outer, *(("m", label) for label in inside))])
    width = len(outer)
    sizes = apart.shape[width:]
    places = tuple(outer.index(axis) for axis in operation.axes)
    if sizes == (1,) * count:
        total = reshape(apart, apart.shape[:width])
    else:
        # Entry m of a window comes from m places before: the last one of the windows that end here.
        dilations = _dilations(operation)
        turned = flip(apart, tuple(range(width, apart.ndim)))
        seen = windows(_padded(turned, places, sizes, dilations), sizes, places, 1, dilations)
        for left in range(count, 0, -1):
            seen = diagonal(seen, 0, width, width + left)
        total = make(Reduction("sum", tuple(range(width, seen.ndim))), (seen,))
    return out_of_phases(total, node)


def _with_phases(outer: Sequence[Any], numbers: Sequence[Any], inside: Sequence[Any], labels: Labels) -> Labels:
    """Return labels with the phases, as far as there are some, behind the numbers of the windows they belong to."""
    phases = {number: ("r", label) for number, label in zip(numbers, inside, strict=True) if ("r", label) in labels}
    return [part for label in outer for part in ((label, phases[label]) if label in phases else (label,))]


def _padded(x: Tensor, axes: Sequence[int], sizes: Sequence[Size], dilations: Sequence[int]) -> Tensor:
    """Return a tensor with zeros before and after, so that windows of all places that any window covers lie inside."""
    starts, shape = list[Size]([0] * x.ndim), list(x.shape)
    for axis, size, dilation in zip(axes, sizes, dilations, strict=True):
        starts[axis] = as_size(dilation * (size - 1))
        shape[axis] = as_size(x.shape[axis] + 2 * starts[axis])
    return embed(x, starts, [1] * x.ndim, tuple(shape))


def _convolution_without_strides(node: Tensor) -> Tensor | None:
    operation: Any = node.operation
    return sum_as_convolution(node) if set(operation.strides) == {1} else None


# slices ---------------------------------------------------------------------------------------------------------------


def _slice_of_windows(node: Tensor) -> Tensor | None:
    """Some of the windows are the windows of a part."""
    operation: Any = node.operation
    (x,) = node.inputs
    inner: Any = x.operation
    if not isinstance(inner, Windows) or set(operation.steps) != {1}:
        return None
    (source,) = x.inputs
    rank = source.ndim
    if not same_shape(node.shape[rank:], x.shape[rank:]):
        return None
    starts, shape = list(operation.starts[:rank]), list(node.shape[:rank])
    for axis, size, stride, dilation in zip(inner.axes, inner.sizes, inner.strides, inner.dilations, strict=True):
        if shape[axis] == 0:
            return None
        starts[axis] = as_size(starts[axis] * stride)
        shape[axis] = as_size((shape[axis] - 1) * stride + span(size, dilation))
    return make(inner, (make(Slice(tuple(starts), (1,) * rank, tuple(shape)), (source,)),))


def _slice_of_convolution(node: Tensor) -> Tensor | None:
    """A part of a product with windows takes only some of the windows."""
    operation: Any = node.operation
    (x,) = node.inputs
    product: Any = x.operation
    if not isinstance(product, Contraction) or set(operation.steps) != {1}:
        return None
    cut = {
        label: (operation.starts[axis], node.shape[axis])
        for axis, label in enumerate(product.output)
        if not same_size(node.shape[axis], x.shape[axis])
    }
    operands: list[Tensor] = []
    for factor, labels in zip(x.inputs, (product.left, product.right), strict=True):
        if any(label in cut and i not in getattr(factor.operation, "axes", ()) for i, label in enumerate(labels)):
            return None
        if not set(labels).isdisjoint(cut):
            if not isinstance(factor.operation, Windows):
                return None
            windows_ = [cut.get(label, (0, size)) for label, size in zip(labels, factor.shape, strict=True)]
            starts, shape = zip(*windows_, strict=True)
            factor = make(Slice(starts, (1,) * factor.ndim, shape), (factor,))
        operands.append(factor)
    return make(product, tuple(operands)) if cut else None


def _slice_of_embedding(node: Tensor) -> Tensor | None:
    """A part of a padded tensor is a part of the tensor, padded less."""
    operation: Any = node.operation
    (x,) = node.inputs
    outer: Any = x.operation
    if not isinstance(outer, Embed) or set(operation.steps) != {1} or set(outer.steps) != {1}:
        return None
    (source,) = x.inputs
    starts: list[Size] = []
    places: list[Size] = []
    lengths: list[Size] = []
    for begin, length, start, size in zip(operation.starts, node.shape, outer.starts, source.shape, strict=True):
        cut = _common(begin, length, start, size)
        if cut is None:
            return None
        first, place, common = cut
        starts.append(first)
        places.append(place)
        lengths.append(common)
    if not same_shape(tuple(lengths), source.shape):
        source = make(Slice(tuple(starts), (1,) * x.ndim, tuple(lengths)), (source,))
    return source if same_shape(source.shape, node.shape) else embed(source, places, outer.steps, node.shape)


def _common(begin: Size, length: Size, start: Size, size: Size) -> tuple[Size, Size, Size] | None:
    """Return what `length` places from `begin` on have of `size` entries that begin at `start`, if that can be told.

    That is the first of the entries, the place where it lands, and how many there are.
    """
    before, after = sympy.sympify(start - begin), sympy.sympify(begin + length - start - size)
    if not (before.is_number or before.is_nonnegative) or not (after.is_number or after.is_nonnegative):
        return None
    first = as_size(-before) if before.is_negative else 0
    missing = as_size(-after) if after.is_negative else 0
    common = sympy.sympify(size) - first - missing
    if not common.is_positive:
        return None
    return first, as_size(before) if before.is_nonnegative else 0, as_size(common)


RULES = (
    Rule(
        "sum of windows of products",
        (OverlapAdd,),
        _convolution_without_strides,
        "windows of products, added up, are a convolution with the kernel turned round",
    ),
    Rule("part of windows", (Slice,), _slice_of_windows, "some of the windows are the windows of a part"),
    Rule("part of a convolution", (Slice,), _slice_of_convolution, "only the windows that are asked for"),
    Rule("part of a padded tensor", (Slice,), _slice_of_embedding, "padding that is cut off again"),
)


def _sum_of_windows(node: Tensor) -> Tensor:
    convolution = sum_as_convolution(node)
    return sum_as_reduction(node) if convolution is None else convolution


GATHERING = (Rule("sum of windows", (OverlapAdd,), _sum_of_windows, "every place asks for the windows that cover it"),)
"""Windows added up written with other operations, for machine code."""

"""Convolutions: products of a kernel with the windows of their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symgrad.errors import GraphError, ShapeError
from symgrad.families.contraction import contract
from symgrad.families.elementwise import apply
from symgrad.families.layout import expand_dims, reshape
from symgrad.families.leaf import as_tensor
from symgrad.families.pieces import pad
from symgrad.families.windows import span, windows
from symgrad.shapes import Size, as_int, format_shape, same_size
from symgrad.tensor import Tensor

Pairs = list[tuple[int, int]]


def conv1d(
    x: Any, kernel: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """Return the convolution along the last axis; `conv2d` says what the arguments are.

    Shapes: x (..., C, L), kernel (O, C / groups, k), bias (O,) or None; the result is (..., O, L').

    >>> import symgrad as sg
    >>> x = sg.constant([[1.0, 2.0, 3.0, 4.0]])
    >>> sg.evaluate(conv1d(x, [[[1.0, -1.0]]]), {})
    array([[-1., -1., -1.]])
    """
    return _convolution(x, kernel, bias, stride, padding, dilation, groups, 1)


def conv2d(
    x: Any, kernel: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """Return the convolution over the last two axes, as networks have it: the kernel is not turned round.

    y[n, o, i, j] = bias[o] + sum over c, a, b of x[n, c, stride * i + dilation * a, stride * j + dilation * b] *
    kernel[o, c, a, b], with x padded by zeros.

    Parameters
    ----------
    x: (..., C, H, W), any number of batch axes in front.
    kernel: (O, C / groups, kh, kw).
    bias: (O,) or None.
    stride: how far a window is from the next one; an int, or one for each of the two axes.
    padding: zeros added around x: an int, one for each of the two axes, or a pair (before, after) for each of them;
        "valid" for none, "same" for as much as makes the result of size ceil(H / stride), the odd one at the end.
    dilation: how far an entry of a window is from the next one; an int, or one for each of the two axes.
    groups: the channels of x and of the result are split into so many groups, and each is convolved by itself.

    The result is (..., O, H', W') with H' = (H + padding - dilation * (kh - 1) - 1) // stride + 1.

    Raises ShapeError if the shapes do not fit, or a window is larger than the padded x.

    >>> import symgrad as sg
    >>> x, K = sg.variable("x", (8, 3, 32, 32)), sg.variable("K", (16, 3, 5, 5))
    >>> conv2d(x, K, stride=2, padding="same").shape
    (8, 16, 16, 16)
    """
    return _convolution(x, kernel, bias, stride, padding, dilation, groups, 2)


def _convolution(
    x: Any, kernel: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int, rank: int
) -> Tensor:
    x, kernel = as_tensor(x), as_tensor(kernel)
    groups = as_int(groups, "groups")
    _check_shapes(x, kernel, groups, rank)
    sizes = kernel.shape[2:]
    strides, dilations = steps(stride, rank, "stride"), steps(dilation, rank, "dilation")
    batch = [("batch", i) for i in range(x.ndim - rank - 1)]
    places = [("place", i) for i in range(rank)]
    inside = [("inside", i) for i in range(rank)]
    outputs, channels = kernel.shape[:2]
    assert isinstance(outputs, int)
    if groups == 1:
        x = padded(x, padding, sizes, strides, dilations, 0)
        seen = windows(x, sizes, tuple(range(-rank, 0)), strides, dilations)
        y = contract(seen, [*batch, "c", *places, *inside], kernel, ["o", "c", *inside], [*batch, "o", *places])
    else:
        front, sides = x.shape[: -rank - 1], x.shape[-rank:]
        apart = padded(reshape(x, (*front, groups, channels, *sides)), padding, sizes, strides, dilations, 0)
        seen = windows(apart, sizes, tuple(range(-rank, 0)), strides, dilations)
        kernel = reshape(kernel, (groups, outputs // groups, channels, *sizes))
        y = contract(
            seen, [*batch, "g", "c", *places, *inside], kernel, ["g", "o", "c", *inside], [*batch, "g", "o", *places]
        )
        y = reshape(y, (*front, outputs, *y.shape[-rank:]))
    if bias is None:
        return y
    bias = as_tensor(bias)
    if bias.ndim != 1 or not same_size(bias.shape[0], outputs):
        raise ShapeError(f"the bias of a convolution to {outputs} channels has shape {format_shape(bias.shape)}")
    return apply("add", y, expand_dims(bias, tuple(range(1, rank + 1))))


def _check_shapes(x: Tensor, kernel: Tensor, groups: int, rank: int) -> None:
    if x.ndim < rank + 1 or kernel.ndim != rank + 2:
        raise ShapeError(
            f"a {rank}-d convolution is of x with (batch and) channels and {rank} axes and a kernel with {rank + 2} "
            f"axes, not of {format_shape(x.shape)} and {format_shape(kernel.shape)}"
        )
    outputs, channels, given = kernel.shape[0], kernel.shape[1], x.shape[-rank - 1]
    if groups < 1 or not same_size(given, channels * groups):
        raise ShapeError(
            f"a kernel of shape {format_shape(kernel.shape)} in {groups} groups is for {channels * max(groups, 0)} "
            f"channels; x of shape {format_shape(x.shape)} has {given}"
        )
    if not isinstance(outputs, int) or outputs % groups:
        raise ShapeError(f"{outputs} output channels cannot be split into {groups} groups")


# what convolutions and pooling are told -------------------------------------------------------------------------------


def steps(given: Any, rank: int, what: str) -> tuple[int, ...]:
    """Return one positive int for each of the last `rank` axes; a single one stands for all."""
    values = given if isinstance(given, (tuple, list)) else (given,) * rank
    result = tuple(as_int(value, f"the {what}") for value in values)
    if len(result) != rank or min(result) < 1:
        raise ShapeError(f"the {what} must be a positive int or {rank} of them, not {given!r}")
    return result


def padded(
    x: Tensor, padding: Any, sizes: Sequence[Size], strides: Sequence[int], dilations: Sequence[int], filling: Any
) -> Tensor:
    """Return `x` with its last axes, one for each of `sizes`, padded for windows of these sizes."""
    rank = len(sizes)
    if isinstance(padding, str):
        pairs = _named_padding(x, padding, sizes, strides, dilations)
    else:
        pairs = _pairs(padding, rank)
    if all(pair == (0, 0) for pair in pairs):
        return x
    return pad(x, [(0, 0)] * (x.ndim - rank) + pairs, constant_values=filling)


def _pairs(padding: Any, rank: int) -> Pairs:
    values = padding if isinstance(padding, (tuple, list)) else (padding,) * rank
    result: Pairs = []
    for value in values:
        pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
        if len(pair) == 2:
            result.append((as_int(pair[0], "the padding"), as_int(pair[1], "the padding")))
    if len(result) != rank or len(values) != rank or min(min(pair) for pair in result) < 0:
        raise ShapeError(
            f'the padding must be a non-negative int, {rank} of them, {rank} pairs, "same" or "valid", not {padding!r}'
        )
    return result


def _named_padding(
    x: Tensor, padding: str, sizes: Sequence[Size], strides: Sequence[int], dilations: Sequence[int]
) -> Pairs:
    rank = len(sizes)
    if padding == "valid":
        return [(0, 0)] * rank
    if padding != "same":
        raise GraphError(f'a padding with a name is "same" or "valid", not {padding!r}')
    result: Pairs = []
    for length, size, stride, dilation in zip(x.shape[-rank:], sizes, strides, dilations, strict=True):
        reach = span(size, dilation)
        if not isinstance(reach, int) or (stride > 1 and not isinstance(length, int)):
            raise ShapeError(
                f'padding="same" with stride {stride} needs known sizes, not {length} (of x) and {size} (of the window)'
            )
        # Without strides every place has its window, however long the axis is.
        room = (length - 1) % stride + 1 if stride > 1 and isinstance(length, int) and length else 1
        missing = max(reach - room, 0)
        result.append((missing // 2, missing - missing // 2))
    return result

"""Pooling: the largest entry, or the mean, of each window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from symgrad.dtypes import BOOL, Dtype, is_float
from symgrad.errors import DtypeError, ShapeError
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import ones
from symgrad.families.leaf import as_tensor
from symgrad.families.reduction import max as max_
from symgrad.families.reduction import sum as sum_
from symgrad.families.windows import windows
from symgrad.nn.convolution import padded, steps
from symgrad.shapes import format_shape
from symgrad.tensor import Tensor

_PLANE = (-2, -1)


def max_pool2d(x: Any, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1) -> Tensor:
    """Return the largest entry of each window over the last two axes; entries that tie share the gradient.

    Parameters
    ----------
    x: (..., H, W).
    kernel: the size of the windows; an int, or one for each of the two axes.
    stride: how far a window is from the next one (by default the size of the windows).
    padding: as for `conv2d`; what is added is smaller than everything else.
    dilation: as for `conv2d`.

    >>> import symgrad as sg
    >>> sg.evaluate(max_pool2d([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 6.0, 0.0]], 2), {})
    array([[5., 6.]])
    """
    x = _plane(x, "max_pool2d")
    if x.dtype == BOOL:
        raise DtypeError("max_pool2d of a bool tensor is not supported; cast it first")
    return max_(_pooled_windows(x, kernel, stride, padding, dilation, _lowest(x.dtype)), _PLANE)


def avg_pool2d(x: Any, kernel: Any, stride: Any = None, padding: Any = 0, include_padding: bool = True) -> Tensor:
    """Return the mean of each window over the last two axes.

    Parameters
    ----------
    x: (..., H, W), floating.
    kernel, stride, padding: as for `max_pool2d`; zeros are added.
    include_padding: whether the zeros that were added count as entries of the windows they are in.

    >>> import symgrad as sg
    >>> sg.evaluate(avg_pool2d([[1.0, 5.0, 2.0, 0.0], [3.0, 3.0, 6.0, 0.0]], 2), {})
    array([[3., 2.]])
    """
    x = _plane(x, "avg_pool2d")
    if not is_float(x.dtype):
        raise DtypeError(f"avg_pool2d needs a floating tensor, not {x.dtype.name}")
    total = sum_(_pooled_windows(x, kernel, stride, padding, 1, 0), _PLANE)
    if include_padding:
        return apply("divide", total, math.prod(steps(kernel, 2, "size of a window")))
    entries = sum_(_pooled_windows(ones(x.shape[-2:], x.dtype), kernel, stride, padding, 1, 0), _PLANE)
    return apply("divide", total, entries)


def _plane(x: Any, what: str) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{what} is over two axes; the shape is {format_shape(x.shape)}")
    return x


def _pooled_windows(x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, filling: Any) -> Tensor:
    sizes = steps(kernel, 2, "size of a window")
    strides = sizes if stride is None else steps(stride, 2, "stride")
    dilations = steps(dilation, 2, "dilation")
    return windows(padded(x, padding, sizes, strides, dilations, filling), sizes, _PLANE, strides, dilations)


def _lowest(dtype: Dtype) -> Tensor:
    """Return the smallest number of a dtype."""
    return cast(-math.inf if is_float(dtype) else int(np.iinfo(dtype).min), dtype)

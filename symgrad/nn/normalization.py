"""Normalisation: entries moved and scaled so that their mean is 0 and their variance 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symgrad.dtypes import FLOAT64, is_float
from symgrad.errors import GraphError, ShapeError
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import expand_dims
from symgrad.families.leaf import as_tensor
from symgrad.families.reduction import mean as mean_
from symgrad.families.reduction import var as var_
from symgrad.shapes import format_shape, normalize_axes, normalize_axis, same_shape
from symgrad.tensor import Tensor


def layer_norm(x: Any, weight: Any = None, bias: Any = None, axes: Any = -1, eps: Any = 1e-5) -> Tensor:
    """Return (x - mean) / sqrt(variance + eps) * weight + bias, mean and variance over axes (Ba et al., 2016).

    Parameters
    ----------
    x: floating.
    weight, bias: of the sizes of x along `axes`, or None for 1 and 0.
    axes: an axis or a tuple of axes, over which the entries are normalised together.
    eps: keeps the quotient finite where all entries are equal.

    Raises ShapeError if weight or bias do not fit.

    >>> import symgrad as sg
    >>> sg.evaluate(layer_norm([1.0, 3.0], eps=0), {})
    array([-1.,  1.])
    """
    x = _floating(x)
    places = normalize_axes(axes, x.ndim)
    mean, variance = mean_(x, places, keepdims=True), var_(x, places, keepdims=True)
    return _scaled(_normalized(x, mean, variance, eps), weight, bias, places)


def batch_norm(
    x: Any, weight: Any = None, bias: Any = None, statistics: Any = None, axis: int = 1, eps: Any = 1e-5
) -> Tensor:
    """Return (x - mean) / sqrt(variance + eps) * weight + bias for each entry of an axis (Ioffe and Szegedy, 2015).

    Parameters
    ----------
    x: floating, for instance (N, C) or (N, C, H, W).
    weight, bias: (C,), or None for 1 and 0.
    statistics: a pair (mean, variance) of shape (C,), as they have been found in training; None for those of x itself,
        over all other axes, as in training (the variance is over the number of entries, as in sg.var).
    axis: the axis of the channels.
    eps: keeps the quotient finite.

    >>> import symgrad as sg
    >>> sg.evaluate(batch_norm([[1.0], [3.0]], eps=0), {})
    array([[-1.],
           [ 1.]])
    """
    x = _floating(x)
    channel = (normalize_axis(axis, x.ndim),)
    others = tuple(i for i in range(x.ndim) if i not in channel)
    if statistics is None:
        mean, variance = mean_(x, others, keepdims=True), var_(x, others, keepdims=True)
    elif isinstance(statistics, (tuple, list)) and len(statistics) == 2:
        mean, variance = (_fitted(part, x, channel, "a statistic") for part in statistics)
    else:
        raise GraphError(f"the statistics of batch_norm are a pair (mean, variance) or None, not {statistics!r}")
    return _scaled(_normalized(x, mean, variance, eps), weight, bias, channel)


def _floating(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if is_float(x.dtype) else cast(x, FLOAT64)


def _normalized(x: Tensor, mean: Tensor, variance: Tensor, eps: Any) -> Tensor:
    # One division a group of entries, not one an entry.
    scale = apply("reciprocal", apply("sqrt", apply("add", variance, eps)))
    return apply("multiply", apply("subtract", x, mean), scale)


def _scaled(x: Tensor, weight: Any, bias: Any, axes: Sequence[int]) -> Tensor:
    if weight is not None:
        x = apply("multiply", x, _fitted(weight, x, axes, "the weight"))
    return x if bias is None else apply("add", x, _fitted(bias, x, axes, "the bias"))


def _fitted(parameter: Any, x: Tensor, axes: Sequence[int], what: str) -> Tensor:
    """Return a parameter with the sizes of `x` along axes so that it broadcasts against `x`."""
    tensor = as_tensor(parameter)
    wanted = tuple(x.shape[axis] for axis in axes)
    if not same_shape(tensor.shape, wanted):
        raise ShapeError(
            f"{what} of a normalisation of {format_shape(x.shape)} along axes {tuple(axes)} must have the shape "
            f"{format_shape(wanted)}, not {format_shape(tensor.shape)}"
        )
    behind = tuple(i - axes[0] for i in range(axes[0], x.ndim) if i not in axes) if axes else ()
    return expand_dims(tensor, behind) if behind else tensor

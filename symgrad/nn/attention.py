"""Attention: rows of values, averaged with weights that queries and keys decide on."""

from __future__ import annotations

from typing import Any

from symgrad.dtypes import BOOL, FLOAT64, is_float, promote
from symgrad.errors import ShapeError
from symgrad.families.contraction import matmul
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import expand_dims, swapaxes
from symgrad.families.leaf import as_tensor, iota, size_value
from symgrad.families.reduction import softmax
from symgrad.shapes import Size, broadcast_shapes, format_shape, same_shape, same_size
from symgrad.tensor import Tensor


def attention(q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False, scale: Any = None) -> Tensor:
    """Return softmax(scale * q @ k.mT) @ v, over the last two axes (Vaswani et al., 2017).

    Parameters
    ----------
    q: (..., n, d), the queries.
    k: (..., m, d), the keys.
    v: (..., m, e), the values.
    mask: broadcasts to (..., n, m); bools say which keys a query sees, numbers are added to the scaled scores.
    causal: whether query i sees the keys up to i only.
    scale: 1 / sqrt(d) by default.

    Leading axes broadcast. The result is (..., n, e). A query that sees no key gets NaN, the mean of nothing.

    Raises ShapeError if the shapes do not fit.

    >>> import symgrad as sg
    >>> q, k, v = (sg.variable(name, (8, 4, sg.dim("T"), 32)) for name in "qkv")
    >>> attention(q, k, v, causal=True).shape
    (8, 4, T, 32)
    """
    q, k, v = (as_tensor(x) for x in (q, k, v))
    if min(x.ndim for x in (q, k, v)) < 2 or not same_size(k.shape[-2], v.shape[-2]):
        given = ", ".join(format_shape(x.shape) for x in (q, k, v))
        raise ShapeError(f"attention needs q (..., n, d), k (..., m, d) and v (..., m, e), not {given}")
    dtype = promote(q.dtype, k.dtype, v.dtype)
    q, k, v = (cast(x, dtype if is_float(dtype) else FLOAT64) for x in (q, k, v))
    scores = matmul(q, swapaxes(k, -1, -2))
    scores = apply("multiply", scores, _default_scale(q.shape[-1], q) if scale is None else scale)
    if mask is not None:
        scores = _masked(scores, as_tensor(mask))
    if causal:
        places, keys = (iota(size) for size in scores.shape[-2:])
        scores = _masked(scores, apply("less_equal", keys, expand_dims(places, 1)))
    return matmul(softmax(scores, -1), v)


def _default_scale(size: Size, q: Tensor) -> Any:
    if isinstance(size, int):
        return size**-0.5 if size else 1.0
    return apply("reciprocal", apply("sqrt", cast(size_value(size), q.dtype)))


def _masked(scores: Tensor, mask: Tensor) -> Tensor:
    if not same_shape(broadcast_shapes(scores.shape, mask.shape), scores.shape):
        raise ShapeError(
            f"a mask of shape {format_shape(mask.shape)} does not broadcast to the scores {format_shape(scores.shape)}"
        )
    if mask.dtype == BOOL:
        return apply("where", mask, scores, -float("inf"))
    return apply("add", scores, cast(mask, scores.dtype))

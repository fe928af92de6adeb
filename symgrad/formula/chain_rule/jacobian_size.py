"""How much memory the Jacobians would take that reverse mode never builds."""

from __future__ import annotations

from symgrad.shapes import Size, product
from symgrad.tensor import Tensor


def jacobian_bytes(y: Tensor, x: Tensor) -> Size:
    """Return the memory that the Jacobian of `y` by `x` would take: entries of both, multiplied, times bytes an entry.

    >>> import symgrad as sg
    >>> X, W = sg.variable("X", (64, 4096), "float32"), sg.variable("W", (4096, 4096), "float32")
    >>> jacobian_bytes(X @ W, X)
    274877906944
    """
    return product((*y.shape, *x.shape, y.dtype.itemsize))

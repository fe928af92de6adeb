"""How much memory the Jacobians would take that reverse mode never builds."""

from __future__ import annotations

import sympy

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


def format_bytes(size: Size) -> str:
    """Return a number of bytes in binary units: 1 KiB is 1024 bytes.

    >>> format_bytes(274877906944), format_bytes(1536), format_bytes(12)
    ('256 GiB', '1.5 KiB', '12 bytes')
    """
    if isinstance(size, sympy.Expr):
        return f"{size} bytes"
    if size < 1024:
        return f"{size} bytes"
    power = min((size.bit_length() - 1) // 10, 8)
    return f"{size / 1024**power:.4g} {'KMGTPEZY'[power - 1]}iB"

"""The pivots of matrices, by SciPy: what kernels, and the interpreter of graphs where it meets them, must find."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg.lapack import dgetrf, sgetrf

Array = np.ndarray[Any, Any]


def pivots(x: Array) -> Array:
    """Return the pivots of each matrix and the sign of its exchanges of rows (see `codegen.kernels.lapack.Pivots`)."""
    n = x.shape[-1]
    result = np.zeros((*x.shape[:-2], n + 1), x.dtype)
    for place in np.ndindex(x.shape[:-2]):
        exchanges: Array = np.arange(0)
        if n:
            factors, exchanges, info = (sgetrf if x.dtype == np.float32 else dgetrf)(x[place])
            if info == 0:
                result[place][:-1] = np.diagonal(factors)
        result[place][-1] = (-1) ** np.count_nonzero(exchanges != np.arange(n))
    return result

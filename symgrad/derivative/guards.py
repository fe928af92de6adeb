"""Guards: which values may be infinite or NaN, so that a zero cotangent has to be kept zero by hand.

Behind a `where` the cotangents of entries that were not taken are zero. Zero times a slope is zero unless the slope
is infinite or NaN, as that of log(x) at 0 is; only there the reverse sweep needs products that let zero win.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from symgrad.dtypes import is_float
from symgrad.families.elementwise import Elementwise
from symgrad.families.leaf import Constant
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.tensor import Tensor

# Functions that are finite, and have finite slopes, at all finite arguments (but for products beyond all numbers).
_TAME = frozenset({
    "absolute", "add", "arcsinh", "arctan", "ceil", "cos", "deg2rad", "elu", "erf", "erfc", "floor", "gelu",
    "heaviside", "leaky_relu", "log_sigmoid", "logaddexp", "maximum", "minimum", "mish", "multiply",
    "multiply_no_nan", "negative", "rad2deg", "relu", "rint", "selu", "sigmoid", "sign", "silu", "sin", "sinc",
    "softplus", "softsign", "square", "subtract", "tanh", "trunc", "where",
})  # fmt: skip
# A singular matrix has an infinite inverse, or none: the derivatives of all of these ask for it.
_NEED_REGULAR_MATRICES = (Cholesky, Determinant, Inverse, Solve, TriangularSolve)


def unsafe_nodes(order: Iterable[Tensor]) -> set[Tensor]:
    """Return the nodes of a topological order that may be infinite or NaN, or have such slopes, at finite variables."""
    unsafe: set[Tensor] = set()
    for node in order:
        operation = node.operation
        if not is_float(node.dtype):
            continue
        if isinstance(operation, Constant):
            wild = not np.isfinite(operation.value).all()
        elif isinstance(operation, Elementwise):
            wild = operation.function.name not in _TAME
        else:
            wild = isinstance(operation, _NEED_REGULAR_MATRICES)
        if wild or not unsafe.isdisjoint(node.inputs):
            unsafe.add(node)
    return unsafe


def chooses(node: Tensor) -> bool:
    """Return whether a node leaves entries out by a condition: the cotangents behind it are zero where it does."""
    return isinstance(node.operation, Elementwise) and node.operation.function.name in ("where", "multiply_no_nan")

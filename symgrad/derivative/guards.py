"""Guards: which values may be infinite or NaN, so that a zero cotangent has to be kept zero by hand.

Behind a `where` the cotangents of entries that were not taken are zero. Zero times a slope is zero unless the slope
is infinite or NaN, as that of log(x) at 0 is; only there the reverse sweep needs products that let zero win.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from symgrad.derivative.bounds import is_size, lower_bounds
from symgrad.dtypes import is_float
from symgrad.evaluate import evaluate_nodes
from symgrad.families.elementwise import Elementwise, apply, function_name
from symgrad.families.leaf import Constant, Iota, SizeValue, Variable, constant_number
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.reduction import Normalization
from symgrad.graph import topological_order
from symgrad.shapes import is_static, product
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


# Functions that are as tame where one of their arguments is well above zero, and the place of that argument.
_TAME_ABOVE_ZERO = {"cbrt": 0, "divide": 1, "log": 0, "log10": 0, "log2": 0, "reciprocal": 0, "sqrt": 0}
_LARGEST_MASK = 2**22
"""Entries of a mask without variables that is looked at."""


def unsafe_nodes(order: Sequence[Tensor]) -> set[Tensor]:
    """Return the nodes of a topological order that may be infinite or NaN, or have such slopes, at finite variables."""
    unsafe: set[Tensor] = set()
    bounds = lower_bounds(order)
    for node in order:
        operation = node.operation
        if not is_float(node.dtype):
            continue
        if isinstance(operation, Constant):
            wild = not np.isfinite(operation.value).all()
        elif isinstance(operation, Elementwise):
            wild = not _is_tame(node, bounds)
        elif _leaves_some_out(node, unsafe, bounds):
            continue
        else:
            wild = isinstance(operation, _NEED_REGULAR_MATRICES)
        if wild or not unsafe.isdisjoint(node.inputs):
            unsafe.add(node)
    return unsafe


def _is_tame(node: Tensor, bounds: Mapping[Tensor, float]) -> bool:
    name = function_name(node)
    if name in _TAME:
        return True
    # So far above zero that its square, by which slopes divide, is not rounded to zero.
    above = [bounds[x] > np.finfo(x.dtype).tiny ** 0.5 or is_size(x) for x in node.inputs]
    if name == "power":
        exponent = constant_number(node.inputs[1])
        return exponent is not None and (above[0] or (exponent >= 1 and float(exponent).is_integer()))
    return name in _TAME_ABOVE_ZERO and above[_TAME_ABOVE_ZERO[name]]


def _leaves_some_out(node: Tensor, unsafe: Collection[Tensor], bounds: Mapping[Tensor, float]) -> bool:
    """Return whether a node is a softmax of finite scores of which masks make some, never all, minus infinity."""
    if not (isinstance(node.operation, Normalization) and node.operation.kind == "softmax"):
        return False
    scores, masks = _masked(node.inputs[0])
    if scores in unsafe or not masks:
        return False
    axes = [axis - node.ndim for axis in node.operation.axes]
    if len(masks) == 1 and axes == [-1] and _sees_the_first(masks[0], bounds):
        return True
    seen = masks[0]
    for mask in masks[1:]:
        seen = apply("logical_and", seen, mask)
    size = product(seen.shape)
    known = is_static(seen.shape) and isinstance(size, int) and size <= _LARGEST_MASK
    if not known or any(isinstance(x.operation, (Variable, SizeValue)) for x in topological_order([seen])):
        return False
    own = tuple(axis for axis in axes if -axis <= seen.ndim)
    return bool(np.all(np.any(evaluate_nodes([seen], {})[seen], axis=own)))


def _masked(x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return what masks were laid on, and for each mask where it lets entries be seen."""
    masks: list[Tensor] = []
    while True:
        name, inputs = function_name(x), x.inputs
        if name == "where" and constant_number(inputs[2]) == -np.inf:
            masks.append(inputs[0])
            x = inputs[1]
        elif name == "where" and constant_number(inputs[1]) == -np.inf:
            masks.append(apply("logical_not", inputs[0]))
            x = inputs[2]
        elif name == "add" and isinstance(inputs[1].operation, Constant) and np.all(inputs[1].operation.value < np.inf):
            masks.append(apply("greater", inputs[1], -np.inf))
            x = inputs[0]
        else:
            return x, masks


def _sees_the_first(mask: Tensor, bounds: Mapping[Tensor, float]) -> bool:
    """Return whether a mask compares places with numbers that are not negative, so that place 0 is always seen."""
    name, inputs = function_name(mask), mask.inputs
    if name == "logical_not":
        name, inputs = {"greater": "less_equal", "less": "greater_equal"}.get(function_name(*inputs)), inputs[0].inputs
    if name not in ("less_equal", "greater_equal"):
        return False
    places, limits = inputs if name == "less_equal" else reversed(inputs)
    return isinstance(places.operation, Iota) and bounds.get(limits, -np.inf) >= 0


def chooses(node: Tensor) -> bool:
    """Return whether a node leaves entries out by a condition: the cotangents behind it are zero where it does."""
    return isinstance(node.operation, Elementwise) and node.operation.function.name in ("where", "multiply_no_nan")

"""Initial values of parameters: each variable's rule, and a random stream of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.dtypes import is_float
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.leaf import Constant, Variable
from symgrad.nestings import flatten, unflatten
from symgrad.shapes import format_shape, is_static
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]
PlainShape = tuple[int, ...]


def initialize(params: Any, seed: int = 0) -> Any:
    """Fill a nesting of variables with arrays, each by the rule its variable was declared with.

    Parameters
    ----------
    params: a variable, or a dict, list or tuple of variables (nested as you like).
    seed: a non-negative int. Every variable draws from a stream of its own, made from the seed and its name: the
        values of one do not change when others are added, renamed or reordered.

    Returns the same nesting with new arrays of each variable's shape and dtype.

    The rules, with the fans of `sg.variable(..., shape)` as inputs and outputs: (inputs, outputs) for a matrix;
    (outputs, inputs, *window) for a convolution kernel, where each size of the window multiplies both fans; n and n
    for a vector.

    - "zeros", "ones", a number: all entries equal.
    - "he": normal with variance 2 / fan_in (He et al., 2015), for relu.
    - "glorot": uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).
    - "lecun": normal with variance 1 / fan_in (LeCun et al., 1998).
    - "normal": normal with standard deviation 0.01.
    - "uniform": uniform between -1 / sqrt(fan_in) and 1 / sqrt(fan_in).
    - an array (or list): its values.
    - a function (generator, shape) -> array, called with a `numpy.random.Generator` and the shape.
    - nothing: "glorot" with two axes or more, "zeros" otherwise.

    A variable declared symmetric gets a symmetric matrix: what is drawn is averaged with its transpose.

    Raises ShapeError for a run-time size or an array of another shape, DtypeError for values that are not of the
    dtype, GraphError for something that is not a variable.

    >>> from symgrad.families.leaf import variable
    >>> initialize({"b": variable("b", (2,), init="zeros"), "scale": variable("scale", init=0.5)})
    {'b': array([0., 0.]), 'scale': array(0.5)}
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
        raise GraphError(f"the seed must be a non-negative int, not {seed!r}")
    leaves, structure = flatten(params)
    return unflatten(structure, [_initial(leaf, int(seed)) for leaf in leaves])


def _initial(tensor: Any, seed: int) -> Array:
    operation = tensor.operation if isinstance(tensor, Tensor) else None
    if not isinstance(operation, Variable):
        raise GraphError(f"only variables can be initialized, not {tensor!r}")
    name, shape = operation.name, operation.shape
    if not is_static(shape):
        unknown = ", ".join(str(size) for size in shape if not isinstance(size, int))
        raise ShapeError(
            f"variable {name!r} of shape {format_shape(shape)} cannot be initialized: "
            f"{unknown} is known only at run time"
        )
    plain = tuple(int(size) for size in shape)
    init = operation.init
    if init is None:
        init = "glorot" if len(shape) >= 2 else "zeros"
    random = np.random.default_rng([seed, *name.encode()])
    if isinstance(init, str):
        values = _by_rule(init, operation, random, plain)
    elif isinstance(init, Constant):
        values = np.asarray(init.value)
    elif callable(init):
        values = np.asarray(init(random, plain))
    else:
        values = np.full(plain, init)
    return _checked(values, operation, plain)


def _by_rule(rule: str, operation: Variable, random: np.random.Generator, shape: PlainShape) -> Array:
    if rule in ("zeros", "ones"):
        return np.full(shape, int(rule == "ones"))
    if not is_float(operation.dtype):
        raise DtypeError(
            f"variable {operation.name!r} is declared {operation.dtype.name}; the rule {rule!r} draws floats"
        )
    values = _RANDOM[rule](random, shape)
    return (values + values.swapaxes(-1, -2)) / 2 if operation.symmetric else values


def _checked(values: Array, operation: Variable, shape: PlainShape) -> Array:
    """Return a new array of the variable's dtype, after checking that the values fit it."""
    what = f"the initial values of variable {operation.name!r}"
    if values.shape != shape:
        raise ShapeError(f"{what} must have shape {shape}, not {values.shape}")
    fitting = np.can_cast(values.dtype, operation.dtype, "same_kind") or (
        values.dtype.kind in "biuf" and np.array_equal(values, values.astype(operation.dtype))
    )
    if not fitting:
        raise DtypeError(f"{what} must be of dtype {operation.dtype.name}, not {values.dtype.name}")
    if operation.symmetric and not np.array_equal(values, values.swapaxes(-1, -2), equal_nan=True):
        raise GraphError(f"{what} must be symmetric, as it was declared")
    return np.array(values, operation.dtype, order="C")


def fans(shape: PlainShape) -> tuple[int, int]:
    """Return how many inputs one output sees, and how many outputs one input reaches (at least 1).

    >>> fans((3, 5)), fans((16, 3, 5, 5)), fans((7,)), fans(())
    ((3, 5), (75, 400), (7, 7), (1, 1))
    """
    if len(shape) > 2:
        outputs, inputs, *window = shape
        inputs, outputs = inputs * math.prod(window), outputs * math.prod(window)
    else:
        inputs, outputs = (shape[0], shape[-1]) if shape else (1, 1)
    return max(inputs, 1), max(outputs, 1)


def _normal(variance: Callable[[int, int], float]) -> Callable[[np.random.Generator, PlainShape], Array]:
    return lambda random, shape: random.normal(0.0, math.sqrt(variance(*fans(shape))), shape)


def _uniform(limit: Callable[[int, int], float]) -> Callable[[np.random.Generator, PlainShape], Array]:
    def draw(random: np.random.Generator, shape: PlainShape) -> Array:
        most = limit(*fans(shape))
        return random.uniform(-most, most, shape)

    return draw


_RANDOM: dict[str, Callable[[np.random.Generator, PlainShape], Array]] = {
    "he": _normal(lambda fan_in, fan_out: 2 / fan_in),
    "lecun": _normal(lambda fan_in, fan_out: 1 / fan_in),
    "normal": _normal(lambda fan_in, fan_out: 0.01**2),
    "glorot": _uniform(lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out))),
    "uniform": _uniform(lambda fan_in, fan_out: 1 / math.sqrt(fan_in)),
}

"""The update rules.

Each takes parameters and gradients of one nesting and returns `Updates`, for the `updates=` of `sg.compile`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import optree

from symgrad.dtypes import is_float
from symgrad.errors import GradientError, ShapeError
from symgrad.families.elementwise import apply, cast
from symgrad.families.leaf import Variable, as_tensor, variable
from symgrad.shapes import format_shape, same_shape
from symgrad.tensor import Tensor


class Updates(dict[Tensor, Tensor]):
    """New values of variables: {variable: expression}, for `sg.compile(..., updates=...)`.

    `state` has the optimiser's own variables (a dict, empty for plain gradient descent). They are inputs of the
    compiled step like the parameters, are filled by `sg.initialize(updates.state)`, and are updated in place too.
    """

    def __init__(self, values: dict[Tensor, Tensor], state: dict[str, Any]) -> None:
        super().__init__(values)
        self.state = state


def _leaves(params: Any, grads: Any) -> tuple[list[Tensor], list[Tensor], Any]:
    variables, structure = optree.tree_flatten(params, none_is_leaf=True)
    gradients = optree.tree_leaves(grads, none_is_leaf=True)
    if len(variables) != len(gradients):
        raise GradientError(f"{len(variables)} parameters but {len(gradients)} gradients were given")
    for parameter, gradient in zip(variables, gradients, strict=True):
        if not isinstance(parameter, Tensor) or not isinstance(parameter.operation, Variable):
            raise GradientError(f"a parameter must be a variable, not {parameter!r}")
        if not is_float(parameter.dtype):
            raise GradientError(
                f"parameter {parameter.operation.name!r} is {parameter.dtype.name}; only floats can be trained"
            )
        if not isinstance(gradient, Tensor) or not same_shape(gradient.shape, parameter.shape):
            raise ShapeError(
                f"the gradient of {parameter!r} must have shape {format_shape(parameter.shape)}, not {gradient!r}"
            )
    return variables, gradients, structure  # type: ignore[return-value]


def _like(variables: Sequence[Tensor], kind: str) -> list[Tensor]:
    """Return a state variable, starting at zero, for each parameter."""
    return [
        variable(f"{parameter.operation.name}_{kind}", parameter.shape, parameter.dtype, init="zeros")  # type: ignore[attr-defined]
        for parameter in variables
    ]


def _rate(learning_rate: Any, parameter: Tensor) -> Any:
    """Return the learning rate in the dtype of a parameter (a number is weak already)."""
    return cast(learning_rate, parameter.dtype) if isinstance(learning_rate, Tensor) else learning_rate


def _each(
    variables: Sequence[Tensor],
    gradients: Sequence[Tensor],
    learning_rate: Any,
    direction: Callable[[Tensor, Tensor, int], Any],
) -> dict[Tensor, Tensor]:
    """Return {parameter: parameter - learning rate * direction}."""
    return {
        w: w - _rate(learning_rate, w) * direction(w, g, i)
        for i, (w, g) in enumerate(zip(variables, gradients, strict=True))
    }


def sgd(params: Any, grads: Any, learning_rate: Any = 0.01) -> Updates:
    """Return gradient descent: w <- w - learning_rate * g.

    `learning_rate` is a number, or a 0-d tensor that a schedule feeds.

    >>> import symgrad as sg
    >>> w = sg.variable("w", (2,))
    >>> step = sg.compile([w], [], updates=sgd(w, sg.grad(sg.sum(w * w), w), 0.25))
    >>> import numpy as np
    >>> values = np.array([1.0, -2.0]); _ = step(values); values
    array([ 0.5, -1. ])
    """
    variables, gradients, _ = _leaves(params, grads)
    return Updates(_each(variables, gradients, learning_rate, lambda w, g, i: g), {})


def momentum(params: Any, grads: Any, learning_rate: Any = 0.01, decay: float = 0.9, nesterov: bool = False) -> Updates:
    """Return gradient descent with momentum: v <- decay * v + g, w <- w - learning_rate * v.

    With `nesterov`, w moves along decay * v + g instead (Sutskever et al., 2013).
    """
    variables, gradients, structure = _leaves(params, grads)
    old = _like(variables, "velocity")
    new = [decay * v + g for v, g in zip(old, gradients, strict=True)]
    values = _each(variables, gradients, learning_rate, lambda w, g, i: decay * new[i] + g if nesterov else new[i])
    return Updates(values | dict(zip(old, new, strict=True)), {"velocity": optree.tree_unflatten(structure, old)})


def rmsprop(params: Any, grads: Any, learning_rate: Any = 0.001, decay: float = 0.9, epsilon: float = 1e-8) -> Updates:
    """Return RMSprop (Hinton, 2012).

    s <- decay * s + (1 - decay) * g**2, w <- w - learning_rate * g / (sqrt(s) + epsilon).
    """
    variables, gradients, structure = _leaves(params, grads)
    old = _like(variables, "square")
    new = [decay * s + (1 - decay) * apply("square", g) for s, g in zip(old, gradients, strict=True)]
    values = _each(variables, gradients, learning_rate, lambda w, g, i: g / (apply("sqrt", new[i]) + epsilon))
    return Updates(values | dict(zip(old, new, strict=True)), {"square": optree.tree_unflatten(structure, old)})


def adam(
    params: Any,
    grads: Any,
    learning_rate: Any = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Updates:
    """Return Adam (Kingma and Ba, 2015) with its bias correction.

    `state` has the two moments and the number of steps.
    """
    return _adam(params, grads, learning_rate, beta1, beta2, epsilon, 0.0)


def adamw(
    params: Any,
    grads: Any,
    learning_rate: Any = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> Updates:
    """Return Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    The parameter w also moves by -learning_rate * weight_decay * w.
    """
    return _adam(params, grads, learning_rate, beta1, beta2, epsilon, weight_decay)


def _adam(
    params: Any, grads: Any, learning_rate: Any, beta1: float, beta2: float, epsilon: float, weight_decay: float
) -> Updates:
    variables, gradients, structure = _leaves(params, grads)
    steps = variable("adam_steps", (), "float64", init="zeros")
    now = steps + 1.0
    first, second = _like(variables, "mean"), _like(variables, "square")
    new_first = [beta1 * m + (1 - beta1) * g for m, g in zip(first, gradients, strict=True)]
    new_second = [beta2 * v + (1 - beta2) * apply("square", g) for v, g in zip(second, gradients, strict=True)]
    # 1 - beta**t, computed once for all parameters.
    correction1, correction2 = (1 - apply("power", as_tensor(beta), now) for beta in (beta1, beta2))

    def direction(w: Tensor, g: Tensor, i: int) -> Tensor:
        mean = new_first[i] / cast(correction1, w.dtype)
        square = new_second[i] / cast(correction2, w.dtype)
        step = mean / (apply("sqrt", square) + epsilon)
        return step + weight_decay * w if weight_decay else step

    values = _each(variables, gradients, learning_rate, direction)
    values |= dict(zip(first, new_first, strict=True)) | dict(zip(second, new_second, strict=True))
    state = {
        "mean": optree.tree_unflatten(structure, first),
        "square": optree.tree_unflatten(structure, second),
        "steps": steps,
    }
    return Updates({**values, steps: now}, state)

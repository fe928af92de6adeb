"""Whole Jacobians and Hessians, and Hessian-vector products."""

from __future__ import annotations

from typing import Any

from symgrad.derivative.batching import batched
from symgrad.derivative.forward import jvp, push_forward
from symgrad.derivative.reverse import grad, pull_back
from symgrad.derivative.trees import flatten
from symgrad.errors import GradientError
from symgrad.families.layout import moveaxis, reshape
from symgrad.families.leaf import variable
from symgrad.nestings import unflatten
from symgrad.numpy_names import eye
from symgrad.shapes import product
from symgrad.simplify import simplify, stabilize
from symgrad.tensor import Tensor


def jacobian(y: Tensor, x: Any) -> Any:
    """Return the Jacobian of `y` by `x`: the tensor of all partial derivatives, of shape y.shape + x.shape.

    `x` may be a nesting of tensors; the result has its nesting. One sweep is made for all entries together: forward
    if `x` has fewer entries than `y`, reverse otherwise.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (2,))
    >>> sg.evaluate(jacobian(x * x, x), {x: [3.0, 4.0]})
    array([[6., 0.],
           [0., 8.]])
    """
    (end,), _ = flatten(y, "the output") if isinstance(y, Tensor) else _refuse(y)
    targets, structure = flatten(x, "what to differentiate by")
    (stable,) = stabilize([end], keep=targets)
    results = [_jacobian(stable, target) for target in targets]
    return unflatten(structure, simplify(results, keep=targets))


def _refuse(y: Any) -> Any:
    raise GradientError(f"the output must be a symbolic tensor, not {type(y).__name__}")


def _jacobian(y: Tensor, x: Tensor) -> Tensor:
    rows, columns = product(y.shape), product(x.shape)
    few_columns = isinstance(rows, int) and isinstance(columns, int) and columns < rows
    return forward_jacobian(y, x) if few_columns else reverse_jacobian(y, x)


def forward_jacobian(y: Tensor, x: Tensor) -> Tensor:
    """Return the Jacobian by carrying all unit tangents of `x` forward together."""
    tangent = variable("(tangent)", x.shape, x.dtype)
    (moved,) = push_forward([y], [x], [tangent])
    stacked = batched(moved, tangent, _basis(x))
    # The place of the unit tangent comes first; in the Jacobian the entries of x come last.
    return reshape(moveaxis(stacked, 0, -1), (*y.shape, *x.shape))


def reverse_jacobian(y: Tensor, x: Tensor) -> Tensor:
    """Return the Jacobian by carrying all unit cotangents of `y` back together."""
    cotangent = variable("(cotangent)", y.shape, y.dtype)
    (pulled,) = pull_back([y], [cotangent], [x])
    return reshape(batched(pulled, cotangent, _basis(y)), (*y.shape, *x.shape))


def _basis(x: Tensor) -> Tensor:
    """Return the unit tensors of the shape of `x`, stacked along a first axis."""
    entries = product(x.shape)
    return reshape(eye(entries, dtype=x.dtype), (entries, *x.shape))


def hessian(loss: Tensor, x: Any) -> Any:
    """Return the Hessian of a 0-d tensor: second derivatives, of shape x.shape + x.shape.

    For a nesting `x` the result is a nesting of nestings: hessian(loss, {"a": a, "b": b})["a"]["b"] holds the
    derivatives by a, then b.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (2,))
    >>> sg.evaluate(hessian(x[0] * x[0] * x[1], x), {x: [3.0, 4.0]})
    array([[8., 6.],
           [6., 0.]])
    """
    gradients, structure = flatten(grad(loss, x), "the gradient")
    return unflatten(structure, [jacobian(gradient, x) for gradient in gradients])


def hvp(loss: Tensor, wrt: Any, vectors: Any) -> Any:
    """Return the Hessian of a 0-d tensor times vectors, without building the Hessian: forward over reverse mode.

    `vectors` and the result have the nesting and shapes of `wrt`.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (2,))
    >>> sg.evaluate(hvp(x[0] * x[0] * x[1], x, [1.0, 0.0]), {x: [3.0, 4.0]})
    array([8., 6.])
    """
    return jvp(grad(loss, wrt), wrt, vectors)


__all__ = ["hessian", "hvp", "jacobian"]

"""What is checked: a function of several arrays around a point, and the gradient that is claimed for it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree

from symgrad.bindings import bind
from symgrad.check.kinks import kinks_at
from symgrad.check.precision import in_float64
from symgrad.derivative import grad
from symgrad.derivative.trees import flatten
from symgrad.dtypes import FLOAT64, is_float
from symgrad.errors import GradientError, ShapeError
from symgrad.evaluate import evaluate_nodes, evaluate_operation
from symgrad.families.layout import Named
from symgrad.families.leaf import Variable
from symgrad.graph import depends_on, topological_order
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]

_OUT_OF_DOMAIN = (ArithmeticError, ValueError)
"""What Python's own functions raise where NumPy's return NaN or infinity."""


@dataclass(frozen=True)
class Parameter:
    """One of the arrays a function is differentiated by.

    `point` is its value in float64, `claimed` the gradient to be checked, `dtype` the one the gradient was computed in,
    `working` the gradient as the model's own dtype gives it, if that is known too.
    """

    name: str
    point: Array
    claimed: Array
    dtype: np.dtype[Any]
    working: Array | None = None


@dataclass(frozen=True)
class Subject:
    """A function of arrays, its parameters, and its value at the point.

    `value(i, array)` is the function with `array` in the place of parameter i, the others at their point;
    `gradient(i, array)` the gradient by parameter i that is claimed there. `kinks` names functions that are at a kink
    at the point, as far as that is known.
    """

    name: str
    parameters: tuple[Parameter, ...]
    at_point: float
    value: Callable[[int, Array], float]
    gradient: Callable[[int, Array], Array]
    kinks: tuple[str, ...] = ()


def graph_subject(loss: Tensor, wrt: Any, at: Mapping[Tensor, Any]) -> Subject:
    """Return the check of a symbolic loss, of which a float64 version is derived and evaluated.

    The model's own dtype only has to keep its gradient finite.
    """
    given, _ = flatten(wrt, "what to differentiate by")
    own_gradients = grad(loss, given)
    point, _ = bind(at)
    working = evaluate_nodes(own_gradients, point)
    _, new = in_float64([loss, *given, *point])
    targets = [new[x] for x in given]
    wide_point = {new[x]: _widened(array) for x, array in point.items()}
    run = _GraphFunction(new[loss], targets, wide_point)
    gradients = grad(new[loss], targets)
    claimed = evaluate_nodes(gradients, wide_point)

    def gradient(parameter: int, array: Array) -> Array:
        wanted = gradients[parameter]
        return evaluate_nodes([wanted], {**wide_point, targets[parameter]: array})[wanted]

    parameters = tuple(
        Parameter(_name(x, f"wrt[{i}]"), run.values[target], claimed[g], FLOAT64, working[own])
        for i, (x, target, g, own) in enumerate(zip(given, targets, gradients, own_gradients, strict=True))
    )
    at_point = float(run.values[new[loss]])
    return Subject(_name(loss, "the loss"), parameters, at_point, run.value, gradient, kinks_at(run.values))


def _widened(array: Array) -> Array:
    return array.astype(FLOAT64) if is_float(array.dtype) else array


def _name(x: Tensor, default: str) -> str:
    operation = x.operation
    return operation.name if isinstance(operation, (Variable, Named)) else default


class _GraphFunction:
    """The loss as a function of one parameter at a time; what does not depend on it is computed once."""

    def __init__(self, loss: Tensor, targets: Sequence[Tensor], point: Mapping[Tensor, Array]) -> None:
        self.loss = loss
        self.targets = targets
        self.values = evaluate_nodes([loss, *targets], point)
        _, self._sizes = bind(point)
        order = topological_order([loss], stop=point.__contains__)
        below = set(order)
        self._affected: list[list[Tensor]] = []
        for target in targets:
            affected = depends_on(order, {target}) if target in below else set[Tensor]()
            self._affected.append([node for node in order if node in affected and node is not target])

    def value(self, parameter: int, array: Array) -> float:
        """Return the loss with `array` in the place of a parameter."""
        changed = {self.targets[parameter]: array}
        with np.errstate(all="ignore"):
            for node in self._affected[parameter]:
                inputs = [changed[x] if x in changed else self.values[x] for x in node.inputs]
                changed[node] = evaluate_operation(node.operation, inputs, self._sizes, node)
        return float(changed.get(self.loss, self.values[self.loss]))


def function_subject(function: Callable[[Any], Any], gradient: Callable[[Any], Any], at: Any) -> Subject:
    """Return the check of a Python function: it is called with float64 arrays, its gradient with those given."""
    leaves, structure = optree.tree_flatten(at)  # type: ignore[arg-type]
    given = [np.asarray(leaf) for leaf in leaves]
    floating = [i for i, array in enumerate(given) if is_float(array.dtype)]
    if not floating:
        raise GradientError("there is nothing to differentiate by: no array in `at` is floating")
    wide = [_widened(array) for array in given]

    def call(what: Callable[[Any], Any], arrays: Sequence[Array]) -> Any:
        # Copies, so that a function that works in place does no harm; numbers, where numbers were given.
        own = [a.copy() if a.ndim else a[()] for a in arrays]
        with np.errstate(all="ignore"):
            return what(optree.tree_unflatten(structure, own))

    def value(parameter: int, array: Array) -> float:
        arrays = list(wide)
        arrays[floating[parameter]] = array
        try:
            return float(np.asarray(call(function, arrays)).item())
        except _OUT_OF_DOMAIN:
            return float("nan")

    result = np.asarray(call(function, wide))
    if result.size != 1:
        raise GradientError(f"the function must return a single number; it returned shape {result.shape}")
    claimed = _claimed(call(gradient, given), structure, given, floating)
    parameters = tuple(
        Parameter(_path(structure, i), wide[i], a.astype(FLOAT64), a.dtype if is_float(a.dtype) else FLOAT64)
        for i, a in zip(floating, claimed, strict=True)
    )

    def gradient_at(parameter: int, array: Array) -> Array:
        arrays = list(given)
        arrays[floating[parameter]] = array.astype(given[floating[parameter]].dtype)
        return _claimed(call(gradient, arrays), structure, given, floating)[parameter].astype(FLOAT64)

    return Subject(getattr(function, "__name__", "f"), parameters, float(result.item()), value, gradient_at)


def _claimed(result: Any, structure: Any, given: Sequence[Array], floating: Sequence[int]) -> list[Array]:
    leaves, found = optree.tree_flatten(result)  # type: ignore[arg-type]
    if len(leaves) == len(given):
        chosen = [leaves[i] for i in floating]
    elif len(leaves) == len(floating):
        chosen = leaves
    else:
        raise GradientError(f"the gradient must have the nesting of the point, {structure}, not {found}")
    claimed = [np.asarray(leaf) for leaf in chosen]
    for i, array in zip(floating, claimed, strict=True):
        if array.shape != given[i].shape:
            raise ShapeError(
                f"the gradient by {_path(structure, i)} has shape {array.shape}, the array has {given[i].shape}"
            )
    return claimed


def _path(structure: Any, leaf: int) -> str:
    return "x" + "".join(f"[{key!r}]" for key in structure.paths()[leaf])

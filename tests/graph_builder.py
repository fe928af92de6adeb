"""What random graphs are built with: a pool of tensors whose values are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.dtypes import is_float
from symgrad.errors import SymgradError
from symgrad.evaluate import evaluate_nodes
from symgrad.families.leaf import variables_of
from symgrad.graph import topological_order
from symgrad.shapes import same_size, substitute
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]

MARGIN = 1e-2
"""How far values stay from kinks, jumps and ties."""

LARGEST = 100.0
"""How large values may become."""

MOST_ENTRIES = 500

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)


@dataclass(frozen=True)
class RandomGraph:
    """Tensors to compute, and an array for every variable they may need."""

    outputs: tuple[Tensor, ...]
    bindings: dict[Tensor, Array]

    @property
    def inputs(self) -> list[Tensor]:
        """The variables, in the order of the bindings."""
        return list(self.bindings)

    @property
    def precision(self) -> float:
        """The rounding unit of the coarsest floating dtype that takes part."""
        dtypes = {node.dtype for node in topological_order(self.outputs) if is_float(node.dtype)}
        return max((float(np.finfo(dtype).eps) for dtype in dtypes), default=0.0)

    def with_gradients(self) -> RandomGraph:
        """Return the same graph with a loss made of all floating outputs, and the loss's gradients."""
        terms = [sg.sum(y * weight).astype("float64") for weight, y in enumerate(self.outputs, 1) if is_float(y.dtype)]
        used = variables_of(topological_order(terms))
        wrt = [x for x in used if is_float(x.dtype)]
        if not wrt:
            return self
        loss = terms[0]
        for term in terms[1:]:
            loss = loss + term
        return RandomGraph((loss, *sg.grad(loss, wrt), *self.outputs), self.bindings)


class Builder:
    """Builds one graph step by step, knowing the value of every tensor it has so far."""

    def __init__(self, random: Random, special: bool) -> None:
        self.random = random
        self.special = special
        self.values: dict[Tensor, Array] = {}
        self.bindings: dict[Tensor, Array] = {}
        self.sizes: list[Any] = [1, random.randint(2, 4), random.choice([0, 1, 2, 3, 5]), sg.dim("N")]
        self.lengths = {sg.dim("N"): random.choice([0, 1, 2, 3])}

    def graph(self, steps: int, makers: Sequence[Callable[[Builder], Tensor]]) -> RandomGraph:
        """Return a graph of at most `steps` steps, each one of `makers`."""
        for _ in range(self.random.randint(2, 4)):
            self.variable(self.random.choice(["float64", "float64", "float32", "float32", "int64", "int32", "bool"]))
        self.variable(self.random.choice(["float64", "float32"]))
        for _ in range(self.random.randint(1, steps)):
            self.step(self.random.choice(makers))
        made = [x for x in self.values if x not in self.bindings] or list(self.values)
        outputs = [made[-1], *self.random.sample(made, min(len(made), self.random.randint(0, 2)))]
        return RandomGraph(tuple(dict.fromkeys(outputs)), self.bindings)

    def step(self, maker: Callable[[Builder], Tensor]) -> Tensor | None:
        """Try to add what `maker` makes; what does not fit, or has no safe value, is left out."""
        try:
            return self.add(maker(self))
        except (SymgradError, Unfit):
            return None

    def add(self, tensor: Tensor) -> Tensor | None:
        value = self.value(tensor)
        if value.size > MOST_ENTRIES:
            return None
        if is_float(tensor.dtype) and not self.special:
            if not np.all(np.isfinite(value)):
                return None
            if value.size and np.abs(value).max() > LARGEST:
                tensor = sg.tanh(tensor / LARGEST)
                value = self.value(tensor)
        elif tensor.dtype.kind == "i" and value.size and np.abs(value).max() > 1000:
            return None
        self.values.setdefault(tensor, value)
        return tensor

    def value(self, tensor: Tensor) -> Array:
        return evaluate_nodes([tensor], self.values)[tensor]

    # operands --------------------------------------------------------------------------------------------------------

    def variable(self, dtype: str, shape: tuple[Any, ...] | None = None) -> Tensor:
        """Return a new variable with a value."""
        if shape is None:
            shape = tuple(self.random.choice(self.sizes) for _ in range(self.random.choice([0, 1, 1, 2, 2, 2, 3])))
        tensor = sg.variable(f"{'xyzuvw'[len(self.bindings) % 6]}{len(self.bindings)}", shape, dtype)
        generator = np.random.default_rng(self.random.randrange(2**32))
        concrete = tuple(substitute(size, self.lengths) for size in shape)
        if dtype == "bool":
            value: Array = generator.random(concrete) < 0.5
        elif tensor.dtype.kind == "i":
            value = generator.integers(-3, 4, concrete).astype(dtype)
        else:
            value = generator.uniform(-2.5, 2.5, concrete).astype(dtype)
            if self.special:
                value = np.where(generator.random(concrete) < 0.3, generator.choice(SPECIAL, concrete), value).astype(
                    dtype
                )
        self.bindings[tensor] = self.values[tensor] = np.asarray(value)
        return tensor

    def any(self, accept: Callable[[Tensor], bool] = lambda tensor: True) -> Tensor:
        """Return one of the tensors so far that `accept` holds for, the youngest with greater probability."""
        found = [tensor for tensor in self.values if accept(tensor)]
        if not found:
            raise Unfit
        return self.random.choice(found[-4:] if self.random.random() < 0.6 else found)

    def floating(self, rank: int = 0) -> Tensor:
        return self.any(lambda x: is_float(x.dtype) and x.ndim >= rank)

    def number(self, rank: int = 0) -> Tensor:
        return self.any(lambda x: x.dtype.kind != "b" and x.ndim >= rank)

    def mask(self) -> Tensor:
        return self.any(lambda x: x.dtype.kind == "b")

    def beside(self, x: Tensor, accept: Callable[[Tensor], bool] = lambda tensor: True) -> Any:
        """Return an operand that broadcasts against `x`: a number, a tensor or a new variable."""
        choice = self.random.random()
        if choice < 0.15 and is_float(x.dtype):
            return round(self.random.uniform(-2, 2), 2)
        fitting = [y for y in self.values if accept(y) and broadcasts(x.shape, y.shape)]
        if fitting and choice < 0.85:
            return self.random.choice(fitting)
        shape = tuple(size if self.random.random() < 0.7 else 1 for size in x.shape)
        return self.variable(x.dtype.name, shape[self.random.randint(0, x.ndim) :])

    def indices(self, size: Any, shape: tuple[Any, ...]) -> Tensor:
        """Return a variable of valid indices into an axis of a size."""
        length = substitute(size, self.lengths)
        if length == 0:
            raise Unfit
        tensor = self.variable(self.random.choice(["int64", "int32"]), shape)
        generator = np.random.default_rng(self.random.randrange(2**32))
        value = generator.integers(-length, length, self.values[tensor].shape).astype(tensor.dtype)
        self.bindings[tensor] = self.values[tensor] = np.asarray(value)
        return tensor

    def axis(self, x: Tensor, filled: bool = False) -> int:
        """Return an axis of `x` (one with entries, if `filled`)."""
        axes = [i for i in range(x.ndim) if not filled or self.values[x].shape[i]]
        if not axes:
            raise Unfit
        return self.random.choice(axes)

    def axes(self, x: Tensor, filled: bool = False) -> tuple[int, ...]:
        axes = [i for i in range(x.ndim) if not filled or self.values[x].shape[i]]
        return tuple(self.random.sample(axes, self.random.randint(min(1, len(axes)), len(axes))))

    def within(self, x: Any, interval: tuple[float, float]) -> Any:
        """Return `x`, or something made from it, with values in an interval."""
        low, high = interval
        if self.special:
            return x
        if low == high:
            return low
        if not isinstance(x, Tensor):
            return min(max(x, low), high)
        value = self.value(x)
        if np.all((low <= value) & (value <= high)):
            return x
        if not is_float(x.dtype):
            raise Unfit
        return (low + high) / 2 + (high - low) / 2 * sg.tanh(x)

    def clear(self, distance: Array) -> None:
        """Give up if values are too near to a place where something jumps or bends."""
        if not self.special and distance.size and not np.all(np.abs(distance) > MARGIN):
            raise Unfit


class Unfit(Exception):
    """The tensors at hand are not what a maker needs."""


def broadcasts(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Return whether two shapes broadcast."""
    pairs = list(zip(reversed(a), reversed(b), strict=False))
    return all(m == 1 or n == 1 or same_size(m, n) for m, n in pairs)

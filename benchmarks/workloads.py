"""What is measured, as data: every engine does the same work on the same numbers. Needs NumPy only.

A call of a `Circuit` or a `Fused` is a value and its gradients; a call of an `Mlp` is a whole training step: loss,
all gradients, parameters updated in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Step: TypeAlias = Callable[[], float]
"""One call of the work; returns the loss (or value) before the update."""


class MlpArrays(NamedTuple):
    """Fresh arrays of an `Mlp`: examples, targets, and one weight and one bias a layer."""

    examples: Array
    targets: Array
    weights: list[Array]
    biases: list[Array]


@dataclass(frozen=True)
class Circuit:
    """The sigmoid of a weighted sum, w0 x0 + w1 x1 + w2, of five float64 numbers in one array."""

    values: tuple[float, ...] = (2.0, -1.0, -3.0, -2.0, -3.0)

    def arrays(self) -> Array:
        return np.array(self.values)


@dataclass(frozen=True)
class Fused:
    """sum(gelu(x) tanh(y) + sigmoid(x y)) over two float32 vectors, with its two gradients."""

    size: int

    def arrays(self) -> tuple[Array, Array]:
        rng = np.random.default_rng(0)
        return _normal(rng, self.size), _normal(rng, self.size)


@dataclass(frozen=True)
class Mlp:
    """A fully connected network in float32 with an optional L2 penalty on its weights, trained by gradient descent."""

    rows: int
    sizes: tuple[int, ...]
    activation: Literal["relu", "sigmoid", "gelu"]
    loss: Literal["squared_error", "cross_entropy", "hinge"]
    """`squared_error` is the sum over all elements; the other two are means over the rows."""
    learning_rate: float
    """Small, so that the thousands of steps of a measurement stay where they started."""
    penalty: float = 0.0
    bias: bool = True

    def arrays(self) -> MlpArrays:
        rng = np.random.default_rng(0)
        examples = _normal(rng, self.rows, self.sizes[0])
        weights = [_normal(rng, a, b, scale=(2 / a) ** 0.5) for a, b in pairwise(self.sizes)]
        biases = [np.zeros(b, np.float32) for b in self.sizes[1:]] if self.bias else []
        classes = self.sizes[-1]
        if self.loss == "squared_error":
            targets = _normal(rng, self.rows, classes)
        else:
            targets = rng.integers(0, classes, self.rows)
        return MlpArrays(examples, targets, weights, biases)


Workload: TypeAlias = Circuit | Fused | Mlp


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    return (rng.standard_normal(shape) * scale).astype(np.float32)


WORKLOADS: dict[str, Workload] = {
    "circuit": Circuit(),
    "two_layer": Mlp(64, (1000, 100, 10), "sigmoid", "squared_error", 1e-7, bias=False),
    "linear": Mlp(256, (3072, 10), "relu", "cross_entropy", 1e-5, penalty=1e-3),
    "svm": Mlp(256, (3072, 10), "relu", "hinge", 1e-5, penalty=1e-3),
    "tiny_mlp": Mlp(16, (2, 16, 3), "relu", "cross_entropy", 1e-5, penalty=1e-3),
    "mnist_mlp": Mlp(64, (784, 256, 128, 10), "relu", "cross_entropy", 1e-5, penalty=1e-4),
    "deep_mlp": Mlp(256, (256,) * 8 + (10,), "gelu", "cross_entropy", 1e-5, penalty=1e-4),
    "fused": Fused(1_000_000),
}

EQUAL_LAYERS: dict[str, Workload] = {
    f"layers_{depth}": Mlp(64, (256,) * (depth + 1), "relu", "squared_error", 1e-9) for depth in (4, 16, 64)
}
"""Networks that differ only in how often the same layer is repeated: compile time should not grow with depth."""

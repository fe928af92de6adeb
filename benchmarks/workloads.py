"""What is measured, as data: every engine does the same work on the same numbers. Needs NumPy only.

A call of an `Mlp` or a `Cnn` is a whole training step: loss, all gradients, parameters updated in place. A call of the
others is a value and its gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

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


class CnnArrays(NamedTuple):
    """Fresh arrays of a `Cnn`: images (N, 1, 28, 28), labels, and kernels, bias, kernels, bias, weight, bias."""

    images: Array
    labels: Array
    parameters: list[Array]


@dataclass(frozen=True)
class Cnn:
    """A convolutional network for images of 28 x 28 in float32, trained by gradient descent.

    Twice a convolution of 5 x 5, ReLU and the maximum over 2 x 2; then a linear layer and the cross-entropy.
    """

    rows: int
    channels: tuple[int, int] = (16, 32)
    learning_rate: float = 1e-5
    side: int = 28
    kernel: int = 5
    classes: int = 10

    @property
    def planes(self) -> tuple[int, int]:
        """The sides of what the two convolutions give, before the maximum is taken."""
        first = self.side - self.kernel + 1
        return first, first // 2 - self.kernel + 1

    @property
    def features(self) -> int:
        """How many numbers of an image reach the linear layer."""
        return self.channels[1] * (self.planes[1] // 2) ** 2

    def arrays(self) -> CnnArrays:
        rng = np.random.default_rng(0)
        images = _normal(rng, self.rows, 1, self.side, self.side)
        labels = rng.integers(0, self.classes, self.rows)
        first, second = self.channels
        parameters = [
            _normal(rng, first, 1, self.kernel, self.kernel, scale=0.2),
            np.zeros(first, np.float32),
            _normal(rng, second, first, self.kernel, self.kernel, scale=0.05),
            np.zeros(second, np.float32),
            _normal(rng, self.features, self.classes, scale=0.05),
            np.zeros(self.classes, np.float32),
        ]
        return CnnArrays(images, labels, parameters)


class SequenceArrays(NamedTuple):
    """Fresh arrays of a `Block` or an `Lstm`: the sequences, and the parameters in the order their class names."""

    inputs: Array
    parameters: list[Array]


@dataclass(frozen=True)
class Block:
    """Transformer layers in float32: causal attention, then two linear layers with GELU, each after a layer norm.

    The value is the mean square of the output. A layer's parameters are: weights of queries, keys and values in one
    matrix, of the attention's output, of the two linear layers; gain and bias of the first norm, and of the second.
    """

    batch: int
    length: int
    width: int
    heads: int
    layers: int

    PARAMETERS: ClassVar[int] = 8
    """Arrays of a layer."""

    def arrays(self) -> SequenceArrays:
        rng = np.random.default_rng(0)
        c = self.width
        inputs = _normal(rng, self.batch, self.length, c)
        parameters: list[Array] = []
        for _ in range(self.layers):
            parameters += [_normal(rng, *shape, scale=0.05) for shape in ((c, 3 * c), (c, c), (c, 4 * c), (4 * c, c))]
            parameters += [fill(c, np.float32) for fill in (np.ones, np.zeros, np.ones, np.zeros)]
        return SequenceArrays(inputs, parameters)


@dataclass(frozen=True)
class Lstm:
    """An LSTM over sequences (steps, batch, width) in float32; the value is the mean square of its last output.

    The parameters are the weights of the input, of the last output, and the bias; each holds the input gate, the
    forget gate, the cell and the output gate side by side.
    """

    steps: int
    batch: int
    width: int

    def arrays(self) -> SequenceArrays:
        rng = np.random.default_rng(0)
        inputs = _normal(rng, self.steps, self.batch, self.width)
        weights = [_normal(rng, self.width, 4 * self.width, scale=0.08) for _ in range(2)]
        return SequenceArrays(inputs, [*weights, np.zeros(4 * self.width, np.float32)])


Workload: TypeAlias = Circuit | Fused | Mlp | Cnn | Block | Lstm


def flat(arrays: Any) -> list[Array]:
    """The arrays in nested tuples and lists."""
    if isinstance(arrays, np.ndarray):
        return [arrays]
    return [array for nested in arrays for array in flat(nested)]


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    return (rng.standard_normal(shape) * scale).astype(np.float32)

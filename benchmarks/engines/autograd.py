"""The workloads in Autograd, which differentiates NumPy code as it runs."""

from __future__ import annotations

import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.scipy.special import erf

from benchmarks.workloads import Array, Circuit, Mlp, Step, Workload

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "gelu": lambda z: z * 0.5 * (1 + erf(z * numpy.float32(2**-0.5))),
}


def build(work: Workload) -> Step | None:
    match work:
        case Circuit():
            return circuit(work)
        case Mlp() if work.loss != "hinge":
            return mlp(work)
        case _:
            return None


def circuit(work: Circuit) -> Step:
    array = work.arrays()
    function = value_and_grad(lambda a: 1 / (1 + np.exp(-(a[0] * a[1] + a[2] * a[3] + a[4]))))
    return lambda: float(function(array)[0])


def mlp(work: Mlp) -> Step:
    examples, targets, weights, biases = work.arrays()
    rows = numpy.arange(work.rows)

    def total_loss(parameters: tuple[list[Array], list[Array]]) -> float:
        weights, biases = parameters
        h = examples
        for i, weight in enumerate(weights):
            h = h @ weight
            if biases:
                h = h + biases[i]
            if i < len(weights) - 1:
                h = ACTIVATIONS[work.activation](h)
        if work.loss == "squared_error":
            loss = np.sum((h - targets) ** 2)
        else:
            e = h - np.max(h, 1, keepdims=True)
            loss = np.mean(np.log(np.sum(np.exp(e), 1)) - e[rows, targets])
        if work.penalty:
            loss = loss + work.penalty * sum(np.sum(weight * weight) for weight in weights)
        return loss

    function = value_and_grad(total_loss)
    rate = numpy.float32(work.learning_rate)

    def step() -> float:
        loss, (weight_gradients, bias_gradients) = function((weights, biases))
        for parameter, gradient in zip(weights + biases, weight_gradients + bias_gradients, strict=True):
            parameter -= (rate * gradient).astype(numpy.float32)
        return float(loss)

    return step

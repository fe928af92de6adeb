"""The workloads in Autograd, which differentiates NumPy code as it runs."""

from __future__ import annotations

import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.scipy.special import erf

from benchmarks.workloads import Array, Block, Circuit, Lstm, Mlp, Step, Workload


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def gelu(z: Array) -> Array:
    return z * 0.5 * (1 + erf(z * numpy.float32(2**-0.5)))


ACTIVATIONS = {"relu": lambda z: np.maximum(z, 0), "sigmoid": sigmoid, "gelu": gelu}


def build(work: Workload) -> Step | None:
    match work:
        case Circuit():
            return circuit(work)
        case Mlp() if work.loss != "hinge":
            return mlp(work)
        case Block():
            return block(work)
        case Lstm():
            return lstm(work)
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


def block(work: Block) -> Step:
    inputs, parameters = work.arrays()
    batch, length, c = inputs.shape
    size = c // work.heads
    hidden = numpy.triu(numpy.full((length, length), numpy.float32(-numpy.inf)), 1)

    def layer_norm(x: Array, gain: Array, bias: Array) -> Array:
        centred = x - np.mean(x, -1, keepdims=True)
        return centred / np.sqrt(np.mean(centred * centred, -1, keepdims=True) + 1e-5) * gain + bias

    def split_heads(x: Array) -> Array:
        return np.transpose(np.reshape(x, (batch, length, work.heads, size)), (0, 2, 1, 3))

    def value(parameters: list[Array]) -> float:
        h = inputs
        for layer in range(work.layers):
            qkv, project, up, down, gain1, bias1, gain2, bias2 = parameters[layer * 8 : layer * 8 + 8]
            z = layer_norm(h, gain1, bias1) @ qkv
            q, k, v = (split_heads(z[:, :, which * c : (which + 1) * c]) for which in range(3))
            scores = q @ np.transpose(k, (0, 1, 3, 2)) * numpy.float32(size**-0.5) + hidden
            e = np.exp(scores - np.max(scores, -1, keepdims=True))
            heads = e / np.sum(e, -1, keepdims=True) @ v
            h = h + np.reshape(np.transpose(heads, (0, 2, 1, 3)), inputs.shape) @ project
            h = h + gelu(layer_norm(h, gain2, bias2) @ up) @ down
        return np.mean(h * h)

    function = value_and_grad(value)
    return lambda: float(function(parameters)[0])


def lstm(work: Lstm) -> Step:
    inputs, parameters = work.arrays()
    width = work.width

    def value(parameters: list[Array]) -> float:
        input_weight, state_weight, bias = parameters
        h = c = numpy.zeros((work.batch, width), numpy.float32)
        for x in inputs:
            z = x @ input_weight + h @ state_weight + bias
            i, f, g, o = (z[:, k * width : (k + 1) * width] for k in range(4))
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        return np.mean(h * h)

    function = value_and_grad(value)
    return lambda: float(function(parameters)[0])

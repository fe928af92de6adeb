"""The workloads in NumPy, forward and backward written by hand, as a course teaches it."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

from benchmarks.workloads import Array, Circuit, Fused, Mlp, Step, Workload

SQRT_HALF = np.float32(0.5**0.5)
INV_SQRT_2PI = np.float32((2 * np.pi) ** -0.5)
HALF = np.float32(0.5)


def build(work: Workload) -> Step:
    match work:
        case Circuit():
            return circuit(work)
        case Fused():
            return fused(work)
        case Mlp():
            return mlp(work)


def circuit(work: Circuit) -> Step:
    a = work.arrays()

    def step() -> float:
        w0, x0, w1, x1, w2 = a
        y = 1 / (1 + math.exp(-(w0 * x0 + w1 * x1 + w2)))
        d = y * (1 - y)
        np.array([d * x0, d * w0, d * x1, d * w1, d])
        return y

    return step


def fused(work: Fused) -> Step:
    x, y = work.arrays()

    def step() -> float:
        cdf = HALF * (1 + erf(x * SQRT_HALF))
        gelu = x * cdf
        t = np.tanh(y)
        s = 1 / (1 + np.exp(-x * y))
        value = (gelu * t + s).sum()
        ds = s * (1 - s)
        _dx = (cdf + x * (INV_SQRT_2PI * np.exp(-HALF * x * x))) * t + ds * y
        _dy = gelu * (1 - t * t) + ds * x
        return value

    return step


def activate(name: str, z: Array) -> Array:
    """The value of an activation."""
    match name:
        case "relu":
            return np.maximum(z, 0)
        case "sigmoid":
            return 1 / (1 + np.exp(-z))
        case _:
            return z * (HALF * (1 + erf(z * SQRT_HALF)))


def slope(name: str, z: Array, h: Array) -> Array:
    """The derivative of an activation at z, where its value is h."""
    match name:
        case "relu":
            return z > 0
        case "sigmoid":
            return h * (1 - h)
        case _:
            return HALF * (1 + erf(z * SQRT_HALF)) + z * (INV_SQRT_2PI * np.exp(-HALF * z * z))


def loss_and_gradient(name: str, h: Array, targets: Array) -> tuple[float, Array]:
    """The loss of the scores `h`, and its gradient with respect to them."""
    rows = np.arange(len(h))
    match name:
        case "squared_error":
            d = h - targets
            return np.sum(d * d), 2 * d
        case "cross_entropy":
            e = h - h.max(1, keepdims=True)
            p = np.exp(e)
            total = p.sum(1, keepdims=True)
            loss = np.mean(np.log(total[:, 0]) - e[rows, targets])
            p /= total
            p[rows, targets] -= 1
            return loss, p / np.float32(len(h))
        case _:
            margins = np.maximum(h - h[rows, targets][:, None] + 1, 0)
            d = (margins > 0).astype(np.float32)
            d[rows, targets] = 0
            d[rows, targets] = -d.sum(1)
            d /= len(h)
            return (margins.sum() - len(h)) / len(h), d


def mlp(work: Mlp) -> Step:
    examples, targets, weights, biases = work.arrays()
    rate = np.float32(work.learning_rate)

    def step() -> float:
        activations = [examples]
        sums: list[Array] = []
        for i, weight in enumerate(weights):
            z = activations[-1] @ weight
            if biases:
                z += biases[i]
            sums.append(z)
            activations.append(activate(work.activation, z) if i < len(weights) - 1 else z)
        loss, d = loss_and_gradient(work.loss, activations[-1], targets)
        for i in reversed(range(len(weights))):
            weight_gradient = activations[i].T @ d
            bias_gradient = d.sum(0) if biases else None
            if work.penalty:
                loss += work.penalty * np.sum(weights[i] * weights[i])
                weight_gradient += np.float32(2 * work.penalty) * weights[i]
            if i:
                d = (d @ weights[i].T) * slope(work.activation, sums[i - 1], activations[i])
            weights[i] -= rate * weight_gradient
            if bias_gradient is not None:
                biases[i] -= rate * bias_gradient
        return loss

    return step

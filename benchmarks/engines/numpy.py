"""The workloads in NumPy, forward and backward written by hand, as a course teaches it."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

from benchmarks.workloads import Array, Block, Circuit, Cnn, Fused, Lstm, Mlp, Step, Workload

SQRT_HALF = np.float32(0.5**0.5)
INV_SQRT_2PI = np.float32((2 * np.pi) ** -0.5)
HALF = np.float32(0.5)


def build(work: Workload) -> Step | None:
    match work:
        case Circuit():
            return circuit(work)
        case Fused():
            return fused(work)
        case Mlp():
            return mlp(work)
        case Cnn():
            return cnn(work)
        case Lstm():
            return lstm(work)
        case Block():
            return None  # nobody writes the backward pass of attention by hand


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
            return sigmoid(z)
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


def windows(x: Array, size: int) -> Array:
    """The windows of images (N, C, H, W) as a matrix: one row a place, one column an entry of a kernel."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * size * size)


def add_windows(columns: Array, shape: tuple[int, ...], size: int) -> Array:
    """The adjoint of `windows`: add up, for each entry of the images, what stands for it in the windows."""
    result = np.zeros(shape, columns.dtype)
    n, c, h, w = shape
    rows, cols = h - size + 1, w - size + 1
    columns = columns.reshape(n, rows, cols, c, size, size)
    for i in range(size):
        for j in range(size):
            result[:, :, i : i + rows, j : j + cols] += columns[:, :, :, :, i, j].transpose(0, 3, 1, 2)
    return result


def convolution(matrix: Array, kernel: Array, bias: Array, rows: int) -> Array:
    """The convolution of images given as the matrix of their windows: (N, O, side, side)."""
    out = matrix @ kernel.reshape(len(kernel), -1).T + bias
    side = math.isqrt(len(out) // rows)
    return out.reshape(rows, side, side, -1).transpose(0, 3, 1, 2)


def quarters(x: Array) -> Array:
    """Squares of 2 x 2, on two axes of their own: (N, C, H / 2, 2, W / 2, 2)."""
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2)


def unpool(d: Array, z: Array, pooled: Array) -> Array:
    """The gradient of z where the maxima over squares of relu(z) have gradient d: at the largest, if it is positive."""
    largest = (quarters(z) == pooled[:, :, :, None, :, None]) & (quarters(z) > 0)
    return (largest * d[:, :, :, None, :, None]).reshape(z.shape)


def cnn(work: Cnn) -> Step:
    images, labels, parameters = work.arrays()
    kernel1, bias1, kernel2, bias2, weight, bias = parameters
    rate, size = np.float32(work.learning_rate), work.kernel

    def kernel_gradients(d: Array, matrix: Array, kernel: Array) -> tuple[Array, Array, Array]:
        """The gradient as a matrix like that of the windows, and those of the kernels and of the bias."""
        flat = d.transpose(0, 2, 3, 1).reshape(len(matrix), -1)
        return flat, (flat.T @ matrix).reshape(kernel.shape), flat.sum(0)

    def step() -> float:
        x1 = windows(images, size)
        z1 = convolution(x1, kernel1, bias1, work.rows)
        h1 = np.maximum(quarters(z1).max((3, 5)), 0)
        x2 = windows(h1, size)
        z2 = convolution(x2, kernel2, bias2, work.rows)
        h2 = np.maximum(quarters(z2).max((3, 5)), 0)
        features = h2.reshape(work.rows, -1)
        loss, d = loss_and_gradient("cross_entropy", features @ weight + bias, labels)

        d2 = unpool((d @ weight.T).reshape(h2.shape), z2, h2)
        flat2, kernel2_gradient, bias2_gradient = kernel_gradients(d2, x2, kernel2)
        dh1 = add_windows(flat2 @ kernel2.reshape(len(kernel2), -1), h1.shape, size)
        _, kernel1_gradient, bias1_gradient = kernel_gradients(unpool(dh1, z1, h1), x1, kernel1)
        gradients = kernel1_gradient, bias1_gradient, kernel2_gradient, bias2_gradient, features.T @ d, d.sum(0)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= rate * gradient
        return loss

    return step


def lstm(work: Lstm) -> Step:
    inputs, parameters = work.arrays()
    return lambda: lstm_value_and_gradients(inputs, parameters)[0]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def lstm_value_and_gradients(inputs: Array, parameters: list[Array]) -> tuple[float, list[Array]]:
    """The mean square of the last output, and its gradients by the parameters: back through time."""
    input_weight, state_weight, bias = parameters
    width = len(state_weight)
    h = c = np.zeros((inputs.shape[1], width), inputs.dtype)
    states = [(h, c)]
    gates: list[tuple[Array, ...]] = []
    for x in inputs:
        z = x @ input_weight + h @ state_weight + bias
        i, f, o = (sigmoid(z[:, k * width : (k + 1) * width]) for k in (0, 1, 3))
        g = np.tanh(z[:, 2 * width : 3 * width])
        c = f * c + i * g
        t = np.tanh(c)
        h = o * t
        states.append((h, c))
        gates.append((i, f, g, o, t))
    value = float(np.mean(h * h))

    dh, dc = h * inputs.dtype.type(2 / h.size), np.zeros_like(c)
    gradients = input_gradient, state_gradient, bias_gradient = [np.zeros_like(array) for array in parameters]
    for x, (h, c), (i, f, g, o, t) in zip(inputs[::-1], states[-2::-1], gates[::-1], strict=True):
        dc = dc + dh * o * (1 - t * t)
        parts = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)
        dz = np.concatenate(parts, 1)
        input_gradient += x.T @ dz
        state_gradient += h.T @ dz
        bias_gradient += dz.sum(0)
        dh, dc = dz @ state_weight.T, dc * f
    return value, gradients

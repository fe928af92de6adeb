"""The workloads in PyTensor: shared variables, updated by the compiled function."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt

from benchmarks.workloads import Circuit, Fused, Mlp, Step, Workload


def gelu(z: pt.TensorVariable) -> pt.TensorVariable:
    return z * np.float32(0.5) * (1 + pt.erf(z * np.float32(2**-0.5)))


def relu(z: pt.TensorVariable) -> pt.TensorVariable:
    return pt.maximum(z, np.float32(0))


ACTIVATIONS = {"relu": relu, "sigmoid": pt.sigmoid, "gelu": gelu}


def build(work: Workload) -> Step | None:
    pytensor.config.floatX = "float32"
    match work:
        case Circuit():
            return circuit(work)
        case Fused():
            return fused(work)
        case Mlp():
            return mlp(work)
        case _:
            return None  # attention and LSTM can be written, but take it minutes to compile


def circuit(work: Circuit) -> Step:
    a = pt.dvector("a")
    y = 1 / (1 + pt.exp(-(a[0] * a[1] + a[2] * a[3] + a[4])))
    function = pytensor.function([a], [y, pytensor.grad(y, a)], trust_input=True)
    array = work.arrays()
    return lambda: float(function(array)[0])


def fused(work: Fused) -> Step:
    x, y = pt.fvector("x"), pt.fvector("y")
    value = (gelu(x) * pt.tanh(y) + pt.sigmoid(x * y)).sum()
    function = pytensor.function([x, y], [value, *pytensor.grad(value, [x, y])], trust_input=True)
    arrays = work.arrays()
    return lambda: float(function(*arrays)[0])


def mlp(work: Mlp) -> Step:
    data = work.arrays()
    examples, targets = pytensor.shared(data.examples), pytensor.shared(data.targets)
    weights = [pytensor.shared(array) for array in data.weights]
    biases = [pytensor.shared(array) for array in data.biases]
    h = examples
    for i, weight in enumerate(weights):
        h = h @ weight
        if biases:
            h = h + biases[i]
        if i < len(weights) - 1:
            h = ACTIVATIONS[work.activation](h)
    rows = pt.arange(work.rows)
    if work.loss == "squared_error":
        loss = ((h - targets) ** 2).sum()
    elif work.loss == "cross_entropy":
        loss = -pt.special.log_softmax(h, axis=-1)[rows, targets].mean()
    else:
        margins = pt.maximum(h - h[rows, targets][:, None] + np.float32(1), np.float32(0))
        loss = (margins.sum() - work.rows) / work.rows
    loss = loss.astype("float32")
    if work.penalty:
        loss = loss + np.float32(work.penalty) * sum((weight * weight).sum() for weight in weights)

    parameters = weights + biases
    rate = np.float32(work.learning_rate)
    gradients = pytensor.grad(loss, parameters)
    updates = [(p, (p - rate * g).astype("float32")) for p, g in zip(parameters, gradients, strict=True)]
    function = pytensor.function([], loss, updates=updates, trust_input=True)
    return lambda: float(function())

"""The workloads on symgrad's public interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import symgrad as sg
from benchmarks.workloads import Circuit, Fused, Mlp, Step, Workload


class Definition(NamedTuple):
    """A workload as `sg.compile` takes it, and the arrays to call it with; the first output is the loss."""

    inputs: list[Any]
    outputs: list[Any]
    updates: dict[Any, Any] | None
    arguments: list[Any]


def build(work: Workload) -> Step:
    definition = define(work)
    function = sg.compile(definition.inputs, definition.outputs, updates=definition.updates)
    return bind(function, definition.arguments)


def bind(function: Callable[..., Any], arguments: list[Any]) -> Step:
    """A call of `function` on fixed arrays."""
    return lambda: function(*arguments)[0]


def define(work: Workload) -> Definition:
    """The graph and the gradient graph of a workload."""
    match work:
        case Circuit():
            return circuit(work)
        case Fused():
            return fused(work)
        case Mlp():
            return mlp(work)


def circuit(work: Circuit) -> Definition:
    a = sg.variable("a", (len(work.values),))
    y = sg.nn.sigmoid(a[0] * a[1] + a[2] * a[3] + a[4])
    return Definition([a], [y, sg.grad(y, a)], None, [work.arrays()])


def fused(work: Fused) -> Definition:
    x = sg.variable("x", (work.size,), dtype="float32")
    y = sg.variable("y", (work.size,), dtype="float32")
    value = sg.sum(sg.nn.gelu(x) * sg.tanh(y) + sg.nn.sigmoid(x * y))
    return Definition([x, y], [value, *sg.grad(value, [x, y])], None, list(work.arrays()))


ACTIVATIONS = {"relu": sg.nn.relu, "sigmoid": sg.nn.sigmoid, "gelu": sg.nn.gelu}


def mlp(work: Mlp) -> Definition:
    data = work.arrays()
    examples = sg.variable("X", data.examples.shape, dtype="float32")
    targets = sg.variable("Y", data.targets.shape, dtype=str(data.targets.dtype))
    weights = [sg.variable(f"W{i}", w.shape, dtype="float32") for i, w in enumerate(data.weights)]
    biases = [sg.variable(f"b{i}", b.shape, dtype="float32") for i, b in enumerate(data.biases)]

    h = examples
    for i, weight in enumerate(weights):
        h = h @ weight
        if biases:
            h = h + biases[i]
        if i < len(weights) - 1:
            h = ACTIVATIONS[work.activation](h)
    match work.loss:
        case "squared_error":
            loss = sg.nn.squared_error(h, targets, reduction="sum")
        case "cross_entropy":
            loss = sg.nn.cross_entropy(h, targets)
        case "hinge":
            loss = sg.nn.hinge(h, targets)
    if work.penalty:
        loss = loss + work.penalty * sum(sg.sum(weight * weight) for weight in weights)

    parameters = weights + biases
    gradients = sg.grad(loss, parameters)
    updates = {p: p - work.learning_rate * g for p, g in zip(parameters, gradients, strict=True)}
    arguments = [data.examples, data.targets, data.weights, data.biases]
    return Definition([examples, targets, weights, biases], [loss], updates, arguments)

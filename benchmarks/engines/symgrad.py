"""The workloads on symgrad's public interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import codegen.function  # noqa: F401 - the first compilation would import it
import symgrad as sg
from benchmarks.workloads import Array, Block, Circuit, Cnn, Fused, Lstm, Mlp, Step, Workload


class Definition(NamedTuple):
    """A workload as `sg.compile` takes it, and the arrays to call it with; the first output is the loss."""

    inputs: list[Any]
    outputs: list[Any]
    updates: dict[Any, Any] | None
    arguments: list[Any]

    def compile(self) -> Any:
        return sg.compile(self.inputs, self.outputs, updates=self.updates)


def build(work: Workload) -> Step:
    definition = define(work)
    return bind(definition.compile(), definition.arguments)


def bind(function: Callable[..., Any], arguments: list[Any]) -> Step:
    """A call of `function` on fixed arrays."""
    return lambda: function(*arguments)[0]


def memory(work: Workload) -> dict[str, int] | None:
    """What the compiled function says that a call takes; None from a version that does not say."""
    told = getattr(define(work).compile(), "memory", None)
    return told and {"temporaries": told.arena_bytes, "peak": told.peak_bytes}


def define(work: Workload) -> Definition:
    """The graph and the gradient graph of a workload."""
    match work:
        case Circuit():
            return circuit(work)
        case Fused():
            return fused(work)
        case Mlp():
            return mlp(work)
        case Cnn():
            return cnn(work)
        case Block():
            return block(work)
        case Lstm():
            return lstm(work)


def variables(name: str, arrays: list[Array]) -> list[sg.Tensor]:
    """Variables for arrays, numbered."""
    return [variable(f"{name}{i}", array) for i, array in enumerate(arrays)]


def variable(name: str, array: Array) -> sg.Tensor:
    return sg.variable(name, array.shape, dtype=str(array.dtype))


def descent(loss: sg.Tensor, parameters: list[sg.Tensor], rate: float) -> dict[Any, Any]:
    """The updates of gradient descent."""
    return {p: p - rate * g for p, g in zip(parameters, sg.grad(loss, parameters), strict=True)}


def circuit(work: Circuit) -> Definition:
    a = sg.variable("a", (len(work.values),))
    y = sg.nn.sigmoid(a[0] * a[1] + a[2] * a[3] + a[4])
    return Definition([a], [y, sg.grad(y, a)], None, [work.arrays()])


def fused(work: Fused) -> Definition:
    arrays = list(work.arrays())
    x, y = vectors = variables("x", arrays)
    value = sg.sum(sg.nn.gelu(x) * sg.tanh(y) + sg.nn.sigmoid(x * y))
    return Definition(vectors, [value, *sg.grad(value, vectors)], None, arrays)


ACTIVATIONS = {"relu": sg.nn.relu, "sigmoid": sg.nn.sigmoid, "gelu": sg.nn.gelu}


def mlp(work: Mlp) -> Definition:
    data = work.arrays()
    examples, targets = variable("X", data.examples), variable("Y", data.targets)
    weights, biases = variables("W", data.weights), variables("b", data.biases)

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

    updates = descent(loss, weights + biases, work.learning_rate)
    arguments = [data.examples, data.targets, data.weights, data.biases]
    return Definition([examples, targets, weights, biases], [loss], updates, arguments)


def cnn(work: Cnn) -> Definition:
    data = work.arrays()
    images, labels = variable("X", data.images), variable("Y", data.labels)
    parameters = kernel1, bias1, kernel2, bias2, weight, bias = variables("p", data.parameters)

    h = sg.nn.max_pool2d(sg.nn.relu(sg.nn.conv2d(images, kernel1, bias1)), 2)
    h = sg.nn.max_pool2d(sg.nn.relu(sg.nn.conv2d(h, kernel2, bias2)), 2)
    loss = sg.nn.cross_entropy(h.reshape(work.rows, work.features) @ weight + bias, labels)

    updates = descent(loss, parameters, work.learning_rate)
    return Definition([images, labels, parameters], [loss], updates, [data.images, data.labels, data.parameters])


def block(work: Block) -> Definition:
    data = work.arrays()
    batch, length, c = data.inputs.shape
    h = inputs = variable("X", data.inputs)
    parameters = variables("p", data.parameters)

    def heads_of(x: sg.Tensor, which: int) -> sg.Tensor:
        part = x[:, :, which * c : (which + 1) * c]
        return part.reshape(batch, length, work.heads, c // work.heads).transpose(0, 2, 1, 3)

    for layer in range(work.layers):
        qkv, project, up, down, gain1, bias1, gain2, bias2 = parameters[layer * 8 : layer * 8 + 8]
        normal = sg.nn.layer_norm(h, gain1, bias1) @ qkv
        heads = sg.nn.attention(*(heads_of(normal, which) for which in range(3)), causal=True)
        h = h + heads.transpose(0, 2, 1, 3).reshape(batch, length, c) @ project
        h = h + sg.nn.gelu(sg.nn.layer_norm(h, gain2, bias2) @ up) @ down
    return differentiated(sg.mean(h * h), inputs, parameters, [data.inputs, data.parameters])


def lstm(work: Lstm) -> Definition:
    data = work.arrays()
    inputs = variable("X", data.inputs)
    parameters = variables("p", data.parameters)
    input_weight, state_weight, bias = parameters

    h = c = sg.zeros((work.batch, work.width), dtype="float32")
    for step in range(work.steps):
        h, c = sg.nn.lstm_cell(inputs[step], (h, c), input_weight, state_weight, bias)
    return differentiated(sg.mean(h * h), inputs, parameters, [data.inputs, data.parameters])


def differentiated(
    value: sg.Tensor, inputs: sg.Tensor, parameters: list[sg.Tensor], arguments: list[Any]
) -> Definition:
    """A value and its gradients by the parameters."""
    return Definition([inputs, parameters], [value, *sg.grad(value, parameters)], None, arguments)

"""The workloads in JAX: jit, with the parameters' buffers donated to the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from benchmarks.workloads import Block, Circuit, Cnn, Fused, Lstm, Mlp, Step, Workload


class Definition(NamedTuple):
    """A compiled function, to be called with `parameters` and `data`.

    It returns the loss, and the new values of the parameters where `trains` is set, otherwise their gradients.
    """

    function: Any
    parameters: Any
    data: tuple[jax.Array, ...]
    trains: bool


def build(work: Workload) -> Step:
    function, parameters, data, trains = define(work)

    def step() -> float:
        nonlocal parameters
        loss, results = function(parameters, *data)
        jax.block_until_ready(results)
        if trains:
            parameters = results
        return float(loss)

    return step


def memory(work: Workload) -> dict[str, int]:
    """What XLA says that its program takes."""
    function, parameters, data, _ = define(work)
    analysis = function.lower(parameters, *data).compile().memory_analysis()
    results = analysis.output_size_in_bytes - analysis.alias_size_in_bytes
    return {"temporaries": analysis.temp_size_in_bytes, "peak": analysis.temp_size_in_bytes + results}


def define(work: Workload) -> Definition:
    jax.config.update("jax_enable_x64", isinstance(work, Circuit))
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


def training(loss: Callable[..., jax.Array], rate: float, parameters: Any, *data: jax.Array) -> Definition:
    """A step of gradient descent."""

    def update(parameters: Any, *data: jax.Array) -> tuple[jax.Array, Any]:
        value, gradients = jax.value_and_grad(loss)(parameters, *data)
        return value, jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)

    return Definition(jax.jit(update, donate_argnums=0), parameters, data, trains=True)


def differentiated(value: Callable[..., jax.Array], parameters: Any, *data: jax.Array) -> Definition:
    """A value and its gradients."""
    return Definition(jax.jit(jax.value_and_grad(value)), parameters, data, trains=False)


def gelu(x: jax.Array) -> jax.Array:
    return jax.nn.gelu(x, approximate=False)


ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "gelu": gelu}


def cross_entropy(scores: jax.Array, labels: jax.Array) -> jax.Array:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], 1))


def circuit(work: Circuit) -> Definition:
    return differentiated(lambda a: 1 / (1 + jnp.exp(-(a[0] * a[1] + a[2] * a[3] + a[4]))), jnp.array(work.arrays()))


def fused(work: Fused) -> Definition:
    def value(vectors: tuple[jax.Array, jax.Array]) -> jax.Array:
        x, y = vectors
        return (gelu(x) * jnp.tanh(y) + jax.nn.sigmoid(x * y)).sum()

    return differentiated(value, tuple(jnp.array(array) for array in work.arrays()))


def mlp(work: Mlp) -> Definition:
    data = work.arrays()

    def total_loss(parameters: Any, examples: jax.Array, targets: jax.Array) -> jax.Array:
        weights, biases = parameters
        h = examples
        for i, weight in enumerate(weights):
            h = h @ weight
            if biases:
                h = h + biases[i]
            if i < len(weights) - 1:
                h = ACTIVATIONS[work.activation](h)
        if work.loss == "squared_error":
            loss = ((h - targets) ** 2).sum()
        elif work.loss == "cross_entropy":
            loss = cross_entropy(h, targets)
        else:
            margins = jnp.maximum(h - jnp.take_along_axis(h, targets[:, None], 1) + 1, 0)
            loss = (margins.sum() - len(targets)) / len(targets)
        if work.penalty:
            loss = loss + work.penalty * sum((weight * weight).sum() for weight in weights)
        return loss

    parameters = ([jnp.array(array) for array in data.weights], [jnp.array(array) for array in data.biases])
    return training(total_loss, work.learning_rate, parameters, jnp.array(data.examples), jnp.array(data.targets))


def cnn(work: Cnn) -> Definition:
    data = work.arrays()

    def convolution(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
        axes = ("NCHW", "OIHW", "NCHW")
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=axes) + bias[:, None, None]

    def pool(x: jax.Array) -> jax.Array:
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(parameters: list[jax.Array], images: jax.Array, labels: jax.Array) -> jax.Array:
        kernel1, bias1, kernel2, bias2, weight, bias = parameters
        h = pool(jax.nn.relu(convolution(images, kernel1, bias1)))
        h = pool(jax.nn.relu(convolution(h, kernel2, bias2)))
        return cross_entropy(h.reshape(work.rows, -1) @ weight + bias, labels)

    parameters = [jnp.array(array) for array in data.parameters]
    return training(loss, work.learning_rate, parameters, jnp.array(data.images), jnp.array(data.labels))


def block(work: Block) -> Definition:
    data = work.arrays()
    size = work.width // work.heads
    hidden = jnp.triu(jnp.ones((work.length, work.length), bool), 1)

    def layer_norm(x: jax.Array, gain: jax.Array, bias: jax.Array) -> jax.Array:
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gain + bias

    def split_heads(x: jax.Array) -> jax.Array:
        return x.reshape(work.batch, work.length, work.heads, size).transpose(0, 2, 1, 3)

    def value(parameters: list[jax.Array], inputs: jax.Array) -> jax.Array:
        h = inputs
        for layer in range(work.layers):
            qkv, project, up, down, gain1, bias1, gain2, bias2 = parameters[layer * 8 : layer * 8 + 8]
            q, k, v = map(split_heads, jnp.split(layer_norm(h, gain1, bias1) @ qkv, 3, -1))
            scores = jnp.where(hidden, -jnp.inf, q @ k.transpose(0, 1, 3, 2) * size**-0.5)
            heads = jax.nn.softmax(scores, -1) @ v
            h = h + heads.transpose(0, 2, 1, 3).reshape(inputs.shape) @ project
            h = h + gelu(layer_norm(h, gain2, bias2) @ up) @ down
        return (h * h).mean()

    return differentiated(value, [jnp.array(array) for array in data.parameters], jnp.array(data.inputs))


def lstm(work: Lstm) -> Definition:
    data = work.arrays()

    def value(parameters: list[jax.Array], inputs: jax.Array) -> jax.Array:
        input_weight, state_weight, bias = parameters

        def cell(carry: tuple[jax.Array, jax.Array], x: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
            h, c = carry
            i, f, g, o = jnp.split(x @ input_weight + h @ state_weight + bias, 4, 1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((work.batch, work.width))
        (h, _), _ = jax.lax.scan(cell, (zeros, zeros), inputs)
        return (h * h).mean()

    return differentiated(value, [jnp.array(array) for array in data.parameters], jnp.array(data.inputs))

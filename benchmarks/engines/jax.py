"""The workloads in JAX: jit, with the parameters' buffers donated to the step."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.workloads import Circuit, Fused, Mlp, Step, Workload


def gelu(x: jax.Array) -> jax.Array:
    return jax.nn.gelu(x, approximate=False)


ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "gelu": gelu}


def build(work: Workload) -> Step:
    match work:
        case Circuit():
            return circuit(work)
        case Fused():
            return fused(work)
        case Mlp():
            return mlp(work)


def circuit(work: Circuit) -> Step:
    jax.config.update("jax_enable_x64", True)
    a = jnp.array(work.arrays())
    function = jax.jit(jax.value_and_grad(lambda a: 1 / (1 + jnp.exp(-(a[0] * a[1] + a[2] * a[3] + a[4])))))

    def step() -> float:
        y, _ = function(a)
        return float(y)

    return step


def fused(work: Fused) -> Step:
    x, y = (jnp.array(array) for array in work.arrays())

    def value(x: jax.Array, y: jax.Array) -> jax.Array:
        return (gelu(x) * jnp.tanh(y) + jax.nn.sigmoid(x * y)).sum()

    function = jax.jit(jax.value_and_grad(value, (0, 1)))

    def step() -> float:
        result, gradients = function(x, y)
        jax.block_until_ready(gradients)
        return float(result)

    return step


def mlp(work: Mlp) -> Step:
    data = work.arrays()
    examples, targets = jnp.array(data.examples), jnp.array(data.targets)
    parameters: Any = ([jnp.array(array) for array in data.weights], [jnp.array(array) for array in data.biases])

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
            loss = -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), targets[:, None], 1))
        else:
            margins = jnp.maximum(h - jnp.take_along_axis(h, targets[:, None], 1) + 1, 0)
            loss = (margins.sum() - len(targets)) / len(targets)
        if work.penalty:
            loss = loss + work.penalty * sum((weight * weight).sum() for weight in weights)
        return loss

    def update(parameters: Any, examples: jax.Array, targets: jax.Array) -> tuple[jax.Array, Any]:
        loss, gradients = jax.value_and_grad(total_loss)(parameters, examples, targets)
        return loss, jax.tree.map(lambda p, g: p - work.learning_rate * g, parameters, gradients)

    function = jax.jit(update, donate_argnums=0)

    def step() -> float:
        nonlocal parameters
        loss, parameters = function(parameters, examples, targets)
        jax.block_until_ready(parameters)
        return float(loss)

    return step

"""The workloads in PyTorch, eager or through torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch._inductor.compile_fx  # the first compilation would import it
import torch.nn.functional as F

from benchmarks.workloads import Array, Block, Circuit, Cnn, Fused, Lstm, Mlp, Step, Workload

ACTIVATIONS = {"relu": F.relu, "sigmoid": torch.sigmoid, "gelu": F.gelu}


class Definition(NamedTuple):
    """A value as a function of `data` and `parameters`, and, where a call is a step of training, its rate."""

    value: Callable[..., torch.Tensor]
    parameters: list[torch.Tensor]
    data: tuple[torch.Tensor, ...] = ()
    rate: float | None = None


def build(work: Workload, compiled: bool) -> Step | None:
    if isinstance(work, Circuit) and compiled:
        return None
    value, parameters, data, rate = define(work, compiled)
    function = torch.compile(value) if compiled else value

    def step() -> float:
        result = function(*data, *parameters)
        gradients = torch.autograd.grad(result, parameters)
        if rate is not None:
            with torch.no_grad():
                torch._foreach_add_(parameters, gradients, alpha=-rate)
        return result.item()

    return step


def memory(work: Workload, compiled: bool) -> dict[str, int] | None:
    """The most that its allocator has handed out at once during a call; libraries take more for themselves."""
    step = build(work, compiled)
    if step is None:
        return None
    for _ in range(2):
        step()
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        step()
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return {"peak": peak}


def define(work: Workload, compiled: bool) -> Definition:
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
            return unrolled_lstm(work) if compiled else lstm(work)


def trained(arrays: list[Array]) -> list[torch.Tensor]:
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def circuit(work: Circuit) -> Definition:
    def value(a: torch.Tensor) -> torch.Tensor:
        return 1 / (1 + torch.exp(-(a[0] * a[1] + a[2] * a[3] + a[4])))

    return Definition(value, trained([work.arrays()]))


def fused(work: Fused) -> Definition:
    def value(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (F.gelu(x) * torch.tanh(y) + torch.sigmoid(x * y)).sum()

    return Definition(value, trained(list(work.arrays())))


def mlp(work: Mlp) -> Definition:
    data = work.arrays()
    layers = len(data.weights)

    def loss(examples: torch.Tensor, targets: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        weights, biases = parameters[:layers], parameters[layers:]
        h = examples
        for i, weight in enumerate(weights):
            h = h @ weight
            if biases:
                h = h + biases[i]
            if i < layers - 1:
                h = ACTIVATIONS[work.activation](h)
        if work.loss == "squared_error":
            loss = ((h - targets) ** 2).sum()
        elif work.loss == "cross_entropy":
            loss = F.cross_entropy(h, targets)
        else:
            margins = torch.clamp(h - h.gather(1, targets[:, None]) + 1, min=0)
            loss = (margins.sum() - len(targets)) / len(targets)
        if work.penalty:
            loss = loss + work.penalty * sum((weight * weight).sum() for weight in weights)
        return loss

    fixed = torch.tensor(data.examples), torch.tensor(data.targets)
    return Definition(loss, trained(data.weights + data.biases), fixed, work.learning_rate)


def cnn(work: Cnn) -> Definition:
    data = work.arrays()

    def loss(images: torch.Tensor, labels: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        kernel1, bias1, kernel2, bias2, weight, bias = parameters
        h = F.max_pool2d(F.relu(F.conv2d(images, kernel1, bias1)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, kernel2, bias2)), 2)
        return F.cross_entropy(h.flatten(1) @ weight + bias, labels)

    fixed = torch.tensor(data.images), torch.tensor(data.labels)
    return Definition(loss, trained(data.parameters), fixed, work.learning_rate)


def block(work: Block) -> Definition:
    data = work.arrays()
    c, size = work.width, work.width // work.heads

    def split_heads(x: torch.Tensor) -> torch.Tensor:
        return x.view(work.batch, work.length, work.heads, size).transpose(1, 2)

    def value(inputs: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        h = inputs
        for layer in range(work.layers):
            qkv, project, up, down, gain1, bias1, gain2, bias2 = parameters[layer * 8 : layer * 8 + 8]
            q, k, v = map(split_heads, (F.layer_norm(h, (c,), gain1, bias1) @ qkv).split(c, -1))
            heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            h = h + heads.transpose(1, 2).reshape(inputs.shape) @ project
            h = h + F.gelu(F.layer_norm(h, (c,), gain2, bias2) @ up) @ down
        return (h * h).mean()

    return Definition(value, trained(data.parameters), (torch.tensor(data.inputs),))


def lstm(work: Lstm) -> Definition:
    """With PyTorch's own layer."""
    data = work.arrays()
    layer = torch.nn.LSTM(work.width, work.width)
    layer.bias_hh_l0.requires_grad_(False).zero_()  # it has two biases, of which one will do
    parameters = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
    with torch.no_grad():
        for parameter, array in zip(parameters, data.parameters, strict=True):
            parameter.copy_(torch.tensor(array.T))

    def value(inputs: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        outputs, _ = layer(inputs)
        return (outputs[-1] ** 2).mean()

    return Definition(value, parameters, (torch.tensor(data.inputs),))


def unrolled_lstm(work: Lstm) -> Definition:
    """Step by step: torch.compile does not look into PyTorch's own layer."""
    data = work.arrays()

    def value(
        inputs: torch.Tensor, input_weight: torch.Tensor, state_weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        h = c = torch.zeros(work.batch, work.width)
        for x in inputs:
            i, f, g, o = (x @ input_weight + h @ state_weight + bias).split(work.width, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return (h * h).mean()

    return Definition(value, trained(data.parameters), (torch.tensor(data.inputs),))

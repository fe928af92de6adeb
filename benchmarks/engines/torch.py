"""The workloads in PyTorch, eager or through torch.compile."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from benchmarks.workloads import Circuit, Fused, Mlp, Step, Workload

ACTIVATIONS = {"relu": F.relu, "sigmoid": torch.sigmoid, "gelu": F.gelu}


def build(work: Workload, compiled: bool) -> Step | None:
    match work:
        case Circuit():
            return None if compiled else circuit(work)
        case Fused():
            return fused(work, compiled)
        case Mlp():
            return mlp(work, compiled)


def circuit(work: Circuit) -> Step:
    a = torch.tensor(work.arrays(), requires_grad=True)

    def step() -> float:
        y = 1 / (1 + torch.exp(-(a[0] * a[1] + a[2] * a[3] + a[4])))
        torch.autograd.grad(y, a)
        return y.item()

    return step


def fused(work: Fused, compiled: bool) -> Step:
    x, y = (torch.tensor(array, requires_grad=True) for array in work.arrays())

    def value(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (F.gelu(x) * torch.tanh(y) + torch.sigmoid(x * y)).sum()

    function = torch.compile(value) if compiled else value

    def step() -> float:
        result = function(x, y)
        torch.autograd.grad(result, (x, y))
        return result.item()

    return step


def mlp(work: Mlp, compiled: bool) -> Step:
    data = work.arrays()
    examples, targets = torch.tensor(data.examples), torch.tensor(data.targets)
    weights = [torch.tensor(array, requires_grad=True) for array in data.weights]
    biases = [torch.tensor(array, requires_grad=True) for array in data.biases]
    parameters = weights + biases

    def total_loss(
        examples: torch.Tensor, targets: torch.Tensor, weights: list[torch.Tensor], biases: list[torch.Tensor]
    ) -> torch.Tensor:
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
            loss = F.cross_entropy(h, targets)
        else:
            margins = torch.clamp(h - h.gather(1, targets[:, None]) + 1, min=0)
            loss = (margins.sum() - len(targets)) / len(targets)
        if work.penalty:
            loss = loss + work.penalty * sum((weight * weight).sum() for weight in weights)
        return loss

    function = torch.compile(total_loss) if compiled else total_loss

    def step() -> float:
        loss = function(examples, targets, weights, biases)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-work.learning_rate)
        return loss.item()

    return step

"""How long a formula takes to write: `python -m benchmarks.formulas`.

Gradients of about ten thousand nodes, the median of several runs in one process. Time should grow with the graph, so
each model is measured at half its size too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import symgrad as sg
from symgrad.graph import topological_order

ROUNDS = 5


def chain(length: int) -> list[sg.Tensor]:
    """Return the gradient of a long chain of scalar functions."""
    x = sg.variable("x", (8,))
    y = x
    for i in range(length):
        y = sg.tanh(y * sg.variable(f"w{i % 50}", (8,)) + x)
    return [sg.grad(sg.sum(y * y), x)]


def layers(count: int) -> list[sg.Tensor]:
    """Return the gradients of a deep network by its weights and biases."""
    h = sg.variable("X", (32, 8))
    parameters: list[sg.Tensor] = []
    for i in range(count):
        parameters += [sg.variable(f"W{i}", (8, 8)), sg.variable(f"b{i}", (8,))]
        h = sg.nn.relu(h @ parameters[-2] + parameters[-1])
    return sg.grad(sg.sum(h), parameters)


def recurrent(steps: int) -> list[sg.Tensor]:
    """Return the gradient of an unrolled recurrent network by its weights."""
    h, W = sg.variable("X", (32, 8)), sg.variable("W", (8, 8))
    for _ in range(steps):
        h = sg.tanh(h @ W)
    return [sg.grad(sg.sum(h), W)]


MODELS: dict[str, tuple[Callable[[int], list[sg.Tensor]], int]] = {
    "chain": (chain, 1250),
    "layers": (layers, 1000),
    "recurrent": (recurrent, 1250),
}


def seconds(gradient: list[sg.Tensor]) -> float:
    """Return the median time to write a gradient as text."""
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        sg.formula(gradient)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print a table: nodes and seconds, for each model at half its size and in full."""
    sg.formula(sg.variable("x"))  # what is imported with the first formula
    print(f"{'model':<12}{'nodes':>8}{'seconds':>10}")
    for name, (build, size) in MODELS.items():
        for part in (size // 2, size):
            gradient = build(part)
            print(f"{name:<12}{len(topological_order(gradient)):>8}{seconds(gradient):>10.2f}")


if __name__ == "__main__":
    main()

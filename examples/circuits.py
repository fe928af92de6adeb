"""Computational graphs of the lecture: values forward, gradients backward, gate by gate, as text and as pictures.

python examples/circuits.py [folder]    the pictures go there, as SVG; into ./circuits by default
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import symgrad as sg


def product_of_sum() -> sg.Trace:
    """Return the circuit f(x, y, z) = (x + y) z at (-2, 5, -4)."""
    x, y, z = (sg.variable(name) for name in "xyz")
    q = (x + y).named("q")
    return sg.trace(q * z, at={x: -2.0, y: 5.0, z: -4.0})


def neuron(lumped: bool) -> sg.Trace:
    """Return f = 1 / (1 + exp(-(w0 x0 + w1 x1 + w2))) gate by gate, or with its tail lumped into one sigmoid gate."""
    w0, x0, w1, x1, w2 = (sg.variable(name) for name in ("w0", "x0", "w1", "x1", "w2"))
    s = w0 * x0 + w1 * x1 + w2
    f = sg.nn.sigmoid(s) if lumped else 1 / (1 + sg.exp(-s))
    return sg.trace(f, at={w0: 2.0, x0: -1.0, w1: -3.0, x1: -2.0, w2: -3.0})


def gates() -> dict[str, sg.Trace]:
    """Return one circuit for each pattern: add distributes, multiply swaps, copy adds up, max routes."""
    x, y = sg.variable("x"), sg.variable("y")
    return {
        "add": sg.trace(2 * (x + y), {x: 3.0, y: 4.0}),
        "multiply": sg.trace(5 * (x * y), {x: 2.0, y: 3.0}),
        "copy": sg.trace(4 * x + 2 * x, {x: 7.0}),
        "max": sg.trace(9 * sg.maximum(x, y), {x: 4.0, y: 5.0}),
    }


def two_layer_net() -> sg.Trace:
    """Return a two-layer net with a penalty on its weights; what is named heads a group in the folded picture."""
    numbers = np.random.default_rng(0)
    shapes = {"X": (8, 5), "W1": (5, 6), "b1": (6,), "W2": (6, 3), "b2": (3,)}
    at = {sg.variable(name, shape): numbers.normal(size=shape) for name, shape in shapes.items()}
    X, W1, b1, W2, b2 = at
    labels = sg.variable("labels", (8,), "int64")
    h = sg.nn.relu(X @ W1 + b1).named("h")
    scores = (h @ W2 + b2).named("scores")
    data = sg.nn.cross_entropy(scores, labels).named("data")
    penalty = (0.1 * (sg.sum(W1 * W1) + sg.sum(W2 * W2))).named("penalty")
    return sg.trace((data + penalty).named("loss"), at | {labels: numbers.integers(0, 3, 8)})


def write_pictures(folder: Path) -> list[Path]:
    """Write all circuits into a folder, as SVG files, and return their paths."""
    net = two_layer_net()
    pictures = {
        "product_of_sum": product_of_sum().svg(),
        "neuron": neuron(lumped=False).svg(),
        "neuron_lumped": neuron(lumped=True).svg(),
        **{f"gate_{name}": circuit.svg() for name, circuit in gates().items()},
        "two_layer_net": net.svg(fold=False),
        "two_layer_net_folded": net.svg(fold=True),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.svg" for name in pictures]
    for path, picture in zip(paths, pictures.values(), strict=True):
        path.write_text(picture, encoding="utf-8")
    return paths


def main(folder: Path = Path("circuits")) -> None:
    """Print three circuits, and draw all of them."""
    print("f(x, y, z) = (x + y) z\n")
    print(product_of_sum().text())
    print("\nthe neuron, gate by gate\n")
    print(neuron(lumped=False).text())
    print("\nthe neuron, its tail lumped into one sigmoid gate: s (1 - s) does in one step what took four\n")
    print(neuron(lumped=True).text())
    print("\npictures, which every browser shows:\n")
    for path in write_pictures(folder):
        print(f"  {path}")


if __name__ == "__main__":
    main(*[Path(argument) for argument in sys.argv[1:2]])

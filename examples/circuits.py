"""Computational graphs of the lecture: values forward, gradients backward, gate by gate.

python examples/circuits.py
"""

from __future__ import annotations

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


def main() -> None:
    """Print the three circuits."""
    print("f(x, y, z) = (x + y) z\n")
    print(product_of_sum().text())
    print("\nthe neuron, gate by gate\n")
    print(neuron(lumped=False).text())
    print("\nthe neuron, its tail lumped into one sigmoid gate: s (1 - s) does in one step what took four\n")
    print(neuron(lumped=True).text())


if __name__ == "__main__":
    main()

"""Change one line of the loss and the gradients follow: nothing is derived by hand.

Fully connected networks of any depth and width, three losses, three penalties; every gradient is checked against finite
differences.

    python examples/losses.py
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import symgrad as sg

SAMPLES, FEATURES, CLASSES = 8, 5, 4

LOSSES = {
    "softmax cross-entropy": lambda scores, labels: sg.nn.cross_entropy(scores, labels),
    "hinge": lambda scores, labels: sg.nn.hinge(scores, labels, margin=1),
    "squared error": lambda scores, labels: sg.nn.squared_error(scores, sg.one_hot(labels, CLASSES)),
}
PENALTIES = {
    "none": lambda weights: 0.0,
    "L2": lambda weights: 0.01 * sg.nn.l2(weights),
    "L1": lambda weights: 0.01 * sg.nn.l1(weights),
    "elastic net": lambda weights: 0.01 * sg.nn.l2(weights) + 0.01 * sg.nn.l1(weights),
}


def network(widths: Sequence[int]) -> tuple[sg.Tensor, sg.Tensor, list[dict[str, sg.Tensor]], sg.Tensor]:
    """Return inputs, labels, parameters of each layer and scores of a fully connected network of hidden widths."""
    x = sg.variable("x", (SAMPLES, FEATURES))
    labels = sg.variable("labels", (SAMPLES,), dtype="int64")
    sizes = [FEATURES, *widths, CLASSES]
    layers = [
        {
            "W": sg.variable(f"W{i + 1}", (sizes[i], sizes[i + 1]), init="he"),
            "b": sg.variable(f"b{i + 1}", (sizes[i + 1],), init="normal"),
        }
        for i in range(len(sizes) - 1)
    ]
    h = x
    for i, layer in enumerate(layers):
        h = sg.nn.linear(h, layer["W"], layer["b"])
        if i < len(layers) - 1:
            h = sg.nn.relu(h).named(f"h{i + 1}")
    return x, labels, layers, h.named("scores")


def main() -> None:
    """Check the gradients of all combinations and print a table; then show how the formula changes with the loss."""
    generator = np.random.default_rng(0)
    inputs, targets = generator.standard_normal((SAMPLES, FEATURES)), generator.integers(0, CLASSES, SAMPLES)
    print(f"{'hidden layers':16} {'loss':22} {'penalty':12} value      gradient check")
    for widths in ((), (6,), (7, 6), (6, 6, 6, 6)):
        x, labels, layers, scores = network(widths)
        at = {x: inputs, labels: targets}
        values = sg.initialize(layers, seed=1)
        for layer, arrays in zip(layers, values, strict=True):
            at |= {layer[name]: arrays[name] for name in layer}
        for loss_name, loss in LOSSES.items():
            for penalty_name, penalty in PENALTIES.items():
                total = loss(scores, labels) + penalty([layer["W"] for layer in layers])
                check = sg.check_grad(total, layers, at=at)
                verdict = "passed" if check.passed else "FAILED"
                print(f"{widths!s:16} {loss_name:22} {penalty_name:12} {sg.evaluate(total, at):8.5f}   {verdict}")
    x, labels, layers, scores = network((6,))
    for loss_name, loss in LOSSES.items():
        print(f"\nwith {loss_name}:\n")
        print(sg.formula({"dL/dW2": sg.grad(loss(scores, labels), layers[1]["W"])}))


if __name__ == "__main__":
    main()

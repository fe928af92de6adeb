"""The lecture's two-layer network: hand-written NumPy and symgrad take the same steps.

N = 64 samples, 1000 inputs, 100 hidden sigmoid units, 10 outputs, sum of squares, 2000 steps of gradient descent with
rate 1e-4. On the left is the backward pass as one writes it by hand; on the right only the loss is written.

    python examples/two_layer_net.py
"""

from __future__ import annotations

import time

import numpy as np

import symgrad as sg

N, D_IN, H, D_OUT = 64, 1000, 100, 10
RATE, STEPS = 1e-4, 2000


def data() -> tuple[np.ndarray, ...]:
    """Return inputs, targets and initial weights."""
    generator = np.random.default_rng(0)
    return tuple(generator.standard_normal(shape) for shape in ((N, D_IN), (N, D_OUT), (D_IN, H), (H, D_OUT)))


def by_hand(x: np.ndarray, y: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> list[float]:
    """Train with the gradients of the lecture's slide; return the losses."""
    w1, w2 = w1.copy(), w2.copy()
    losses: list[float] = []
    for _ in range(STEPS):
        h = 1 / (1 + np.exp(-x.dot(w1)))
        y_pred = h.dot(w2)
        losses.append(np.square(y_pred - y).sum())
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h.T.dot(grad_y_pred)
        grad_h = grad_y_pred.dot(w2.T)
        grad_w1 = x.T.dot(grad_h * h * (1 - h))
        w1 -= RATE * grad_w1
        w2 -= RATE * grad_w2
    return losses


def with_symgrad(x: np.ndarray, y: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> tuple[list[float], str]:
    """Train with derived gradients; return the losses and what was derived."""
    X, Y = sg.variable("x", (N, D_IN)), sg.variable("y", (N, D_OUT))
    W1, W2 = sg.variable("w1", (D_IN, H)), sg.variable("w2", (H, D_OUT))
    h = sg.nn.sigmoid(X @ W1).named("h")
    y_pred = (h @ W2).named("y_pred")
    loss = sg.nn.squared_error(y_pred, Y, reduction="sum")
    grads = sg.grad(loss, [W1, W2])
    step = sg.compile([X, Y, W1, W2], loss, updates=sg.optim.sgd([W1, W2], grads, RATE))
    w1, w2 = w1.copy(), w2.copy()
    losses = [float(step(x, y, w1, w2)) for _ in range(STEPS)]
    return losses, sg.formula({"grad_w1": grads[0], "grad_w2": grads[1]})


def main() -> None:
    """Run both and compare."""
    arrays = data()
    start = time.perf_counter()
    hand = by_hand(*arrays)
    middle = time.perf_counter()
    derived, formulas = with_symgrad(*arrays)
    end = time.perf_counter()
    print("derived gradients:\n")
    print(formulas)
    print(f"\n{'step':>6} {'by hand':>22} {'symgrad':>22}")
    for t in (0, 1, 10, 100, 1000, STEPS - 1):
        print(f"{t:6d} {hand[t]:22.15g} {derived[t]:22.15g}")
    difference = max(abs(a - b) / abs(a) for a, b in zip(hand, derived, strict=True))
    print(f"\nlargest relative difference of the losses over {STEPS} steps: {difference:.1e}")
    print(f"{STEPS} steps by hand: {middle - start:.2f} s")
    print(f"{STEPS} steps with symgrad: {end - middle:.2f} s, deriving and compiling included")


if __name__ == "__main__":
    main()

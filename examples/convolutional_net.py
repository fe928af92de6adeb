"""A small convolutional network that learns handwritten digits (scikit-learn's, 8 x 8 pixels).

Two convolutions with pooling behind each, and a linear layer: the network is defined, the gradient of a kernel printed
as a formula and checked against finite differences, and the network trained in float32.

    python examples/convolutional_net.py
"""

from __future__ import annotations

import time

import numpy as np

import symgrad as sg

EPOCHS, BATCH = 12, 64
N = sg.dim("N")
X = sg.variable("X", (N, 1, 8, 8), dtype="float32")
LABELS = sg.variable("labels", (N,), dtype="int64")
SHAPES = {
    "K1": (16, 1, 3, 3),
    "b1": (16,),
    "K2": (32, 16, 3, 3),
    "b2": (32,),
    "W": (128, 10),
    "b": (10,),
}


def network(params: dict[str, sg.Tensor]) -> sg.Tensor:
    """Return the scores of the ten digits, (N, 10)."""
    h = sg.nn.relu(sg.nn.conv2d(X, params["K1"], params["b1"], padding="same"))
    h = sg.nn.max_pool2d(h, 2).named("h1")
    h = sg.nn.relu(sg.nn.conv2d(h, params["K2"], params["b2"], padding="same"))
    h = sg.nn.max_pool2d(h, 2).named("h2")
    return sg.nn.linear(h.reshape(N, 128), params["W"], params["b"]).named("scores")


def digits() -> tuple[np.ndarray, ...]:
    """Return training images and labels, test images and labels; pixels are numbers from 0 to 1."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    x, x_test, y, y_test = train_test_split(images, labels, test_size=360, random_state=0, stratify=labels)
    return x, y.astype(np.int64), x_test, y_test.astype(np.int64)


def main() -> None:
    """Derive, check, train."""
    x, y, x_test, y_test = digits()
    params = {
        name: sg.variable(name, shape, dtype="float32", init="he" if len(shape) > 1 else "zeros")
        for name, shape in SHAPES.items()
    }
    scores = network(params)
    loss = sg.nn.cross_entropy(scores, LABELS)

    print("the gradient of the second kernel:\n")
    print(sg.formula({"dL/dK2": sg.grad(loss, params["K2"])}))

    print("\nchecked against finite differences, on four images:\n")
    at = {X: x[:4], LABELS: y[:4]} | dict(zip(params.values(), sg.initialize(params).values(), strict=True))
    print(sg.check_grad(loss, params, at=at))

    start = time.perf_counter()
    run = sg.train.fit(
        loss,
        params,
        {X: x, LABELS: y},
        optimizer=sg.optim.adam,
        learning_rate=3e-3,
        epochs=EPOCHS,
        batch_size=BATCH,
        metrics={"accuracy": sg.mean(sg.equal(sg.argmax(scores, axis=1), LABELS))},
        validation={X: x_test, LABELS: y_test},
    )
    seconds = time.perf_counter() - start
    reached = run.metrics["accuracy"][-1]
    print(f"\n{len(run.loss)} steps in {seconds:.1f} s; accuracy on {len(x_test)} images never seen: {reached:.2%}")


if __name__ == "__main__":
    main()

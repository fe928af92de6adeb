"""See, trust and run the gradients of a model: the first program to run.

1. The lecture's neuron as a circuit, with values and gradients at every gate.
2. A two-layer network on real images (scikit-learn's handwritten digits): the derived formula of its gradient, a check
   against    finite differences, training, and a picture of what it learned.

    python examples/quickstart.py
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

import symgrad as sg

HIDDEN, EPOCHS, BATCH = 100, 40, 64
PICTURE = Path("quickstart.png")


def heading(text: str) -> None:
    """Print a line that stands out."""
    print(f"\n== {text}\n")


def neuron() -> None:
    """Print the lecture's neuron, f(w, x) = 1 / (1 + exp(-(w0 x0 + w1 x1 + w2))), gate by gate."""
    w0, x0, w1, x1, w2 = (sg.variable(name) for name in ("w0", "x0", "w1", "x1", "w2"))
    f = 1 / (1 + sg.exp(-(w0 * x0 + w1 * x1 + w2)))
    trace = sg.trace(f, at={w0: 2.0, x0: -1.0, w1: -3.0, x1: -2.0, w2: -3.0})
    print(trace.text())


def digits() -> tuple[np.ndarray, ...]:
    """Return training images and labels, test images and labels: 8x8 images as rows of 64 numbers from 0 to 1."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    x, x_test, y, y_test = train_test_split(images, labels, test_size=360, random_state=0, stratify=labels)
    return x, y.astype(np.int64), x_test, y_test.astype(np.int64)


def picture(run: sg.train.History, images: np.ndarray, labels: np.ndarray, predicted: np.ndarray) -> None:
    """Save the curves of loss and accuracy, and some test images with what the network takes them for."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(11, 6.5), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    left, right = upper.subplots(1, 2)
    left.semilogy(run.loss, color="0.8", linewidth=0.8, label="every step")
    steps = len(run.loss) // EPOCHS
    left.semilogy(np.arange(1, EPOCHS + 1) * steps, run.metrics["loss"], color="C0", label="mean of an epoch")
    left.set(xlabel="step", ylabel="loss", title="training loss")
    left.legend(frameon=False)
    right.plot(np.arange(1, EPOCHS + 1), [100 * a for a in run.metrics["accuracy"]], color="C2")
    right.axhline(97, color="0.7", linewidth=0.8, linestyle="--")
    reached = run.metrics["accuracy"][-1]
    right.set(xlabel="epoch", ylabel="%", title=f"test accuracy: {reached:.1%}", ylim=(80, 100.5))
    wrong = np.flatnonzero(predicted != labels)[:6]
    right_ones = np.flatnonzero(predicted == labels)[: 24 - len(wrong)]
    for axes, i in zip(lower.subplots(2, 12).ravel(), [*right_ones, *wrong], strict=False):
        axes.imshow(images[i].reshape(8, 8), cmap="gray_r")
        good = predicted[i] == labels[i]
        axes.set_title(
            str(predicted[i]) if good else f"{predicted[i]}, not {labels[i]}", color="C2" if good else "C3", fontsize=9
        )
        axes.set_axis_off()
    lower.suptitle("test images and predictions", fontsize=10)
    figure.savefig(PICTURE, dpi=110)


def network() -> None:
    """Define a network, look at its gradient, check it, train it."""
    x, y, x_test, y_test = digits()
    N = sg.dim("N")
    X = sg.variable("X", (N, 64), dtype="float32")
    labels = sg.variable("labels", (N,), dtype="int64")
    params = {
        "W1": sg.variable("W1", (64, HIDDEN), dtype="float32", init="he"),
        "b1": sg.variable("b1", (HIDDEN,), dtype="float32", init="zeros"),
        "W2": sg.variable("W2", (HIDDEN, 10), dtype="float32", init="he"),
        "b2": sg.variable("b2", (10,), dtype="float32", init="zeros"),
    }
    h = sg.nn.relu(X @ params["W1"] + params["b1"]).named("h")
    scores = (h @ params["W2"] + params["b2"]).named("scores")
    loss = sg.nn.cross_entropy(scores, labels) + 1e-4 * sg.nn.l2([params["W1"], params["W2"]])
    accuracy = sg.mean(sg.equal(sg.argmax(scores, axis=1), labels))

    heading("the gradient that was derived")
    print(sg.formula({"dL/dW1": sg.grad(loss, params["W1"])}))

    heading("is it right? checked against finite differences, on ten real images")
    at = {X: x[:10], labels: y[:10]} | dict(zip(params.values(), sg.initialize(params).values(), strict=True))
    print(sg.check_grad(loss, params, at=at))

    heading(f"training on {len(x)} images, in float32, compiled to machine code")
    start = time.perf_counter()
    run = sg.train.fit(
        loss,
        params,
        {X: x, labels: y},
        optimizer=sg.optim.momentum,
        learning_rate=sg.train.schedules.cosine(0.1, EPOCHS * -(-len(x) // BATCH)),
        epochs=EPOCHS,
        batch_size=BATCH,
        metrics={"accuracy": accuracy},
        validation={X: x_test, labels: y_test},
    )
    seconds = time.perf_counter() - start
    reached = run.metrics["accuracy"][-1]
    print(f"{len(run.loss)} steps in {seconds:.1f} s; accuracy on {len(x_test)} images never seen: {reached:.2%}")

    predict = sg.compile([X, params], sg.argmax(scores, axis=1))
    picture(run, x_test, y_test, predict(x_test, run.values))
    print(f"curves and predictions: {PICTURE.resolve()}")


def main() -> None:
    """Run both parts."""
    heading("the lecture's neuron, gate by gate")
    neuron()
    network()
    heading("where to look next")
    print("examples/two_layer_net.py   the lecture's network, by hand and derived: the same steps")
    print("f = sg.compile(...)         then f.source (NumPy), f.kernels, f.llvm_ir, f.assembly")
    print("README.md                   what else there is")


if __name__ == "__main__":
    main()

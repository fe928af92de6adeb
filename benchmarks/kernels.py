"""Loop nests on one core, each against NumPy's functions on the same graph: `python -m benchmarks.kernels [NAME ...]`.

A figure is the least of many short turns, in nanoseconds an element of the largest array. `traffic` is the share of the
machine's memory speed that the arrays of a call alone would need: near 1, no better code would help.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import symgrad as sg
from benchmarks.report import table
from symgrad.tensor import Tensor

TURN_SECONDS = 0.004
"""A turn repeats a call for about so long, so that reading the clock costs nothing."""

Case = tuple[list[Tensor], list[Tensor]]
"""Inputs and outputs."""


def pair(shape: Sequence[int], dtype: str = "float32") -> tuple[Tensor, Tensor]:
    """Return two variables of a shape."""
    return sg.variable("x", shape, dtype=dtype), sg.variable("y", shape, dtype=dtype)


def with_gradients(value: Tensor, wrt: list[Tensor]) -> Case:
    """Return a sum of values weighted unevenly, so that no gradient is a constant, and its gradients."""
    weights = sg.variable("w", value.shape, dtype=value.dtype.name)
    return [*wrt, weights], [value, *sg.grad(sg.sum(value * weights), wrt)]


def fused(size: int) -> Case:
    x, y = pair((size,))
    value = sg.sum(sg.nn.gelu(x) * sg.tanh(y) + sg.nn.sigmoid(x * y))
    return [x, y], [value, *sg.grad(value, [x, y])]


def unary(function: Callable[[Tensor], Tensor], shape: Sequence[int], dtype: str = "float32") -> Case:
    x, _ = pair(shape, dtype)
    return [x], [function(x)]


def backward(function: Callable[[Tensor], Tensor], shape: Sequence[int], dtype: str = "float32") -> Case:
    x, _ = pair(shape, dtype)
    return with_gradients(function(x), [x])


def cross_entropy(rows: int, columns: int, dtype: str = "float32") -> Case:
    scores, _ = pair((rows, columns), dtype)
    labels = sg.variable("labels", (rows,), dtype="int64")
    loss = sg.nn.cross_entropy(scores, labels)
    return [scores, labels], [loss, sg.grad(loss, scores)]


def layer_norm(rows: int, columns: int) -> Case:
    x, _ = pair((rows, columns))
    scale, shift = (sg.variable(name, (columns,), dtype="float32") for name in ("scale", "shift"))
    centred = x - sg.mean(x, axis=1, keepdims=True)
    variance = sg.mean(centred * centred, axis=1, keepdims=True)
    return with_gradients(centred / sg.sqrt(variance + 1e-5) * scale + shift, [x, scale, shift])


def lstm_gates(rows: int, width: int) -> Case:
    gates = sg.variable("x", (rows, 4 * width), dtype="float32")
    cell = sg.variable("c", (rows, width), dtype="float32")
    i, f, g, o = (gates[:, k * width : (k + 1) * width] for k in range(4))
    following = sg.nn.sigmoid(f) * cell + sg.nn.sigmoid(i) * sg.tanh(g)
    return [gates, cell], [following, sg.nn.sigmoid(o) * sg.tanh(following)]


def mixture(points: int, centres: int) -> Case:
    x = sg.variable("x", (points, 1, 2), dtype="float64")
    means = sg.variable("means", (1, centres, 2), dtype="float64")
    value = sg.sum(sg.logsumexp(-0.5 * sg.sum((x - means) ** 2, axis=2), axis=1))
    return [x, means], [value, *sg.grad(value, [x, means])]


def pad_backward(rows: int, columns: int) -> Case:
    x, _ = pair((rows, columns))
    return with_gradients(x[1:, 1:] * x[:-1, :-1], [x])


def concatenate(rows: int, columns: int) -> Case:
    x, y = pair((rows, columns))
    return [x, y], [sg.tanh(sg.concatenate([x, y], axis=1))]


MATRIX = (1000, 1000)

CASES: dict[str, Callable[[], Case]] = {
    "fused_1M": lambda: fused(1_000_000),
    "fused_16k": lambda: fused(16_384),
    "exp": lambda: unary(sg.exp, (65_536,)),
    "exp_f64": lambda: unary(sg.exp, (65_536,), "float64"),
    "log": lambda: unary(sg.log, (65_536,)),
    "log_f64": lambda: unary(sg.log, (65_536,), "float64"),
    "tanh": lambda: unary(sg.tanh, (65_536,)),
    "tanh_f64": lambda: unary(sg.tanh, (65_536,), "float64"),
    "sigmoid": lambda: unary(sg.nn.sigmoid, (65_536,)),
    "sigmoid_f64": lambda: unary(sg.nn.sigmoid, (65_536,), "float64"),
    "gelu": lambda: unary(sg.nn.gelu, (256, 256)),
    "gelu_f64": lambda: unary(sg.nn.gelu, (256, 256), "float64"),
    "gelu_backward": lambda: backward(sg.nn.gelu, (256, 256)),
    "gelu_backward_f64": lambda: backward(sg.nn.gelu, (256, 256), "float64"),
    "silu_backward": lambda: backward(sg.nn.silu, (256, 256)),
    "softmax_10": lambda: unary(lambda x: sg.nn.softmax(x, axis=1), (4096, 10)),
    "softmax_128": lambda: unary(lambda x: sg.nn.softmax(x, axis=1), (512, 128)),
    "cross_entropy_3": lambda: cross_entropy(16_384, 3),
    "cross_entropy_10": lambda: cross_entropy(4096, 10),
    "cross_entropy_128": lambda: cross_entropy(512, 128),
    "cross_entropy_1000": lambda: cross_entropy(64, 1000),
    "layer_norm_128": lambda: layer_norm(512, 128),
    "lstm_gates": lambda: lstm_gates(64, 256),
    "mixture": lambda: mixture(10_000, 5),
    "sum_all": lambda: unary(sg.sum, MATRIX),
    "sum_leading": lambda: unary(lambda x: sg.sum(x, axis=0), MATRIX),
    "sum_trailing": lambda: unary(lambda x: sg.sum(x, axis=1), MATRIX),
    "sum_trailing_10": lambda: unary(lambda x: sg.sum(x, axis=1), (10_000, 10)),
    "max_trailing": lambda: unary(lambda x: sg.max(x, axis=1), MATRIX),
    "row_broadcast": lambda: unary(lambda x: x * x[:1, :] + x[0, 0], MATRIX),
    "column_broadcast": lambda: unary(lambda x: x * x[:, :1], MATRIX),
    "transpose_add": lambda: unary(lambda x: x + x.T, MATRIX),
    "strided_slice": lambda: unary(lambda x: x[:, ::2] * 2, MATRIX),
    "strided_backward": lambda: backward(lambda x: x[:, ::2] * x[:, 1::2], MATRIX),
    "shift_backward": lambda: pad_backward(*MATRIX),
    "concatenate": lambda: concatenate(1000, 500),
    "cumsum_leading": lambda: unary(lambda x: sg.cumsum(x, axis=0), MATRIX),
    "cumsum_trailing": lambda: unary(lambda x: sg.cumsum(x, axis=1), MATRIX),
    "rows_of_7": lambda: unary(lambda x: x * x[:1, :] + x[:, :1], (10_000, 7)),
    "rows_of_17": lambda: unary(lambda x: x * x[:1, :] + x[:, :1], (4096, 17)),
    "tiny_5": lambda: backward(sg.nn.gelu, (5,)),
    "tiny_17": lambda: backward(sg.nn.gelu, (17,)),
}


def arguments(inputs: Sequence[Tensor]) -> list[np.ndarray[Any, Any]]:
    """Return random arrays for the inputs: between 1/10 and 3, where all functions are ordinary."""
    rng = np.random.default_rng(0)
    result: list[np.ndarray[Any, Any]] = []
    for x in inputs:
        shape = [int(size) for size in x.shape]
        whole = x.dtype.name == "int64"
        result.append((rng.integers(0, 3, shape) if whole else rng.uniform(0.1, 3, shape)).astype(x.dtype.name))
    return result


def memory_speed() -> float:
    """Return how many bytes a second one core copies: read and written, out of caches."""
    a = np.ones(1 << 25, np.uint8)
    b = np.ones_like(a)
    return 2 * a.nbytes / least(lambda: np.copyto(b, a), 0.3)


def least(call: Callable[[], object], seconds: float) -> float:
    """Return the least time of a call, in turns over so many seconds."""
    call()
    times = 1
    while (elapsed := timed(call, times)) < TURN_SECONDS and times < 1 << 20:
        times *= 2
    found = elapsed / times
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        found = min(found, timed(call, times) / times)
    return found


def timed(call: Callable[[], object], times: int) -> float:
    """Return the seconds that so many calls take."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of: " + ", ".join(CASES))
    parser.add_argument("--seconds", type=float, default=0.3, help="how long to measure each (default 0.3)")
    options = parser.parse_args()
    speed = memory_speed()
    rows: list[list[str]] = []
    for name in options.names or CASES:
        inputs, outputs = CASES[name]()
        arrays = arguments(inputs)
        compiled = sg.compile(inputs, outputs)
        numpy = sg.compile(inputs, outputs, backend="numpy")
        results = compiled(*arrays)
        for ours, theirs in zip(results, numpy(*arrays), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-3)
        seconds = least(lambda: compiled(*arrays), options.seconds)  # noqa: B023
        of_numpy = least(lambda: numpy(*arrays), options.seconds)  # noqa: B023
        elements = max(np.size(array) for array in (*arrays, *results))
        traffic = sum(np.asarray(array).nbytes for array in (*arrays, *results)) / speed
        rows.append(
            [
                name,
                f"{seconds / elements * 1e9:.2f}",
                f"{of_numpy / elements * 1e9:.2f}",
                f"{of_numpy / seconds:.1f}",
                f"{traffic / seconds:.2f}",
            ]
        )
        print(" ".join(rows[-1]), flush=True)
    print(table([["kernel", "ns", "NumPy ns", "speed-up", "traffic"], *rows]))


if __name__ == "__main__":
    main()

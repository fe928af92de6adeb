"""Pooling against loops over the windows, gradients against finite differences, and ties that share."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DtypeError, ShapeError

N = sg.dim("N")
RNG = np.random.default_rng(0)

CASES = [
    ((2, 3, 6, 8), 2, {}),
    ((1, 2, 7, 8), (2, 3), {}),
    ((1, 2, 7, 9), 3, {"stride": 2}),
    ((2, 7, 6), 3, {"stride": (1, 2), "padding": 1}),
    ((5, 5), 2, {"stride": 3, "padding": ((0, 1), (1, 1))}),
    ((0, 2, 4, 4), 2, {}),
]


def pooled(x, kernel, how, stride=None, padding=0, filling=0.0):
    kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
    stride = kernel if stride is None else (stride, stride) if isinstance(stride, int) else stride
    pairs = ((padding, padding),) * 2 if isinstance(padding, int) else padding
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + list(pairs), constant_values=filling)
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[-2:], kernel, stride, strict=True))
    result = np.empty((*x.shape[:-2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[..., i * stride[0] : i * stride[0] + kernel[0], j * stride[1] : j * stride[1] + kernel[1]]
            result[..., i, j] = how(window, axis=(-2, -1))
    return result


@pytest.mark.parametrize(("shape", "kernel", "options"), CASES)
def test_values(shape, kernel, options) -> None:
    x, array = sg.variable("x", shape), RNG.normal(size=shape)
    largest = sg.evaluate(sg.nn.max_pool2d(x, kernel, **options), {x: array})
    np.testing.assert_array_equal(largest, pooled(array, kernel, np.max, **options, filling=-np.inf))
    mean = sg.evaluate(sg.nn.avg_pool2d(x, kernel, **options), {x: array})
    np.testing.assert_allclose(mean, pooled(array, kernel, np.mean, **options), rtol=1e-12, atol=1e-14)
    real = sg.evaluate(sg.nn.avg_pool2d(x, kernel, **options, include_padding=False), {x: array})
    wanted = pooled(array, kernel, np.nanmean, **options, filling=np.nan)
    np.testing.assert_allclose(real, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("shape", "kernel", "options"), CASES)
@pytest.mark.parametrize("pool", [sg.nn.max_pool2d, sg.nn.avg_pool2d])
def test_gradients_are_finite_differences_and_back_ends_agree(pool, shape, kernel, options) -> None:
    x = sg.variable("x", shape)
    at = {x: RNG.permutation(np.arange(np.prod(shape))).reshape(shape) / 7.0}
    y = pool(x, kernel, **options)
    loss = sg.sum(sg.sin(y))
    sg.testing.assert_grad(loss, x, at=at)
    outputs = [y, sg.grad(loss, x)]
    for backend in ("llvm", "numpy"):
        found = sg.compile([x], outputs, backend=backend)(at[x])
        for a, b in zip(found, sg.evaluate(outputs, at), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_ties_share_the_gradient(backend: str) -> None:
    x = sg.variable("x", (2, 4), "float32")
    gradient = sg.compile([x], sg.grad(sg.sum(sg.nn.max_pool2d(x, 2)), x), backend=backend)
    array = np.array([[1, 1, 0, 5], [0, 1, 5, 5]], "float32")
    third = np.float32(1) / 3
    np.testing.assert_allclose(gradient(array), [[third, third, 0, third], [0, third, third, third]])


@pytest.mark.parametrize(
    "options",
    [
        {"kernel": 2},
        {"kernel": 3, "stride": 2},
        {"kernel": 3, "stride": 2, "padding": 1},
        {"kernel": 2, "stride": 3},
        {"kernel": (2, 1), "stride": 1},
    ],
)
@pytest.mark.parametrize("pool", [sg.nn.max_pool2d, sg.nn.avg_pool2d])
def test_run_time_sizes(pool, options) -> None:
    x = sg.variable("x", (N, 2, sg.dim("H"), sg.dim("W")))
    y = pool(x, **options)
    outputs = [y, sg.grad(sg.sum(sg.sin(y)), x)]
    functions = [sg.compile([x], outputs, backend=backend) for backend in ("llvm", "numpy")]
    for shape in ((2, 2, 4, 5), (1, 2, 3, 7), (0, 2, 6, 4)):
        array = RNG.normal(size=shape)
        for function in functions:
            for a, b in zip(function(array), sg.evaluate(outputs, {x: array}), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_whole_numbers_and_run_time_sizes() -> None:
    x = sg.variable("x", (N, 2, 2), "int32")
    array = -np.arange(12, dtype="int32").reshape(3, 2, 2)
    for run in (lambda y: sg.evaluate(y, {x: array}), lambda y: sg.compile([x], y)(array)):
        np.testing.assert_array_equal(run(sg.nn.max_pool2d(x, 2, padding=1))[:, 0, 0], [0, -4, -8])


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: sg.nn.max_pool2d(sg.variable("v", (3,)), 2), ShapeError, "over two axes"),
        (lambda: sg.nn.max_pool2d(sg.variable("m", (3, 3)) > 0, 2), DtypeError, "bool"),
        (lambda: sg.nn.avg_pool2d(sg.variable("m", (3, 3), "int64"), 2), DtypeError, "floating"),
        (lambda: sg.nn.max_pool2d(sg.variable("m", (3, 3)), 4), ShapeError, "does not fit"),
        (lambda: sg.nn.avg_pool2d(sg.variable("m", (3, 3)), 0), ShapeError, "the size of a window must be"),
    ],
)
def test_what_does_not_fit(build, error, message: str) -> None:
    with pytest.raises(error, match=message):
        build()

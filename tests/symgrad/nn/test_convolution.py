"""Convolutions against SciPy's correlation, their gradients against finite differences, and back ends that agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

import symgrad as sg
from symgrad.errors import GraphError, ShapeError

N, L = sg.dim("N"), sg.dim("L")
RNG = np.random.default_rng(0)


def correlated(x, kernel, stride, pairs, dilation, groups):
    """Return the convolution channel by channel, by SciPy, for any number of axes."""
    rank = kernel.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *pairs])
    wide = np.zeros((*kernel.shape[:2], *((n - 1) * d + 1 for n, d in zip(kernel.shape[2:], dilation, strict=True))))
    wide[(..., *(slice(None, None, d) for d in dilation))] = kernel
    outputs, channels = kernel.shape[:2]
    result = []
    for image in x:
        planes = []
        for o in range(outputs):
            first = o // (outputs // groups) * channels
            planes.append(sum(correlate(image[first + c], wide[o, c], "valid") for c in range(channels)))
        result.append(planes)
    return np.array(result)[(..., *(slice(None, None, s) for s in stride))] if rank else np.array(result)


CASES = [
    ((2, 3, 6, 7), (4, 3, 3, 2), {}),
    ((2, 3, 6, 7), (4, 3, 3, 3), {"padding": 1}),
    ((1, 2, 7, 8), (2, 2, 3, 3), {"padding": (1, 2), "stride": 2}),
    ((2, 2, 9, 8), (3, 2, 3, 3), {"padding": ((1, 2), (0, 1)), "stride": (2, 3), "dilation": (1, 2)}),
    ((1, 4, 6, 5), (6, 2, 3, 3), {"groups": 2, "padding": "same"}),
    ((2, 3, 5, 5), (3, 1, 2, 2), {"groups": 3, "stride": 2}),
    ((1, 2, 5, 6), (3, 2, 1, 1), {"stride": 2}),
    ((1, 1, 4, 4), (1, 1, 4, 4), {"padding": "valid"}),
    ((1, 1, 5, 5), (1, 1, 3, 3), {"padding": "same", "stride": 2}),
    ((1, 2, 9), (3, 2, 3), {"stride": 2, "padding": 1}),
    ((2, 2, 9), (4, 1, 3), {"dilation": 2, "groups": 2, "padding": ((3, 0),)}),
    ((0, 3, 6, 7), (4, 3, 3, 2), {}),
]


def pairs_of(options, x, kernel):
    rank = kernel.ndim - 2
    padding = options.get("padding", 0)
    stride, dilation = (options.get(name, 1) for name in ("stride", "dilation"))
    stride, dilation = ((s,) * rank if isinstance(s, int) else s for s in (stride, dilation))
    if padding == "valid":
        padding = 0
    if padding == "same":
        padding = []
        for n, k, s, d in zip(x.shape[2:], kernel.shape[2:], stride, dilation, strict=True):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            padding.append((total // 2, total - total // 2))
    if isinstance(padding, int):
        padding = (padding,) * rank
    return stride, [(p, p) if isinstance(p, int) else p for p in padding], dilation


def built(shape, kernel_shape, options, dtype="float64"):
    x, kernel, bias = (
        sg.variable(name, s, dtype) for name, s in (("x", shape), ("k", kernel_shape), ("b", kernel_shape[:1]))
    )
    convolution = sg.nn.conv2d if len(shape) == 4 else sg.nn.conv1d
    at = {t: RNG.normal(size=t.shape).astype(dtype) for t in (x, kernel, bias)}
    return convolution(x, kernel, bias, **options), [x, kernel, bias], at


@pytest.mark.parametrize(("shape", "kernel_shape", "options"), CASES)
def test_values_are_scipys(shape, kernel_shape, options) -> None:
    y, (x, kernel, bias), at = built(shape, kernel_shape, options)
    found = sg.evaluate(y, at)
    assert found.shape == y.shape
    if shape[0]:
        stride, pairs, dilation = pairs_of(options, at[x], at[kernel])
        wanted = correlated(at[x], at[kernel], stride, pairs, dilation, options.get("groups", 1))
        np.testing.assert_allclose(
            found, wanted + at[bias].reshape(-1, *[1] * (len(shape) - 2)), rtol=1e-12, atol=1e-13
        )


@pytest.mark.parametrize(("shape", "kernel_shape", "options"), CASES)
def test_gradients_are_finite_differences(shape, kernel_shape, options) -> None:
    y, params, at = built(shape, kernel_shape, options)
    sg.testing.assert_grad(sg.sum(sg.sin(y)), params, at=at)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "kernel_shape", "options"), CASES)
def test_back_ends_agree(shape, kernel_shape, options, dtype) -> None:
    y, params, at = built(shape, kernel_shape, options, dtype)
    outputs = [y, *sg.grad(sg.sum(sg.sin(y)), params)]
    wanted = sg.evaluate(outputs, at)
    for backend in ("llvm", "numpy"):
        found = sg.compile(params, outputs, backend=backend)(*at.values())
        for a, b in zip(found, wanted, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 if dtype == "float64" else 2e-4)


def test_second_derivatives() -> None:
    y, params, at = built((1, 2, 4, 5), (2, 2, 3, 3), {"stride": 2, "padding": 1})
    gradients = sg.grad(sg.sum(y**3), params)
    sg.testing.assert_grad(sum(sg.sum(sg.sin(g)) for g in gradients), params, at=at)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_run_time_batch(n: int) -> None:
    """And run-time sizes of the images, in one compiled function."""
    x, kernel = sg.variable("x", (N, 2, L, L)), sg.variable("k", (3, 2, 3, 3))
    y = sg.nn.conv2d(x, kernel, stride=2, padding=1)
    outputs = [y, *sg.grad(sg.sum(sg.sin(y)), [x, kernel])]
    functions = [sg.compile([x, kernel], outputs, backend=backend) for backend in ("llvm", "numpy")]
    for size in (1, 4, 5):
        at = {x: RNG.normal(size=(n, 2, size, size)), kernel: RNG.normal(size=(3, 2, 3, 3))}
        for function in functions:
            for a, b in zip(function(*at.values()), sg.evaluate(outputs, at), strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


def test_a_kernel_of_run_time_size() -> None:
    x, kernel = sg.variable("x", (N, 1, L)), sg.variable("k", (1, 1, sg.dim("S")))
    outputs = [y := sg.nn.conv1d(x, kernel), *sg.grad(sg.sum(sg.sin(y)), [x, kernel])]
    functions = [sg.compile([x, kernel], outputs, backend=backend) for backend in ("llvm", "numpy")]
    for n, length, size in ((2, 9, 4), (1, 3, 3), (0, 5, 1)):
        at = {x: RNG.normal(size=(n, 1, length)), kernel: RNG.normal(size=(1, 1, size))}
        wanted = sg.evaluate(outputs, at)
        if n:
            np.testing.assert_allclose(wanted[0][0, 0], np.correlate(at[x][0, 0], at[kernel][0, 0], "valid"))
        for function in functions:
            for a, b in zip(function(*at.values()), wanted, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
        with pytest.raises((ShapeError, ValueError)):
            functions[0](at[x][..., : size - 1], at[kernel])


def test_images_smaller_than_the_kernel_are_refused_at_the_call() -> None:
    x, kernel = sg.variable("x", (1, 1, L)), sg.variable("k", (1, 1, 3))
    y = sg.nn.conv1d(x, kernel)
    for backend in ("llvm", "numpy"):
        function = sg.compile([x, kernel], y, backend=backend)
        with pytest.raises((ShapeError, ValueError)):
            function(np.ones((1, 1, 2)), np.ones((1, 1, 3)))


def test_images_without_a_batch_and_with_two_batch_axes() -> None:
    x, kernel = sg.variable("x", (2, 3, 2, 6, 6)), sg.variable("k", (4, 2, 3, 3))
    at = {x: RNG.normal(size=x.shape), kernel: RNG.normal(size=kernel.shape)}
    whole = sg.evaluate(sg.nn.conv2d(x, kernel), at)
    assert whole.shape == (2, 3, 4, 4, 4)
    np.testing.assert_allclose(sg.evaluate(sg.nn.conv2d(x[1, 2], kernel), at), whole[1, 2], rtol=1e-13)


X, K = sg.variable("X", (2, 4, 6, 6)), sg.variable("K", (6, 4, 3, 3))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: sg.nn.conv2d(X[0, 0], K), ShapeError, "a 2-d convolution is of x"),
        (lambda: sg.nn.conv1d(X, K), ShapeError, "a kernel with 3 axes"),
        (lambda: sg.nn.conv2d(X, K[:, :3]), ShapeError, "is for 3 channels; x of shape .* has 4"),
        (lambda: sg.nn.conv2d(X, K, groups=2), ShapeError, "in 2 groups is for 8 channels"),
        (lambda: sg.nn.conv2d(X, K[:5, :2], groups=2), ShapeError, "5 output channels cannot be split into 2 groups"),
        (lambda: sg.nn.conv2d(X, K, groups=0), ShapeError, "in 0 groups"),
        (lambda: sg.nn.conv2d(X, K, sg.ones((5,))), ShapeError, "to 6 channels has shape"),
        (lambda: sg.nn.conv2d(X, K, stride=0), ShapeError, "the stride must be a positive int or 2 of them"),
        (lambda: sg.nn.conv2d(X, K, stride=(1, 1, 1)), ShapeError, "the stride"),
        (lambda: sg.nn.conv2d(X, K, dilation=3), ShapeError, "over 7 entries does not fit into an axis of size 6"),
        (lambda: sg.nn.conv2d(X, K, padding=-1), ShapeError, "the padding must be"),
        (lambda: sg.nn.conv2d(X, K, padding=((1, 1, 1), 0)), ShapeError, "the padding must be"),
        (lambda: sg.nn.conv2d(X, K, padding="full"), GraphError, '"same" or "valid"'),
        (lambda: sg.nn.conv1d(sg.variable("x", (1, 1, L)), K[:1, :1, 0], stride=2, padding="same"), ShapeError, "same"),
    ],
)
def test_what_does_not_fit(build, error, message: str) -> None:
    with pytest.raises(error, match=message):
        build()

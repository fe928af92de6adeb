"""Normalisation against its definition, and gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import GraphError, ShapeError

N = sg.dim("N")
RNG = np.random.default_rng(0)
X = sg.variable("X", (2, 3, 4))
AT = {X: RNG.normal(size=(2, 3, 4))}


@pytest.mark.parametrize("axes", [-1, 1, (1, 2), (0, 2), (-1, 0), (0, 1, 2)])
def test_layer_norm(axes) -> None:
    places = tuple(sorted(axis % 3 for axis in (axes if isinstance(axes, tuple) else (axes,))))
    sizes = tuple(X.shape[axis] for axis in places)
    weight, bias = sg.variable("weight", sizes), sg.variable("bias", sizes)
    at = AT | {weight: RNG.normal(size=sizes), bias: RNG.normal(size=sizes)}
    y = sg.nn.layer_norm(X, weight, bias, axes, eps=0.1)
    x = AT[X]
    kept = tuple(n if i in places else 1 for i, n in enumerate(x.shape))
    scaled = (x - x.mean(places, keepdims=True)) / np.sqrt(x.var(places, keepdims=True) + 0.1)
    wanted = scaled * at[weight].reshape(kept) + at[bias].reshape(kept)
    np.testing.assert_allclose(sg.evaluate(y, at), wanted, rtol=1e-12, atol=1e-13)
    sg.testing.assert_grad(sg.sum(sg.sin(y)), [X, weight, bias], at=at)


@pytest.mark.parametrize(("shape", "axis"), [((4, 3), 1), ((2, 3, 2, 2), 1), ((2, 3), -2)])
def test_batch_norm(shape, axis) -> None:
    x = sg.variable("x", shape)
    channels = (shape[axis],)
    weight, bias, mean, variance = (sg.variable(name, channels) for name in ("w", "b", "m", "v"))
    at = {x: RNG.normal(size=shape)} | {t: RNG.uniform(0.5, 2, size=channels) for t in (weight, bias, mean, variance)}
    others = tuple(i for i in range(len(shape)) if i != axis % len(shape))
    wide = tuple(n if i not in others else 1 for i, n in enumerate(shape))
    array, w, b, m, v = (at[t] if t is x else at[t].reshape(wide) for t in (x, weight, bias, mean, variance))
    trained = sg.nn.batch_norm(x, weight, bias, axis=axis)
    scaled = (array - array.mean(others, keepdims=True)) / np.sqrt(array.var(others, keepdims=True) + 1e-5)
    np.testing.assert_allclose(sg.evaluate(trained, at), scaled * w + b, rtol=1e-11, atol=1e-12)
    given = sg.nn.batch_norm(x, weight, bias, (mean, variance), axis)
    np.testing.assert_allclose(sg.evaluate(given, at), (array - m) / np.sqrt(v + 1e-5) * w + b, rtol=1e-12)
    plain = sg.nn.batch_norm(x, axis=axis)
    np.testing.assert_allclose(sg.evaluate(plain, at), scaled, rtol=1e-11, atol=1e-12)
    sg.testing.assert_grad(sg.sum(sg.sin(trained)), [x, weight, bias], at=at)
    sg.testing.assert_grad(sg.sum(sg.sin(given)), [x, weight, bias, mean, variance], at=at)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_back_ends_agree_for_a_run_time_batch(dtype: str) -> None:
    x, weight, bias = sg.variable("x", (N, 5), dtype), sg.variable("w", (5,), dtype), sg.variable("b", (5,), dtype)
    for y in (sg.nn.layer_norm(x, weight, bias), sg.nn.batch_norm(x, weight, bias)):
        outputs = [y, *sg.grad(sg.sum(y**3), [x, weight, bias])]
        functions = [sg.compile([x, weight, bias], outputs, backend=backend) for backend in ("llvm", "numpy")]
        for n in (2, 7):
            arrays = [RNG.normal(size=s).astype(dtype) for s in ((n, 5), (5,), (5,))]
            wanted = sg.evaluate(outputs, dict(zip((x, weight, bias), arrays, strict=True)))
            for function in functions:
                for a, b in zip(function(*arrays), wanted, strict=True):
                    assert a.dtype == b.dtype == dtype
                    np.testing.assert_allclose(a, b, rtol=0, atol=1e-10 if dtype == "float64" else 1e-2)


def test_equal_entries_have_finite_slopes() -> None:
    gradient = sg.evaluate(sg.grad(sg.sum(sg.nn.layer_norm(X) ** 2), X), {X: np.ones((2, 3, 4))})
    np.testing.assert_array_equal(gradient, np.zeros((2, 3, 4)))


def test_integers_are_normalised_as_floats() -> None:
    assert sg.nn.layer_norm(sg.variable("n", (3,), "int32")).dtype == "float64"


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: sg.nn.layer_norm(X, sg.ones((3,))), ShapeError, r"the weight .* must have the shape \(4,\)"),
        (lambda: sg.nn.layer_norm(X, None, sg.ones((4, 3)), axes=(1, 2)), ShapeError, "the bias"),
        (lambda: sg.nn.batch_norm(X, statistics=(sg.ones((3,)), sg.ones((4,)))), ShapeError, "a statistic"),
        (lambda: sg.nn.batch_norm(X, statistics=sg.ones((3,))), GraphError, r"a pair \(mean, variance\)"),
    ],
)
def test_what_does_not_fit(build, error, message: str) -> None:
    with pytest.raises(error, match=message):
        build()

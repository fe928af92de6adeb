"""Reverse mode: nested arguments, intermediate tensors, dtypes, long chains, and what is refused."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import symgrad as sg
from symgrad.derivative.reverse import cotangent_name, unbroadcast
from symgrad.errors import GradientError, ShapeError

X, W, b = sg.variable("X", (4, 3)), sg.variable("W", (3, 2)), sg.variable("b", (2,))
RNG = np.random.default_rng(0)
AT = {X: RNG.normal(size=(4, 3)), W: RNG.normal(size=(3, 2)), b: RNG.normal(size=2)}
LENGTH = 100_000


class Layer(NamedTuple):
    weight: sg.Tensor
    bias: sg.Tensor


def test_nestings_come_back_as_they_were() -> None:
    loss = sg.sum(sg.tanh(X @ W + b))
    wrt = {"layer": Layer(W, b), "more": [b, (X,)], "none": []}
    gradients = sg.grad(loss, wrt)
    assert isinstance(gradients["layer"], Layer)
    assert gradients["layer"].weight is sg.grad(loss, W)
    assert gradients["layer"].bias is gradients["more"][0] is sg.grad(loss, b)
    assert gradients["more"][1][0].shape == (4, 3)
    assert gradients["none"] == []


def test_a_layer_has_the_gradient_of_the_textbooks() -> None:
    loss = sg.sum(sg.tanh(X @ W + b))
    by_w, by_b, by_x = sg.evaluate(sg.grad(loss, [W, b, X]), AT)
    delta = 1 - np.tanh(AT[X] @ AT[W] + AT[b]) ** 2
    np.testing.assert_allclose(by_w, AT[X].T @ delta, rtol=1e-12)
    np.testing.assert_allclose(by_b, delta.sum(0), rtol=1e-12)
    np.testing.assert_allclose(by_x, delta @ AT[W].T, rtol=1e-12)


def test_what_is_not_used_has_gradient_zero() -> None:
    unused = sg.variable("u", (5,), "float32")
    assert sg.grad(sg.sum(X), unused) is sg.zeros((5,), "float32")
    assert sg.grad(sg.sum(X), [W, X])[0] is sg.zeros((3, 2))
    assert sg.grad(sg.constant(1.0), X) is sg.zeros((4, 3))
    # A comparison has no slope.
    assert sg.grad(sg.sum((X > 0).astype("float64")), X) is sg.zeros((4, 3))


def test_gradients_by_intermediate_tensors() -> None:
    h = X @ W
    y = sg.tanh(h)
    loss = sg.sum(y * y + h)
    by_h, by_y = sg.evaluate(sg.grad(loss, [h, y]), AT)
    value = np.tanh(AT[X] @ AT[W])
    np.testing.assert_allclose(by_y, 2 * value, rtol=1e-12)
    np.testing.assert_allclose(by_h, 1 + 2 * value * (1 - value**2), rtol=1e-12)
    # A tensor and what it is made from, at once: each gradient is the total one.
    by_x = sg.evaluate(sg.grad(loss, [X, h])[0], AT)
    np.testing.assert_allclose(by_x, by_h @ AT[W].T, rtol=1e-12)
    # The gradient still contains the tensor it was taken by, so it can be differentiated by it again.
    twice = sg.grad(sg.sum(sg.grad(loss, y)), y)
    np.testing.assert_allclose(sg.evaluate(twice, AT), np.full((4, 2), 2.0))


def test_the_loss_itself_has_gradient_one() -> None:
    loss = sg.sum(X)
    assert sg.grad(loss, loss) is sg.ones(())
    assert sg.grad(X[0, 0], X[0, 0]) is sg.ones(())


def test_a_tensor_that_stabilising_would_hide_keeps_its_gradient() -> None:
    e = sg.exp(X)
    total = sg.sum(e)
    loss = sg.log(total)  # becomes logsumexp(X), in which neither e nor the total occurs
    by_total, by_e, by_x = sg.evaluate(sg.grad(loss, [total, e, X]), AT)
    exp = np.exp(AT[X])
    np.testing.assert_allclose(by_total, 1 / exp.sum(), rtol=1e-12)
    np.testing.assert_allclose(by_e, np.full((4, 3), 1 / exp.sum()), rtol=1e-12)
    np.testing.assert_allclose(by_x, exp / exp.sum(), rtol=1e-12)


def test_a_constant_can_be_differentiated_by() -> None:
    c = sg.constant([1.0, 2.0])
    assert sg.evaluate(sg.grad(sg.sum(c * c * b), c), AT).tolist() == (2 * np.array([1, 2]) * AT[b]).tolist()


def test_shared_subexpressions_are_summed_once() -> None:
    h = sg.sin(X)
    loss = sg.sum(h * h + h)
    np.testing.assert_allclose(sg.evaluate(sg.grad(loss, X), AT), (2 * np.sin(AT[X]) + 1) * np.cos(AT[X]), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_stay(dtype: str) -> None:
    x, w = sg.variable("x", (4, 3), dtype), sg.variable("w", (3, 2), dtype)
    loss = sg.mean(sg.nn.cross_entropy(sg.nn.gelu(x @ w) * 0.5 + 2, [0, 1, 1, 0]) ** 2) / 3
    assert loss.dtype == dtype
    for gradient in sg.grad(loss, [x, w]):
        assert gradient.dtype == dtype
        assert sg.grad(sg.sum(gradient), w).dtype == dtype


def test_mixed_precision_gives_each_its_own_dtype() -> None:
    x, w = sg.variable("x", (3,), "float32"), sg.variable("w", (3,), "float64")
    by_x, by_w = sg.grad(sg.sum(x * w), [x, w])
    assert (by_x.dtype, by_w.dtype) == ("float32", "float64")


def test_vjp_of_several_outputs_adds_up() -> None:
    outputs = {"a": X @ W, "b": [sg.sin(b)]}
    cotangents = {"a": np.ones((4, 2)), "b": [np.array([1.0, 2.0])]}
    found = sg.evaluate(sg.vjp(outputs, {"W": W, "b": b}, cotangents), AT)
    np.testing.assert_allclose(found["W"], AT[X].T @ np.ones((4, 2)), rtol=1e-12)
    np.testing.assert_allclose(found["b"], np.cos(AT[b]) * [1, 2], rtol=1e-12)
    twice = sg.vjp([b, b], b, [b, 2 * b])
    np.testing.assert_allclose(sg.evaluate(twice, AT), 3 * AT[b])


def test_names_are_carried_to_the_cotangents() -> None:
    h = (X @ W).named("h")
    loss = sg.sum(sg.tanh(h)).named("loss")
    gradient = sg.grad(loss, h)
    assert gradient.operation.name == "dloss/dh"
    assert cotangent_name("h", [sg.sum(h)]) == "dL/dh"
    assert cotangent_name("h", [loss, loss]) == "dL/dh"


def test_gradients_come_from_the_line_of_what_they_are_gradients_of() -> None:
    y = sg.sin(sg.variable("z"))
    loss = sg.exp(y)
    gradient = sg.grad(loss, y)
    assert gradient.origin == loss.origin
    assert sg.grad(loss, sg.variable("z")).inputs[1].origin == y.origin


@pytest.mark.parametrize(
    ("loss", "wrt", "error", "message"),
    [
        (X, X, GradientError, r"grad needs a single number.*shape \(4, 3\).*sg.sum or sg.mean"),
        (sg.sum(X).reshape(1), X, GradientError, r"has shape \(1,\)"),
        (1.0, X, GradientError, "the loss must be a symbolic tensor, not float"),
        (sg.argmax(X), X, GradientError, "dtype int64; derivatives exist for float32 and float64 only"),
        (sg.sum(X), sg.variable("n", (), "int64"), GradientError, "what to differentiate by .*dtype int64"),
        (sg.sum(X), "X", GradientError, "must be a symbolic tensor or a nesting of them, not str: 'X'"),
        (sg.sum(X), [X, None], GradientError, "not NoneType"),
        (sg.sum(X), np.ones(3), GradientError, "not ndarray"),
        ([sg.sum(X)], X, GradientError, "the loss must be a symbolic tensor, not list"),
    ],
)
def test_what_has_no_gradient(loss: Any, wrt: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.grad(loss, wrt)


@pytest.mark.parametrize(
    ("outputs", "cotangents", "error", "message"),
    [
        (b, [1.0, 2.0, 3.0], ShapeError, r"the cotangent of <b.*must have shape \(2,\), not \(3,\)"),
        (b, 1.0, ShapeError, r"must have shape \(2,\), not \(\)"),
        ([b], [[1.0, 2.0], [1.0, 2.0]], GradientError, "the cotangents must have the nesting"),
        ({"y": b}, {"z": [1.0, 2.0]}, GradientError, "the cotangents must have the nesting"),
        (b, np.ones(2, "float32"), GradientError, "must have dtype float64, not float32"),
        (b, "ab", Exception, "number"),
        (2.0, 1.0, GradientError, "an output must be a symbolic tensor"),
    ],
)
def test_cotangents_that_do_not_fit(outputs: Any, cotangents: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.vjp(outputs, b, cotangents)


def test_integers_are_cotangents_of_floats() -> None:
    assert sg.evaluate(sg.vjp(b, b, [1, 2])).tolist() == [1, 2]


def test_unbroadcast_sums_what_was_repeated() -> None:
    g = sg.variable("g", (5, 4, 3))
    for shape in [(5, 4, 3), (4, 3), (1, 3), (4, 1), (1, 1), (), (1, 4, 3), (3,)]:
        summed = unbroadcast(g, shape)
        assert summed.shape == shape
        total = sg.evaluate(summed, {g: np.ones((5, 4, 3))})
        assert (total == 60 / max(np.prod(shape, dtype=int), 1)).all()


def test_a_chain_of_a_hundred_thousand() -> None:
    x = sg.variable("x")
    y = x
    for _ in range(LENGTH):
        y = sg.sin(y)
    gradient = sg.grad(y, x)
    value, slope = 1.0, 1.0
    for _ in range(LENGTH):
        value, slope = np.sin(value), slope * np.cos(value)
    found = sg.evaluate([y, gradient], {x: 1.0})
    np.testing.assert_allclose(found, [value, slope], rtol=1e-9)


def test_a_sum_of_very_many_uses() -> None:
    x = sg.variable("x")
    y = x
    for i in range(LENGTH // 5):
        y = y + float(i % 7) * x
    assert sg.evaluate(sg.grad(y, x), {x: 1.0}) == 1 + sum(i % 7 for i in range(LENGTH // 5))

"""Recurrent cells against their equations, over several steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

import symgrad as sg
from symgrad.errors import ShapeError

RNG = np.random.default_rng(0)
STEPS, BATCH, READ, STATE = 3, 2, 4, 5
X = sg.variable("X", (STEPS, BATCH, READ))
H, C = sg.variable("h", (BATCH, STATE)), sg.variable("c", (BATCH, STATE))


def parameters(gates: int) -> list[sg.Tensor]:
    shapes = {"wx": (READ, gates * STATE), "wh": (STATE, gates * STATE), "bx": (gates * STATE,), "bh": (gates * STATE,)}
    return [sg.variable(name, shape) for name, shape in shapes.items()]


def values(tensors, dtype="float64"):
    return {x: RNG.normal(size=x.shape).astype(dtype) for x in tensors}


def assert_all_readers_agree(loss: sg.Tensor, tensors: list[sg.Tensor], at) -> None:
    sg.testing.assert_grad(loss, tensors, at=at)
    outputs = [loss, *sg.grad(loss, tensors)]
    wanted = sg.evaluate(outputs, at)
    for backend in ("llvm", "numpy"):
        found = sg.compile(tensors, outputs, backend=backend)(*(at[x] for x in tensors))
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_lstm() -> None:
    wx, wh, bias, _ = parameters(4)
    at = values([X, H, C, wx, wh, bias])
    h, c = at[H], at[C]
    state = (H, C)
    for step in range(STEPS):
        state = sg.nn.lstm_cell(X[step], state, wx, wh, bias)
        i, f, g, o = np.split(at[X][step] @ at[wx] + h @ at[wh] + at[bias], 4, axis=1)
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
    np.testing.assert_allclose(sg.evaluate(state[0], at), h, rtol=1e-12)
    np.testing.assert_allclose(sg.evaluate(state[1], at), c, rtol=1e-12)
    assert_all_readers_agree(sg.sum(sg.sin(state[0] + state[1])), [X, H, C, wx, wh, bias], at)


def test_gru() -> None:
    params = wx, wh, bx, bh = parameters(3)
    at = values([X, H, *params])
    h, state = at[H], H
    for step in range(STEPS):
        state = sg.nn.gru_cell(X[step], state, *params)
        r, z, n = np.split(at[X][step] @ at[wx] + at[bx], 3, axis=1)
        s, y, m = np.split(h @ at[wh] + at[bh], 3, axis=1)
        z = expit(z + y)
        h = (1 - z) * np.tanh(n + expit(r + s) * m) + z * h
    np.testing.assert_allclose(sg.evaluate(state, at), h, rtol=1e-12)
    assert_all_readers_agree(sg.sum(sg.sin(state)), [X, H, *params], at)


def test_biases_may_be_left_out() -> None:
    wx, wh, bias, _ = parameters(4)
    zero = sg.zeros(bias.shape)
    at = values([X, H, C, wx, wh])
    for plain, biased in zip(
        sg.nn.lstm_cell(X[0], (H, C), wx, wh), sg.nn.lstm_cell(X[0], (H, C), wx, wh, zero), strict=True
    ):
        np.testing.assert_array_equal(sg.evaluate(plain, at), sg.evaluate(biased, at))
    wx, wh, *_ = parameters(3)
    at = values([X, H, wx, wh])
    gru = sg.nn.gru_cell(X[0], H, wx, wh, sg.zeros((3 * STATE,)), sg.zeros((3 * STATE,)))
    np.testing.assert_array_equal(sg.evaluate(sg.nn.gru_cell(X[0], H, wx, wh), at), sg.evaluate(gru, at))


def test_what_does_not_fit() -> None:
    wx, wh, bias, _ = parameters(4)
    with pytest.raises(ShapeError, match=r"a pair \(h, c\)"):
        sg.nn.lstm_cell(X[0], H, wx, wh, bias)
    with pytest.raises(ShapeError, match="the gates of an LSTM are 4 equal parts"):
        sg.nn.lstm_cell(X[0], (H, C), wx[:, :-1], wh[:, :-1])
    with pytest.raises(ShapeError, match="the gates of a GRU are 3 equal parts"):
        sg.nn.gru_cell(X[0], H, wx, wh)

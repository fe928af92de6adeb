"""Profiles tell of every kernel, leave the arrays given alone, and add up."""

from __future__ import annotations

import json

import numpy as np
import pytest

import symgrad as sg

N = sg.dim("N")
X, W = sg.variable("X", (N, 60), dtype="float32"), sg.variable("W", (60, 50), dtype="float32")
LOSS = sg.sum(sg.tanh(X @ W) ** 2)


@pytest.mark.parametrize("threads", [1, 2])
def test_kernels_and_times(threads):
    before = sg.get_threads()
    sg.set_threads(threads)
    try:
        step = sg.compile([X, W], LOSS, updates={W: W - 0.1 * sg.grad(LOSS, W)})
        x, w = np.ones((3000, 60), np.float32), np.full((60, 50), 0.01, np.float32)
        profile = step.profile(x, w, seconds=0.05)
    finally:
        sg.set_threads(before)
    np.testing.assert_array_equal(w, np.float32(0.01))
    assert profile.threads == threads
    assert [kernel.name for kernel in profile.kernels] == [kernel.name for kernel in step.kernels]
    product = next(kernel for kernel in profile.kernels if "X @ W" in kernel.formula)
    assert product.flops == 2 * 3000 * 60 * 50
    assert product.bytes == 4 * (3000 * 60 + 60 * 50 + 3000 * 50)
    assert 0 < product.seconds < 1
    assert product.limit == max(product.flops / profile.machine.flops, product.bytes / profile.machine.bandwidth)
    assert product.share == product.limit / product.seconds
    # Nobody is timed any more.
    assert step._plans[(3000,)].times_word[0] == 0
    text = str(profile)
    assert "GF/s" in text
    assert "X @ W" in text
    assert f"{threads} thread" in text
    told = json.loads(json.dumps(profile.to_dict()))
    assert told["kernels"][0]["seconds"] == profile.kernels[0].seconds


def test_long_tables_end_with_what_is_left():
    x = sg.variable("x", (4, 4))
    for _ in range(40):
        x = sg.exp(x @ x)
    text = str(sg.compile([sg.variable("x", (4, 4))], x).profile(np.zeros((4, 4)), seconds=0.01))
    assert " more " in text
    assert "between" in text


def test_wrong_arguments():
    f = sg.compile([X, W], LOSS)
    with pytest.raises(sg.SymgradError, match="arguments"):
        f.profile(np.ones((3, 60)))

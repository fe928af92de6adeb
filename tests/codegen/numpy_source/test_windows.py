"""Windows in NumPy source: NumPy's view, and a helper for the sum."""

import numpy as np
import pytest

import symgrad as sg
from tests.codegen.numpy_source.written import expression, run, source

N = sg.dim("N")
X, V = sg.variable("X", (4, 5)), sg.variable("V", (N,))
VIEW = "np.lib.stride_tricks.sliding_window_view"


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (sg.windows(X, 2, 1) + 1, f"{VIEW}(X, 2, axis=1) + 1"),
        (sg.windows(X, 2, (1, 0)) + 1, f"{VIEW}(X, (2, 2), axis=(1, 0)) + 1"),
        (sg.windows(X, 2, 0, strides=2) + 1, f"{VIEW}(X, 2, axis=0)[::2] + 1"),
        (sg.windows(X, 2, (0, 1), 1, (1, 3)), f"{VIEW}(X, (2, 4), axis=(0, 1))[:, :, :, ::3].copy()"),
        (sg.windows(V, 3, 0) + 1, f"{VIEW}(V, 3, axis=0) + 1"),
        (sg.overlap_add(X, 8, 0), "overlap_add(X, (8,), axes=(0,), strides=(1,), dilations=(1,))"),
    ],
)
def test_texts(tensor, text):
    assert expression(tensor) == text


@pytest.mark.parametrize("n", [2, 5])
def test_values_for_run_time_sizes(n):
    array = np.arange(float(n))
    seen = sg.windows(V, 2, 0, strides=2)
    back = sg.grad(sg.sum(seen**2), V)
    for got, wanted in zip(run(source(seen, back), {V: array}), sg.evaluate([seen, back], {V: array}), strict=True):
        np.testing.assert_array_equal(got, wanted)

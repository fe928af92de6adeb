"""The language says what it is meant to say: hand-written kernels, interpreted, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.kernels.verify import verify
from tests.codegen.kernels import nests
from tests.codegen.kernels.interpreter import interpret

RNG = np.random.default_rng(5)


def test_broadcasting_is_an_index_of_zero() -> None:
    x, scale, shift = RNG.normal(size=(3, 4)), RNG.normal(size=(1, 4)), RNG.normal(size=(3, 1))
    y = np.full((3, 4), np.nan)
    nest = nests.scaled_shift("float64")
    verify(nest)
    assert interpret(nest, {"x": x, "scale": scale, "shift": shift, "y": y}, {"m": 3, "n": 4}) == 0
    np.testing.assert_array_equal(y, x * scale + shift)


def test_row_temporaries_are_carried_out_of_inner_loops() -> None:
    x = RNG.normal(size=(3, 5))
    y = np.empty_like(x)
    nest = nests.softmax("float64", 3, 5)
    verify(nest)
    interpret(nest, {"x": x, "y": y}, {})
    np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), rtol=1e-12)


def test_a_buffer_can_be_written_and_read_again() -> None:
    x = RNG.integers(-9, 9, size=(4, 3))
    s = np.full(3, 99)
    nest = nests.column_sums("int64")
    verify(nest)
    interpret(nest, {"x": x, "s": s}, {"m": 4, "n": 3})
    np.testing.assert_array_equal(s, x.sum(axis=0))


def test_several_scalars_are_carried_at_once() -> None:
    x = RNG.integers(0, 4, size=(6, 9)).astype("float32")
    k = np.empty(6, "int64")
    nest = nests.argmax("float32")
    verify(nest)
    interpret(nest, {"x": x, "k": k}, {"m": 6, "n": 9})
    np.testing.assert_array_equal(k, x.argmax(axis=1))


def test_a_turn_sees_what_the_turn_before_carried() -> None:
    a, b = RNG.normal(size=4), RNG.normal(size=4)
    h = np.empty(4)
    nest = nests.linear_recurrence("float64")
    verify(nest)
    interpret(nest, {"a": a, "b": b, "h": h}, {"n": 4})
    expected = [b[0]]
    for t in (1, 2, 3):
        expected.append(a[t] * expected[-1] + b[t])
    np.testing.assert_array_equal(h, expected)


@pytest.mark.parametrize(("indices", "code"), [([2, 0, -1], 0), ([0, 3, 1], 7), ([0, -4, 1], 7)])
def test_a_failure_leaves_the_kernel_with_its_code(indices: list[int], code: int) -> None:
    x, k, y = RNG.normal(size=(3, 2)), np.array(indices), np.zeros((3, 2))
    nest = nests.gather_rows("float64")
    verify(nest)
    assert interpret(nest, {"x": x, "k": k, "y": y}, {"m": 3, "n": 2, "r": 3}) == code
    if code == 0:
        np.testing.assert_array_equal(y, x[k])
    else:
        np.testing.assert_array_equal(y[0], x[0])
        assert not y[1:].any()


def test_a_loop_without_turns_hands_on_its_initial_value() -> None:
    r = np.empty(())
    nest = nests.reduction("maximum", "float64", float("-inf"))
    verify(nest)
    interpret(nest, {"x": np.empty(0), "r": r}, {"n": 0})
    assert r == -np.inf


def test_an_array_is_updated_in_place() -> None:
    w, g, rate = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)), np.array(0.5)
    expected = w - rate * g
    nest = nests.update_in_place("float64")
    verify(nest)
    interpret(nest, {"w": w, "g": g, "rate": rate}, {"m": 2, "n": 3})
    np.testing.assert_array_equal(w, expected)

"""The machine code of the probes does the work it stands for, as often as it is told."""

from __future__ import annotations

import ctypes
import time

import numpy as np
import pytest

from codegen.limits.code import CHAINS, lanes, library


def call(name: str, *arguments: int | np.ndarray) -> None:
    """Call a probe; arrays go as pointers."""
    words = [a if isinstance(a, int) else a.ctypes.data for a in arguments]
    ctypes.CFUNCTYPE(None, *(ctypes.c_int64 for _ in words))(library().address(name))(*words)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_chain_gets_one_square_a_round(dtype: str) -> None:
    width = lanes(dtype)
    out = np.zeros(CHAINS * width, dtype)
    x = np.arange(1.0, width + 1).astype(dtype)
    out[:width] = x
    call(f"multiply_adds_{dtype}", 5, out)
    np.testing.assert_array_equal(out.reshape(CHAINS, width), np.broadcast_to(5 * x * x, (CHAINS, width)))


def test_streams_read_update_and_write() -> None:
    read, updated, written, out = np.arange(100), np.arange(7), np.full(9, -1), np.zeros(1, np.int64)
    call("stream", 4, read, 100, updated, 7, written, 9, out)
    assert out[0] == 4 * 4950
    np.testing.assert_array_equal(read, np.arange(100))
    np.testing.assert_array_equal(updated, np.arange(7) + 4)
    np.testing.assert_array_equal(written, 3)  # the number of the last round


def test_streams_of_nothing() -> None:
    updated, written, out = np.arange(3), np.arange(3), np.ones(1, np.int64)
    call("stream", 2, updated, 0, updated, 0, written, 0, out)
    assert out[0] == 0
    np.testing.assert_array_equal(updated, [0, 1, 2])
    np.testing.assert_array_equal(written, [0, 1, 2])


def test_triads() -> None:
    x, y, z = np.arange(11.0), np.ones(11), np.zeros(12)
    call("triad", 3, x, y, z, 11)
    np.testing.assert_array_equal(z, [*(3 * x + y), 0])


def test_exponentials() -> None:
    x, y = np.array([0, 1, -1, 80, -80], np.float32), np.zeros(5, np.float32)
    call("exponentials", 1, x, y, 5)
    np.testing.assert_allclose(y, np.exp(x.astype(np.float64)), rtol=3e-7)


def test_the_clock_goes_on() -> None:
    read = ctypes.CFUNCTYPE(ctypes.c_int64)(library().address("ticks"))
    first = read()
    time.sleep(0.001)
    assert read() > first

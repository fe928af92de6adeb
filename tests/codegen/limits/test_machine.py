"""The figures of the machine are positive, and measured once."""

from __future__ import annotations

import pytest

from codegen.limits.machine import measured


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_figures(dtype):
    machine = measured(dtype)
    assert machine.dtype == dtype
    assert machine.flops > 1e8
    assert machine.bandwidth > 1e7
    assert 1e6 < machine.ticks < 1e11
    assert measured(dtype) is machine

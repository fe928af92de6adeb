"""What a function tells of its memory is what its plan reserves."""

from __future__ import annotations

import pytest

import symgrad as sg

N = sg.dim("N")


def test_bytes_of_a_call():
    x, w = sg.variable("x", (500, 40)), sg.variable("w", (40, 30), dtype="float64")
    h = sg.tanh(x @ w)
    f = sg.compile([x, w], [sg.sum(h * h), sg.grad(sg.sum(h * h), w)])
    memory = f.memory
    assert memory.inputs == 8 * (500 * 40 + 40 * 30)
    assert memory.outputs == 8 * (1 + 40 * 30)
    assert 8 * 500 * 30 <= memory.temporaries <= memory.unshared_bytes + 64 * 20 + 8 * 64
    assert memory.workspace > 0
    assert memory.arena_bytes == f._plan.plan.arena_bytes
    assert memory.peak_bytes == memory.arena_bytes + memory.outputs
    assert "temporaries" in str(memory)


def test_temporaries_share_memory():
    x = sg.variable("x", (256, 256))
    weights = [sg.variable(f"w{i}", (256, 256)) for i in range(8)]
    h = x
    for w in weights:
        h = sg.exp(-(h @ w))
    f = sg.compile([x, weights], h)
    assert f.memory.temporaries <= 3 * 256 * 256 * 8 + 4096
    assert f.memory.unshared_bytes >= 7 * 256 * 256 * 8


def test_sizes_known_at_run_time():
    x = sg.variable("x", (N, 40))
    f = sg.compile([x], [sg.softmax(x @ x.T)])
    with pytest.raises(sg.GraphError, match="run-time sizes"):
        _ = f.memory
    for n in (7, 300):
        f([[0.5] * 40] * n)
        assert f.memory.outputs == 8 * n * n

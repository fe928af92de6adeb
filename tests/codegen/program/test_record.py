"""Records: figures and formulas of kernels."""

import numpy as np
import pytest

import symgrad as sg

N = sg.dim("N")
X, W, b = sg.variable("X", (8, 6)), sg.variable("W", (6, 5), "float64"), sg.variable("b", (5,))


def records(inputs, outputs, updates=None):
    return sg.compile(inputs, outputs, updates).kernels


def test_a_product():
    (record,) = records([X, W], X @ W)
    assert (record.name, record.results, record.reads) == ("k0", ("k0",), ("W", "X"))
    assert record.flops == 2 * 8 * 6 * 5
    assert record.bytes == 8 * (8 * 6 + 6 * 5 + 8 * 5)
    assert record.loops == ((8, 5),)
    assert record.formula == "k0 = X @ W"
    assert repr(record) == "<kernel k0: k0 over (8, 5), 480 flops, 944 bytes>"


def test_loops():
    x = sg.variable("x", (100,), "float32")
    (record,) = records([x], [sg.exp(x) * 2, sg.sum(x)])
    assert record.results == ("k0_0", "k0_1")
    assert record.flops == 100 + 100 + 100
    assert record.bytes == 4 * (100 + 100 + 1)
    assert record.formula.splitlines() == ["k0_0 = 2 * exp(x)", "k0_1 = sum(x)"]


def test_results_that_stay_in_registers_move_no_memory():
    (record,) = records([X], sg.max(X, 1) + sg.min(X, 1))
    assert record.bytes == 8 * (8 * 6 + 8)


def test_kernels_refer_to_each_other_by_name():
    first, second, third = records([X, W, b], sg.tanh(X @ W + b) @ b)
    assert second.reads == ("b", first.name)
    assert third.reads == ("b", second.name)
    assert second.formula == f"{second.name} = tanh({first.name} + b)"


def test_updates_read_and_write():
    (record,) = records([b], [], {b: b * 0.5})
    assert record.reads == ("b",)
    assert record.bytes == 2 * 5 * 8


def test_run_time_sizes_stay_in_figures():
    Y = sg.variable("Y", (N, 6))
    product, total = records([Y, W], sg.sum(Y @ W))
    assert product.flops == 60 * N
    assert product.bytes.subs({N: 2}) == 8 * (12 + 30 + 10)
    assert total.loops == ((N, 5),)


def test_checks_of_indices():
    labels = sg.variable("labels", (8,), "int64")
    check, _ = records([X, labels], sg.take_along_axis(X, labels[:, None], 1))
    assert check.results == ()
    assert check.reads == ("labels",)
    assert check.checks == 6
    assert check.bytes == 64
    assert check.formula == "check that labels is a valid index below 6"
    assert "a check of indices over (8,)" in repr(check)


def test_scans_and_scatters():
    x = sg.variable("x", (9,))
    assert records([x], sg.cumsum(x))[0].flops == 18
    assert records([x], sg.scatter_add(x, np.arange(9) % 4, 4))[0].flops == 9


@pytest.mark.parametrize("layers", [3, 9])
def test_equal_layers_share_machine_code(layers):
    h, weights = X, [sg.variable(f"W{i}", (6, 6)) for i in range(layers)]
    for w in weights:
        h = sg.nn.relu(h @ w)
    assert len({record.symbol for record in records([X, *weights], h)}) == 2

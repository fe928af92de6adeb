"""Building: what is written is what is checked, named kernels, and what each call gets."""

import numpy as np
import pytest

import symgrad as sg
from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.loop_nest import LoopNest
from codegen.program.build import build
from symgrad.families.layout import Named

N = sg.dim("N")
x, y = sg.variable("x", (4, 3)), sg.variable("y", (3, 5))
i = sg.variable("i", (4,), "int64")


def test_calls_of_every_kind():
    outputs = [x @ y, sg.tanh(x), x[i], sg.cumsum(x, 1), sg.scatter_add(x, i, 9, 0)]
    program = build([x, y, i], outputs, {})
    kinds = [type(call.code) for call in program.calls]
    assert kinds.count(MatrixProduct) == 1
    assert kinds.count(LoopNest) == len(kinds) - 1
    assert sorted(str(call.check.size) for call in program.calls if call.check is not None) == ["4", "9"]
    for call in program.calls:
        assert f"@{call.symbol}(" in program.texts[call.symbol]
        assert program.libraries[call.symbol].address(call.symbol) > 0


def test_results_that_are_inputs_or_constants_are_computed():
    program = build([x], [x, sg.constant([1.0, 2.0]), sg.constant(3.0)], {})
    assert all(isinstance(node.operation, Named) for node in program.outputs)
    assert len(program.calls) >= 2


def test_what_simplification_drops_is_still_checked():
    program = build([x, i], [sg.where(True, x, x[i])], {})
    assert [call.check is not None for call in program.calls] == [True, False]
    assert program.calls[0].check.origin[0] == __file__


def test_sizes_are_checked_as_written():
    z = sg.variable("z", (N,))
    assert build([z], [sg.where(True, z, sg.max(z))], {}).size_checks != []
    assert build([z], [z * 2], {}).size_checks == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_have_a_workspace(dtype):
    a, b = sg.variable("a", (9, 9), dtype), sg.variable("b", (9, 9), dtype)
    assert [call.workspace > 0 for call in build([a, b], [a @ b], {}).calls] == [True]
    assert [call.workspace for call in build([a, b], [a * b], {}).calls] == [0]


def test_updates_that_cannot_be_in_place_are_copied():
    u, v = sg.variable("u", (3,)), sg.variable("v", (3,))
    program = build([u, v], [], {u: v, v: u})
    assert len(program.copies) == 1
    assert build([u, v], [], {u: v + 1, v: v * 2}).copies == []
    new = u + v
    assert [buffer for _, buffer in build([u, v], [new], {u: new}).copies] == [("output", 0)]


def test_the_sign_of_a_zero_makes_another_kernel():
    zeros = [sg.compile([x], x * zero)([[1.0] * 3] * 4) for zero in (0.0, -0.0)]
    assert [bool(np.signbit(zero).all()) for zero in zeros] == [False, True]


def test_steps_of_a_series_have_one_kernel():
    series, state = sg.variable("series", (5, 4, 3)), sg.variable("state", (4, 3))
    symbols = {build([series, state], [sg.tanh(series[t]) + state], {}).calls[0].symbol for t in range(5)}
    assert len(symbols) == 1
    f = sg.compile([series, state], [sg.tanh(series[t]) + state for t in (0, 3, -1)])
    arrays = np.linspace(-1, 1, 60).reshape(5, 4, 3), np.ones((4, 3))
    for result, t in zip(f(*arrays), (0, 3, -1), strict=True):
        np.testing.assert_allclose(result, np.tanh(arrays[0][t]) + 1)

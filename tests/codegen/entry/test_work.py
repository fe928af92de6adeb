"""Which programs run long."""

import sympy

import symgrad as sg
from codegen.entry.work import takes_long
from codegen.program.build import build

N = sg.dim("N")


def long(outputs, inputs, sizes):
    return takes_long(build(inputs, outputs, {}).calls, sizes)


def test_the_work_grows_with_the_sizes():
    a = sg.variable("a", (N, N))
    symbol = next(iter(a.shape[0].free_symbols)) if isinstance(a.shape[0], sympy.Expr) else N
    for outputs in ([sg.exp(a)], [a @ a], [sg.linalg.inv(a)], [sg.cumsum(a)], [sg.sum(a)]):
        assert not long(outputs, [a], {symbol: 3}), outputs
        assert long(outputs, [a], {symbol: 3000}), outputs


def test_nothing_is_not_long():
    assert not takes_long([], {})
    x = sg.variable("x", (3,))
    assert not long([x + 1], [x], {})

"""Programs: what functions share, and what they do not need."""

import symgrad as sg
from codegen.program.build import build
from codegen.program.plan import Plan

N = sg.dim("N")


def test_equal_kernels_of_live_functions_are_linked_once():
    x = sg.variable("x", (17,))
    first = build([x], [sg.exp(x) + 17.25], {})
    second = build([x], [sg.exp(x) + 17.25], {})
    assert first.libraries == second.libraries
    assert first.texts == second.texts


def test_nothing_to_do():
    x = sg.variable("x", (N,))
    program = build([x], [], {})
    assert Plan(program, {N: 3}).words[0] == 0
    assert program.libraries == {}

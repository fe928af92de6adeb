"""Programs: the words by which the driver runs them."""

import symgrad as sg
from codegen.program.build import build
from codegen.program.storage import ALIGNMENT

N = sg.dim("N")


def decoded(words):
    """Return address, pairs of slot and distance, and sizes of each call."""
    calls, at = [], 0
    while at < len(words):
        address, buffers, sizes = words[at : at + 3]
        pairs = [tuple(words[i : i + 2]) for i in range(at + 3, at + 3 + 2 * buffers, 2)]
        at += 3 + 2 * buffers
        calls.append((address, pairs, words[at : at + sizes]))
        at += sizes
    return calls


def test_words():
    x, y = sg.variable("x", (N, 3)), sg.variable("y", (3, 4))
    program = build([x, y], [sg.exp(x @ y) * sg.constant([1.0, 2, 3, 4]), sg.exp(x @ y), sg.exp(x @ y)], {})
    assert program.results == [0, 1, 1]
    assert len(program.outputs) == 2
    for n in (5, 100):
        words, offsets, total = program.words({N: n})
        product, loops = decoded(words)
        assert product[0] == program.libraries[program.calls[0].symbol].address(program.calls[0].symbol)
        # Slots: two inputs, two outputs, one constant, the arena.
        assert product[1] == [(0, 0), (1, 0), (5, offsets[0]), (5, offsets[-1])]
        assert product[2][11::4] == [n, 4, 3]
        assert {slot for slot, _ in loops[1]} == {2, 3, 4, 5}
        assert total == offsets[-1] + program.calls[0].workspace
        assert offsets[-1] >= n * 4 * 8
        assert offsets[0] % ALIGNMENT == 0


def test_equal_kernels_of_live_functions_are_linked_once():
    x = sg.variable("x", (17,))
    first = build([x], [sg.exp(x) + 17.25], {})
    second = build([x], [sg.exp(x) + 17.25], {})
    assert first.libraries == second.libraries
    assert first.texts == second.texts


def test_nothing_to_do():
    x = sg.variable("x", (N,))
    program = build([x], [], {})
    assert program.words({N: 3})[0] == []
    assert program.libraries == {}

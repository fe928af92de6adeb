"""Plans: the words by which the driver runs a program, for given sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import symgrad as sg
from codegen.kernels.lower import FIRST, LAST
from codegen.llvm.driver import HEADER
from codegen.program.build import build
from codegen.program.plan import Plan
from codegen.program.storage import ALIGNMENT

N = sg.dim("N")


class Record(NamedTuple):
    address: int
    number: int
    pairs: list[tuple[int, int]]
    sizes: list[int]


def decoded(words: list[int]) -> list[list[list[Record]]]:
    """Return the levels of a program: chunks of calls."""
    levels: list[list[list[Record]]] = []
    for start in words[HEADER : HEADER + words[0]]:
        places = words[start + 2 : start + 3 + words[start + 1]]
        levels.append([_records(words[a:b]) for a, b in pairwise(places)])
    return levels


def _records(words: list[int]) -> list[Record]:
    records: list[Record] = []
    while words:
        address, number, buffers, sizes = words[:4]
        pairs = [(words[i], words[i + 1]) for i in range(4, 4 + 2 * buffers, 2)]
        end = 4 + 2 * buffers + sizes
        records.append(Record(address, number, pairs, words[4 + 2 * buffers : end]))
        words = words[end:]
    return records


def test_words():
    x, y = sg.variable("x", (N, 3)), sg.variable("y", (3, 4))
    program = build([x, y], [sg.exp(x @ y) * sg.constant([1.0, 2, 3, 4]), sg.exp(x @ y), sg.exp(x @ y)], {})
    assert program.results == [0, 1, 1]
    assert len(program.outputs) == 2
    for n in (5, 100):
        plan = Plan(program, {N: n})
        (((product, loops),),) = decoded(plan.words)
        assert product.address == program.libraries[program.calls[0].symbol].address(program.calls[0].symbol)
        assert (product.number, loops.number) == (1, 2)
        # Slots: two inputs, two outputs, one constant, the arena; the workspace has none.
        assert product.pairs == [(0, 0), (1, 0), (5, plan.offsets[0]), (-1, 0)]
        # One axis of each group: batch, rows, columns, summed.
        assert [product.sizes[i] for i in (8, 12, 16, 20)] == [1, n, 4, 3]
        assert {slot for slot, _ in loops.pairs} == {2, 3, 4, 5}
        assert plan.words[1] == 5
        assert plan.arena_bytes == plan.workspace + plan.words[3]
        assert plan.words[3] >= program.calls[0].workspace
        assert plan.workspace >= n * 4 * 8
        assert plan.offsets[0] % ALIGNMENT == 0


def test_chunks_share_out_rows():
    x, y = sg.variable("x", (N, 256)), sg.variable("y", (256, 256))
    program = build([x, y], [sg.sum(sg.exp(x @ y))], {})
    (strand,) = program.levels[0]
    for n in (10, 1000, 1001):
        first, second = decoded(Plan(program, {N: n}).words)
        assert len(first) == strand.chain.count({N: n})
        starts = 0
        for number, (product, loops) in enumerate(first):
            rows = product.sizes[12]
            assert product.sizes[0] == starts * 256 * 8  # the distance of the left operand
            places = [strand.calls[1].sizes.index(size) for size in (FIRST, LAST)]
            assert [loops.sizes[at] for at in places] == [starts, starts + rows]
            starts += rows
            # The parts of the sum lie one behind the other.
            part = loops.pairs[-1]
            assert part == (first[0][1].pairs[-1][0], first[0][1].pairs[-1][1] + 8 * number)
        assert starts == n
        ((combination,),) = second
        assert combination.sizes == [1, len(first)]
    assert len(decoded(Plan(program, {N: 1000}).words)[0]) >= 4

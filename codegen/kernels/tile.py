"""Loops that read down columns: the columns are taken a few at a time, so that caches keep what a line holds.

In `for i: for j: y[i, j] = x[j, i]` the inner loop reads one number of each line of memory it touches, and comes back
for the next one only after all other lines. Over a few columns j at a time, those lines are still in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codegen.kernels.loop_nest import Let, Load, Loop, Operand, Statement

_COLUMNS = 16
"""How many columns are taken at a time: one line or two of what is written. More lines than that, a power of two apart,
would drive each other out of a cache."""

_ROWS = 64
"""How many rows are taken at a time: each lies on a page of its own, and a processor knows the places of some pages."""

_FEW_ROWS = 8
"""So many rows, known to be so few, are not worth it."""


def tile_loops(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements, pairs of loops that read down columns tiled."""
    result: list[Statement] = []
    for statement in statements:
        if not isinstance(statement, Loop):
            result.append(statement)
        elif (inner := _inner(statement)) is not None and _reads_columns(statement, inner):
            result += _tiled(statement, inner)
        else:
            result.append(replace(statement, body=tile_loops(statement.body)))
    return tuple(result)


def _inner(loop: Loop) -> Loop | None:
    """Return the one loop inside of a loop whose turns, all of them, may run in any order."""
    match loop:
        case Loop(body=(Loop() as inner,), carried=(), independent=True) if inner.independent and not inner.carried:
            short = [isinstance(e, int) and e <= few for e, few in ((loop.extent, _FEW_ROWS), (inner.extent, _COLUMNS))]
            simple = all(not isinstance(statement, Loop) for statement in inner.body)
            return inner if simple and not any(short) else None
        case _:
            return None


def _reads_columns(outer: Loop, inner: Loop) -> bool:
    """Return whether a load moves by one number with the outer variable, and by many with the inner one."""
    steps: dict[Operand, tuple[int, int]] = {outer.variable: (1, 0), inner.variable: (0, 1)}
    unknown: set[Operand] = set()
    for statement in inner.body:
        match statement:
            case Let(function="add", operands=(a, b)) if not {a, b} & unknown:
                (ai, aj), (bi, bj) = steps.get(a, (0, 0)), steps.get(b, (0, 0))
                steps[statement.result] = _sum(ai, bi), _sum(aj, bj)
            case Let(function="multiply", operands=(a, b)) if not {a, b} & unknown and (
                a not in steps or b not in steps
            ):
                i, j = steps.get(a, steps.get(b, (0, 0)))
                steps[statement.result] = _MANY * i, _MANY * j
            case Let():
                unknown.add(statement.result)
            case Load():
                if any(i == 1 and j > 1 for i, j in (steps.get(index, (0, 0)) for index in statement.indices)):
                    return True
                unknown.add(statement.result)
            case _:
                pass
    return False


_MANY = 1000
"""Stands for any step but 0 and 1."""


def _sum(a: int, b: int) -> int:
    return a + b if 0 in (a, b) else _MANY


def _tiled(outer: Loop, inner: Loop) -> list[Statement]:
    """Return the pair of loops inside of two over blocks of rows and of columns."""
    rows, columns = _Blocks(outer, _ROWS), _Blocks(inner, _COLUMNS)
    few_columns = Loop(columns.within, columns.length, (columns.place, *inner.body), independent=True)
    few_rows = Loop(rows.within, rows.length, (rows.place, few_columns), independent=True)
    over_columns = Loop(columns.block, columns.count, (*columns.inside, few_rows), independent=True)
    over_rows = Loop(rows.block, rows.count, (*rows.inside, over_columns), independent=True)
    return [*rows.before, *columns.before, over_rows]


class _Blocks:
    """The turns of a loop in blocks: how many, and in a block the first turn, the number of turns, and each of them."""

    def __init__(self, loop: Loop, size: int) -> None:
        variable, extent = loop.variable, loop.extent
        self.block, start, self.within = (f"{variable}_{word}" for word in ("block", "start", "within"))
        self.before: list[Statement] = []
        self.inside: list[Statement] = [Let(start, "int64", "multiply", (self.block, size))]
        self.place = Let(variable, "int64", "add", (start, self.within))
        self.length: Operand = size
        if isinstance(extent, int):
            self.count: Operand = -(-extent // size)
        else:
            raised, self.count = f"{variable}_raised", f"{variable}_blocks"
            self.before.append(Let(raised, "int64", "add", (extent, size - 1)))
            self.before.append(Let(self.count, "int64", "floor_divide", (raised, size)))
        if not isinstance(extent, int) or extent % size:
            left, self.length = f"{variable}_left", f"{variable}_length"
            self.inside.append(Let(left, "int64", "subtract", (extent, start)))
            self.inside.append(Let(self.length, "int64", "minimum", (left, size)))

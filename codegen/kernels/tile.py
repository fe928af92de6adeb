"""Loops that read down columns: the columns are taken some at a time, so that caches keep what a line holds.

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
    """Return the pair of loops inside of one over blocks of columns."""
    variable, columns = inner.variable, inner.extent
    block, start, within = (f"{variable}_{word}" for word in ("block", "start", "within"))
    before: list[Statement] = []
    inside: list[Statement] = [Let(start, "int64", "multiply", (block, _COLUMNS))]
    length: Operand = _COLUMNS
    if isinstance(columns, int):
        blocks: Operand = -(-columns // _COLUMNS)
    else:
        up, blocks = f"{variable}_up", f"{variable}_blocks"
        before.append(Let(up, "int64", "add", (columns, _COLUMNS - 1)))
        before.append(Let(blocks, "int64", "floor_divide", (up, _COLUMNS)))
    if not isinstance(columns, int) or columns % _COLUMNS:
        left, length = f"{variable}_left", f"{variable}_length"
        inside.append(Let(left, "int64", "subtract", (columns, start)))
        inside.append(Let(length, "int64", "minimum", (left, _COLUMNS)))
    place = Let(variable, "int64", "add", (start, within))
    few = Loop(within, length, (place, *inner.body), independent=True)
    inside.append(replace(outer, body=(few,)))
    return [*before, Loop(block, blocks, tuple(inside), independent=True)]

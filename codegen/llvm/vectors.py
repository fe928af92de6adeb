"""Vectors that loops ask LLVM for.

LLVM by itself interleaves loops with short bodies only, and counts its lanes by the widest numbers, were they but an
index. Transcendental functions are long chains of dependent operations: a processor that looks some sixty operations
ahead finds little else to do in one of them, so two vectors of them are taken at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codegen.kernels.loop_nest import Carried, Fail, Let, Load, Loop, Operand, Store
from codegen.kernels.scalar_functions import FLOATS
from codegen.llvm.elementary import FUNCTIONS
from codegen.llvm.target import host

_BYTES = {"float64": 8, "float32": 4}
_EXTREMES = ("maximum", "minimum")
_FEW_CALLS = 5
"""Of elementary functions: more than so many in a body keep a processor busy, and take long enough to compile once."""
_FEW_TURNS, _LEAST_WIDTH = 16, 4
"""LLVM makes vectors of loops with fewer turns only if these are a multiple of the lanes."""
_LONGEST = 64
"""In bytes: of the vectors that elementary functions are there for."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """So many vectors at a time, of so many lanes each; a vector may take several registers."""

    width: int
    count: int


def vectors(loop: Loop, dtype_of: Callable[[Operand], str]) -> Vectors | None:
    """Return the vectors to ask for, or None if LLVM is to choose."""
    called = [
        dtype_of(statement.operands[0])
        for statement in loop.body
        if isinstance(statement, Let) and statement.function in FUNCTIONS
    ]
    if not called:
        return _few_turns(loop)
    if not all(dtype in FLOATS for dtype in called) or not _vectorises(loop):
        return None
    bytes_per_element = max(_BYTES[dtype] for dtype in called)
    lanes = host().lanes(bytes_per_element)
    together = lanes if len(called) > _FEW_CALLS else 2 * lanes
    while isinstance(loop.extent, int) and together > max(loop.extent, 2):
        together //= 2
    width = min(together, _LONGEST // bytes_per_element)
    return Vectors(width, together // width)


def _few_turns(loop: Loop) -> Vectors | None:
    """Return the vectors of a loop of so few turns that LLVM makes none unless they come out even."""
    widest = max(
        (_BYTES.get(let.dtype, 8) for let in loop.body if isinstance(let, Let) and let.dtype != "bool"), default=8
    )
    if not isinstance(loop.extent, int) or loop.extent >= _FEW_TURNS or not _vectorises(loop):
        return None
    width = host().lanes(widest)
    while loop.extent % width:
        width //= 2
    return Vectors(width, 1) if width >= _LEAST_WIDTH else None


def _vectorises(loop: Loop) -> bool:
    """Return whether LLVM surely makes vectors of a loop that computes with floats.

    Asked for what it cannot do, it says so on the standard error stream.
    """
    loads = {(statement.buffer, statement.indices) for statement in loop.body if isinstance(statement, Load)}
    read = {buffer for buffer, _ in loads}
    return (
        not any(isinstance(statement, (Loop, Fail)) for statement in loop.body)
        and all(_is_reduction(loop, carried) for carried in loop.carried)
        and all(
            loop.independent or statement.buffer not in read or (statement.buffer, statement.indices) in loads
            for statement in loop.body
            if isinstance(statement, Store)
        )
    )


def _is_reduction(loop: Loop, carried: Carried) -> bool:
    """Return whether a loop does nothing with a scalar but take numbers into it, by one function in any order."""
    lets = {statement.result: statement for statement in loop.body if isinstance(statement, Let)}
    used = [operand for let in lets.values() for operand in let.operands]
    used += [statement.value for statement in loop.body if isinstance(statement, Store)]
    function, at, uses = "", carried.next, 0
    while at != carried.name:
        let = lets.get(str(at))
        if let is None or used.count(at) != uses or not (let.reassociate or let.function in _EXTREMES):
            return False
        if function and let.function != function:
            return False
        function, uses = let.function, 1
        inner = [lets.get(str(operand)) for operand in let.operands]
        chain = [
            i.result for i in inner if i is not None and i.function == function and i.reassociate == let.reassociate
        ]
        if carried.name not in let.operands and len(chain) != 1:
            return False
        at = carried.name if carried.name in let.operands else chain[0]
    return bool(function) and used.count(carried.name) == 1

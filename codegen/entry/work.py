"""How long a program runs, roughly: long enough that other threads should run Python meanwhile?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import sympy

from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.lapack import MatrixCall
from codegen.program.program import Call
from symgrad.shapes import Size, substitute

LONG = 20_000.0
"""Nanoseconds. To let go of the interpreter and to take it again costs some 30, or a wait where threads contend."""

_PRODUCT_FLOPS, _LAPACK_FLOPS, _INSTRUCTIONS = 20.0, 1.0, 4.0
"""A nanosecond's worth, of one core, where loops are vectorised."""


def takes_long(calls: Iterable[Call], sizes: Mapping[sympy.Symbol, int]) -> bool:
    """Return whether calls of kernels for given sizes take about 20 microseconds or more."""
    numbers: dict[Size, int] = {}

    def number(*lengths: Size) -> int:
        for length in lengths:
            if length not in numbers:
                numbers[length] = substitute(length, sizes)
        return math.prod(numbers[length] for length in lengths)

    total = 0.0
    for call in calls:
        total += _nanoseconds(call, number)
        if total >= LONG:
            return True
    return False


def _nanoseconds(call: Call, number: Callable[..., int]) -> float:
    match call.code:
        case MatrixProduct() as code:
            loops = [axis.size for axis in code.loops]
            return 2 * number(code.rows.size, code.columns.size, code.summed.size, *loops) / _PRODUCT_FLOPS
        case MatrixCall() as code:
            order = number(code.order)
            return number(code.batch) * order**2 * (order + 2 * number(code.columns)) / _LAPACK_FLOPS
        case _:
            return sum(root.work * number(*root.domain) for root in call.roots) / _INSTRUCTIONS

"""Combination: the parts of a reduction that chunks have made become one result."""

from __future__ import annotations

from functools import cache

from codegen.kernels.loop_nest import Buffer, Constant, Let, Load, Loop, LoopNest, Store
from codegen.kernels.reductions import COMBINE, initial_value


@cache
def combination(kind: str, dtype: str) -> LoopNest:
    """Return the kernel that reduces parts, an array of shape (n1, n0), to a result of n0 entries, in their order."""
    start = (Constant("start", dtype, initial_value(kind, dtype)), Store("b1", ("i",), "start"))
    take_in = (
        Load("part", "b0", ("chunk", "j")),
        Load("old", "b1", ("j",)),
        Let("new", dtype, COMBINE[kind], ("old", "part")),
        Store("b1", ("j",), "new"),
    )
    return LoopNest(
        (Buffer("b0", dtype, ("n1", "n0")), Buffer("b1", dtype, ("n0",), written=True)),
        ("n0", "n1"),
        (
            Loop("i", "n0", start, independent=True),
            Loop("chunk", "n1", (Loop("j", "n0", take_in, independent=True),)),
        ),
    )

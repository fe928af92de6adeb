"""The figures of one core that the times of kernels are held against."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from functools import cache

from codegen.limits.code import library
from codegen.limits.probes import caches, multiply_adds, stream
from codegen.llvm.target import cores

_SECONDS = 0.02
_TURNS = 5


@dataclass(frozen=True)
class Machine:
    """What one core does in a second while all are at work: floating-point operations of a dtype, and bytes of memory.

    `bandwidth` is a core's share of what all read together from arrays that fit into no cache. `ticks` is the rate of
    the processor's clock, by which calls of kernels are timed.
    """

    dtype: str
    flops: float
    bandwidth: float
    ticks: float


@cache
def measured(dtype: str) -> Machine:
    """Measure this machine, once a process: that takes about a third of a second."""
    size = 4 * caches()["L3"]
    passes, flops = stream(size, 0, 0), multiply_adds(dtype)
    best = {"flops": 0.0, "bytes": 0.0}
    for _ in range(_TURNS):
        best["flops"] = max(best["flops"], flops(_SECONDS))
        best["bytes"] = max(best["bytes"], size * passes(_SECONDS))
    share = len(cores())
    return Machine(dtype, best["flops"] / share, best["bytes"] / share, _ticks())


def _ticks() -> float:
    """Return how often the processor's clock ticks in a second."""
    read = ctypes.CFUNCTYPE(ctypes.c_int64)(library().address("ticks"))
    start, first = time.perf_counter(), read()
    time.sleep(_SECONDS)
    last, end = read(), time.perf_counter()
    return (last - first) / (end - start)

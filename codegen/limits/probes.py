"""The probes, run on all cores at once, each returning a rate; and all of them together, as a table shows them."""

from __future__ import annotations

import ctypes
import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from codegen.limits.code import CHAINS, lanes, library
from codegen.llvm.target import cores

Array = np.ndarray[Any, np.dtype[Any]]
Probe = Callable[[float], float]
"""Called with how long to measure, in seconds; returns units a second, of all cores together."""
Work = Callable[[int], None]
"""The work of one core, so many times."""


def on_all_cores(units: float, works: Sequence[Work]) -> Probe:
    """Return the probe that runs one work on each core; one repetition of all of them together is so many units."""
    rounds = 1

    def run(repetitions: int) -> float:
        """Return the seconds that a repetition takes, averaged over the cores."""
        barrier = threading.Barrier(len(works))
        seconds = [0.0] * len(works)

        def one(index: int, core: int) -> None:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, {core})  # of this thread only
            barrier.wait()
            start = time.perf_counter()
            works[index](repetitions)
            seconds[index] = time.perf_counter() - start

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(cores())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(seconds) / len(seconds) / repetitions

    def probe(seconds: float) -> float:
        nonlocal rounds
        once = run(rounds)
        while once * rounds < seconds / 2:
            rounds = max(2 * rounds, int(seconds / once))
            once = run(rounds)
        return units / once

    return probe


def _function(name: str, *types: Any) -> Callable[..., None]:
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, *types)(library().address(name))
    return lambda *arguments: function(*arguments)


@cache
def multiply_adds(dtype: str) -> Probe:
    """Return the probe of multiply-adds in registers; the unit is a floating-point operation."""
    function = _function(f"multiply_adds_{dtype}", ctypes.c_void_p)
    width = lanes(dtype)

    count = 1000  # a repetition is worth the call

    def work() -> Work:
        out = np.zeros(CHAINS * width, dtype)
        return lambda rounds: function(rounds * count, out.ctypes.data)

    return on_all_cores(2 * CHAINS * width * count * len(cores()), [work() for _ in cores()])


def stream(read: int, updated: int, written: int) -> Probe:
    """Return the probe that passes over arrays of so many bytes, divided among the cores; the unit is a whole pass.

    Where the arrays come from is as with any function called again and again on the same ones: from the nearest cache
    that holds them.
    """
    types = (ctypes.c_void_p, ctypes.c_int64) * 3 + (ctypes.c_void_p,)
    function = _function("stream", *types)

    def work() -> Work:
        arrays = [np.ones(-(-size // (8 * len(cores()))), np.int64) for size in (read, updated, written)]
        out = np.zeros(1, np.int64)
        places = [word for array in arrays for word in (array.ctypes.data, array.size)]
        # The default keeps the arrays alive.
        return lambda rounds, arrays=arrays: function(rounds, *places, out.ctypes.data)

    return on_all_cores(1, [work() for _ in cores()])


def triad(size: int) -> Probe:
    """Return the probe of z = 3 x + y over arrays of so many bytes in all; the unit is a byte read or written."""
    function = _function("triad", *[ctypes.c_void_p] * 3, ctypes.c_int64)
    count = size // (24 * len(cores()))

    def work() -> Work:
        arrays = [np.ones(count) for _ in range(3)]
        return lambda rounds: function(rounds, *(array.ctypes.data for array in arrays), count)

    return on_all_cores(24 * count * len(cores()), [work() for _ in cores()])


@cache
def exponentials() -> Probe:
    """Return the probe of exp of float32 numbers in the nearest cache; the unit is one of them."""
    count = 2048

    def work() -> Work:
        x, y = np.linspace(-2, 2, count, dtype=np.float32), np.empty(count, np.float32)
        return lambda rounds: exp_into(rounds, x, y)

    return on_all_cores(count * len(cores()), [work() for _ in cores()])


def exp_into(rounds: int, x: Array, y: Array) -> None:
    """Write exp(x) to y, so many times over: what the probe does."""
    types = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    _function("exponentials", *types)(rounds, x.ctypes.data, y.ctypes.data, x.size)


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    ]


_FASTCALL = 0x80
_METHOD = _Method(b"no_operation", None, _FASTCALL, b"Return the same list, whatever the arguments are.")
_RESULT = [0.0]


@cache
def no_operation() -> Callable[..., list[float]]:
    """Return a function of machine code that does nothing: what any call from Python costs at least."""
    _METHOD.address = library().address("no_operation")
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return make(ctypes.byref(_METHOD), _RESULT, None)


def empty_call(arguments: Sequence[Any]) -> Probe:
    """Return the probe of calling that function with these arguments, as a step of symgrad's is called."""
    function = no_operation()

    def step() -> float:
        return function(*arguments)[0]

    def probe(seconds: float) -> float:
        calls = 0
        start = time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            for _ in range(1000):
                step()
            calls += 1000
        return calls / elapsed

    return probe


def caches() -> dict[str, int]:
    """Cache -> its bytes, nearest first, as the operating system tells or as is common; L1 and L2 are of one core."""
    sizes = {"L1": ("SC_LEVEL1_DCACHE_SIZE", 32 << 10), "L2": ("SC_LEVEL2_CACHE_SIZE", 512 << 10)}
    found: dict[str, int] = {}
    for name, (question, default) in (sizes | {"L3": ("SC_LEVEL3_CACHE_SIZE", 32 << 20)}).items():
        try:
            found[name] = max(os.sysconf(question), 0) or default
        except (AttributeError, ValueError, OSError):
            found[name] = default
    return found


def home(size: int) -> str:
    """Where arrays of so many bytes live between calls: in the nearest cache of which they fill no more than half.

    They are divided among the cores, each of which has an L1 and an L2 of its own.
    """
    for name, capacity in caches().items():
        if size <= capacity * (1 if name == "L3" else len(cores())) / 2:
            return name
    return "memory"


def machine(seconds: float = 0.1, turns: int = 5) -> dict[str, float]:
    """Measure the machine: units a second (`call`: seconds), the median of interleaved turns."""
    shared, word = caches()["L3"], 1 << 20
    large, small = 4 * shared, shared // 4
    probes = {
        "multiply-adds float32": multiply_adds("float32"),
        "multiply-adds float64": multiply_adds("float64"),
        "exp float32": exponentials(),
        f"read {large // word} MB": _bytes(large, stream(large, 0, 0)),
        f"triad {large // word} MB": triad(large),
        f"read {small // word} MB": _bytes(small, stream(small, 0, 0)),
        f"triad {small // word} MB": triad(small),
        "empty call": empty_call([_RESULT]),
    }
    found: dict[str, list[float]] = {name: [] for name in probes}
    for _ in range(turns):
        for name, probe in probes.items():
            found[name].append(probe(seconds))
    return {name: float(np.median(rates)) for name, rates in found.items()}


def _bytes(size: int, passes: Probe) -> Probe:
    return lambda seconds: size * passes(seconds)


def place() -> str:
    """What was measured on: the processor, as far as the system tells its name, its cores, and Python."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
    return f"{name}, {len(cores())} cores; Python {platform.python_version()}"

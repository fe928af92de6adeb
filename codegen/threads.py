"""How many threads compiled functions use, and what becomes of them at a fork and at the end of the process."""

from __future__ import annotations

import atexit
import ctypes
import operator
import os
import time
from functools import cache
from typing import Any

from codegen.llvm.driver import driver
from codegen.llvm.target import cores
from codegen.llvm.threads import MOST_THREADS
from symgrad.errors import SymgradError

_PATIENCE = 1.0
"""Seconds that the end of the process waits for workers, which leave within a millisecond."""


def set_threads(count: Any = None) -> None:
    """See `symgrad.set_threads`."""
    if count is None:
        count = len(cores())
    try:
        number = operator.index(count)
    except TypeError:
        raise SymgradError(f"the number of threads must be an int, not {count!r}") from None
    if not 1 <= number <= MOST_THREADS:
        raise SymgradError(f"the number of threads must be from 1 to {MOST_THREADS}, not {number}")
    _prepare()
    _variable("wanted").value = number


def get_threads() -> int:
    """Return how many threads compiled functions use."""
    _prepare()
    return _variable("wanted").value


def most_threads() -> int:
    """Return how many threads a program makes room for: later calls may use more than now."""
    return max(get_threads(), min(len(cores()), MOST_THREADS))


def _variable(name: str) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(driver().address(f"sg.threads.{name}"))


@cache
def _prepare() -> None:
    """Set the number of threads that a process starts with, and see to forks and to the end."""
    _variable("wanted").value = _first_number()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_procedure("forget"))
    atexit.register(_stop)


def _first_number() -> int:
    given = os.environ.get("SYMGRAD_NUM_THREADS", "")
    return min(max(int(given), 1), MOST_THREADS) if given.strip().isdecimal() else min(len(cores()), MOST_THREADS)


def _procedure(name: str) -> Any:
    return ctypes.CFUNCTYPE(None)(driver().address(f"sg.threads.{name}"))


def _stop() -> None:
    """Let the workers leave machine code before it is taken away."""
    _procedure("stop")()
    end = time.monotonic() + _PATIENCE
    while _variable("exited").value < _variable("started").value and time.monotonic() < end:
        time.sleep(0.0005)

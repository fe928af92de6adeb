"""Profiles: where the time of a call goes, kernel by kernel, and how far each is from what the machine can do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from codegen.limits.machine import Machine
from codegen.program.program import Program
from codegen.program.record import records
from symgrad.shapes import Size, substitute

_MOST_ROWS = 30
_FORMULA_WIDTH = 48


@dataclass(frozen=True)
class KernelTime:
    """One kernel of a call: its formula, seconds (of all threads together), flops and bytes (see `KernelRecord`)."""

    name: str
    formula: str
    seconds: float
    flops: int
    bytes: int
    limit: float
    """The seconds in which one core could do it: the flops at its peak, or the bytes at its share of the bandwidth."""

    @property
    def share(self) -> float:
        """The limit over the time; above 1 where the bytes come from a cache faster than the memory measured."""
        return self.limit / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Profile:
    """The median times of a call and of its kernels, which may have run side by side on several threads."""

    seconds: float
    threads: int
    kernels: tuple[KernelTime, ...]
    machine: Machine

    @property
    def between(self) -> float:
        """Seconds of a call, over all threads, in no kernel: the call itself, waiting, and sharing out."""
        return max(self.seconds * self.threads - sum(kernel.seconds for kernel in self.kernels), 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        kernels = [{**vars(kernel), "share": kernel.share} for kernel in self.kernels]
        return {
            "seconds": self.seconds,
            "threads": self.threads,
            "machine": vars(self.machine),
            "kernels": kernels,
            "between": self.between,
        }

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("kernel", "us", "%", "GF/s", "GB/s", "% of limit", "formula")]
        total = self.seconds * self.threads
        slowest = sorted(self.kernels, key=lambda kernel: -kernel.seconds)
        rows += (_row(kernel, total) for kernel in slowest[:_MOST_ROWS])
        rest = slowest[_MOST_ROWS:]
        if rest:
            seconds = sum(kernel.seconds for kernel in rest)
            rows.append((f"{len(rest)} more", _us(seconds), _percent(seconds, total), "", "", "", ""))
        rows.append(
            ("between", _us(self.between), _percent(self.between, total), "", "", "", "calls, waiting, sharing out")
        )
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:6], widths[1:])]) + "  " + row[6] for row in rows
        ]
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return "\n".join(
            [
                f"{_us(self.seconds)} us a call on {threads}; times of kernels are those of all threads together",
                f"one core does {self.machine.flops / 1e9:.1f} GF/s ({self.machine.dtype}), "
                f"its share of the memory's bandwidth is {self.machine.bandwidth / 1e9:.1f} GB/s",
                "",
                *(line.rstrip() for line in lines),
            ]
        )


def _row(kernel: KernelTime, total: float) -> tuple[str, ...]:
    seconds = max(kernel.seconds, 1e-12)
    first, *more = kernel.formula.splitlines() or [""]
    text = first if len(first) <= _FORMULA_WIDTH else first[: _FORMULA_WIDTH - 3] + "..."
    return (
        kernel.name,
        _us(kernel.seconds),
        _percent(kernel.seconds, total),
        f"{kernel.flops / seconds / 1e9:.2f}",
        f"{kernel.bytes / seconds / 1e9:.2f}",
        f"{100 * kernel.share:.0f}",
        text + (f" (and {len(more)} more)" if more else ""),
    )


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.2f}"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}" if whole else ""


def profiled(
    program: Program,
    sizes: Mapping[sympy.Symbol, int],
    call: Callable[[], object],
    taken: Any,
    times_word: Any,
    threads: int,
    machine: Machine,
    seconds: float,
) -> Profile:
    """Measure calls for about so many seconds; the word of the plan says whether times go to `taken`."""
    whole: list[float] = []
    parts: list[Any] = []
    call()
    end = time.perf_counter() + seconds
    times_word[...] = taken.__array_interface__["data"][0]
    try:
        while time.perf_counter() < end or len(whole) < 5:
            taken[:] = 0
            start = time.perf_counter()
            call()
            whole.append(time.perf_counter() - start)
            parts.append(taken[1:] / machine.ticks)
    finally:
        times_word[...] = 0
    medians = np.median(np.array(parts), axis=0)
    described = iter(records(program))

    def number(size: Size) -> int:
        return substitute(size, sizes)

    kernels: list[KernelTime] = []
    for call_number, taken_seconds in enumerate(medians):
        if not program.calls[call_number].roots:
            continue  # parts of a result put together
        record = next(described)
        flops, size = number(record.flops), number(record.bytes)
        limit = max(flops / machine.flops, size / machine.bandwidth)
        kernels.append(KernelTime(record.name, record.formula, float(taken_seconds), flops, size, limit))
    return Profile(statistics.median(whole), threads, tuple(kernels), machine)

"""Tables of what the runner measured, and whether the engines agree about the losses."""

from __future__ import annotations

import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Rounds: TypeAlias = dict[tuple[str, str], list[dict[str, Any]]]
"""(workload, engine) -> one measurement a round; no entry where the engine cannot do the work."""

LOSS_TOLERANCE = 1e-4
"""Relative; the engines sum float32 numbers in different orders."""


def disagreements(rounds: Rounds) -> list[str]:
    """The workloads on which not all engines found the same first loss."""
    losses: dict[str, list[float]] = defaultdict(list)
    for (workload, _), found in rounds.items():
        losses[workload] += [measured["loss"] for measured in found]
    return [name for name, values in losses.items() if max(values) - min(values) > LOSS_TOLERANCE * abs(values[0])]


def report(rounds: Rounds, workloads: list[str], engines: list[str], count: int) -> str:
    """The tables: time a call, first result, first loss."""
    versions = {engine: found[0]["version"] for (_, engine), found in rounds.items()}
    different = disagreements(rounds)
    calls = [["workload", *engines, "fastest peer", "speed-up"]]
    firsts = [["workload", *engines]]
    losses = [["workload", "first loss", "engines agree"]]
    for workload in workloads:
        found = {engine: rounds[workload, engine] for engine in engines if (workload, engine) in rounds}
        medians = {e: statistics.median(m["median"] for m in measured) for e, measured in found.items()}
        peers = {e: value for e, value in medians.items() if e != "symgrad"}
        fastest = min(peers, key=peers.__getitem__, default=None)
        calls.append(
            [
                workload,
                *(f"{medians[e] * 1e6:.1f}" if e in medians else "-" for e in engines),
                fastest or "-",
                f"{peers[fastest] / medians['symgrad']:.2f}" if fastest and "symgrad" in medians else "-",
            ]
        )
        firsts.append([workload, *(cold_and_warm(found[e]) if e in found else "-" for e in engines)])
        values = ", ".join(f"{m[0]['loss']:.7g}" for m in found.values())
        agree = f"NO: {', '.join(found)}: {values}" if workload in different else "yes"
        losses.append([workload, values.split(",")[0], agree])
    return "\n".join(
        [
            f"{processor()}, {os.cpu_count()} cores; Python {platform.python_version()}; "
            + ", ".join(f"{engine} {version}" for engine, version in versions.items()),
            "",
            f"Microseconds a call: median of {count} processes, each the median of its batches of calls.",
            "speed-up: the fastest peer's time over symgrad's; above 1, symgrad is faster.",
            "",
            table(calls),
            "",
            "Seconds from the definition of the model to the first result, libraries imported: with empty caches, and"
            " (median) with what earlier processes left there.",
            "",
            table(firsts),
            "",
            table(losses),
        ]
    )


def cold_and_warm(measured: list[dict[str, Any]]) -> str:
    """The time to the first result in the first round, and the median of the others."""
    cold, *warm = (m["first"] for m in measured)
    return f"{cold:.2f} / {statistics.median(warm):.2f}" if warm else f"{cold:.2f}"


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as columns, all but the first right-aligned."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def processor() -> str:
    """The processor's name where the system tells it, otherwise its architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

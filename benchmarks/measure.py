"""Measure one engine on one workload in this process: `python -m benchmarks.measure ENGINE WORKLOAD`.

Prints one line of JSON. Runs under the peers' Python too: needs NumPy and the engine, nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass

from benchmarks.engines import ENGINES, load
from benchmarks.workloads import WORKLOADS, Step

BATCH_SECONDS = 0.02
"""Calls are timed in batches of about this length, so that reading the clock costs nothing."""


@dataclass(frozen=True)
class Measurement:
    """What one process measured; times in seconds."""

    first: float
    """From defining the model (libraries already imported) to the first result: build, compile, first call."""
    median: float
    least: float
    loss: float
    """The loss of the first call: the same for every engine."""
    version: str


def time_calls(step: Step, seconds: float) -> list[float]:
    """Seconds a call, once for each batch of calls, for about `seconds` seconds."""
    for _ in range(3):
        step()
    start = time.perf_counter()
    step()
    once = max(time.perf_counter() - start, 1e-7)
    calls = max(1, int(BATCH_SECONDS / once))
    batches = max(5, min(60, int(seconds / (calls * once))))
    times: list[float] = []
    for _ in range(batches):
        start = time.perf_counter()
        for _ in range(calls):
            step()
        times.append((time.perf_counter() - start) / calls)
    return times


def measure(engine: str, workload: str, seconds: float) -> Measurement | None:
    """Measure `engine` on `workload`; None if it cannot express the work."""
    loaded = load(engine)
    start = time.perf_counter()
    step = loaded.build(WORKLOADS[workload])
    if step is None:
        return None
    loss = step()
    first = time.perf_counter() - start
    times = time_calls(step, seconds)
    return Measurement(first, statistics.median(times), min(times), float(loss), loaded.version)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to measure (default 1)")
    arguments = parser.parse_args()
    result = measure(arguments.engine, arguments.workload, arguments.seconds)
    print(json.dumps(result and asdict(result)))


if __name__ == "__main__":
    main()

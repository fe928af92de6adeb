"""One engine in a process of its own: `python -m benchmarks.worker ENGINE`; `processes.py` gives the orders.

Orders and answers are lines of JSON. Runs under the peers' Python too: needs NumPy and the engine, nothing else.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from typing import Any, TextIO

from benchmarks.catalogue import find
from benchmarks.engines import Engine, load
from benchmarks.workloads import Step

WARM_UP_SECONDS = 0.1
"""Calls are repeated for so long before they are timed: allocators, caches and clocks settle."""


class Worker:
    """An engine and the step that it built last."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.step: Step | None = None

    def build(self, workload: str) -> dict[str, Any]:
        """Build a workload, run it, and warm it up; the answer says nothing if the engine cannot express it.

        `first` is the time from defining the model (libraries already imported) to the first result, `once` that of a
        call, roughly; `loss` is the loss of the first call: the same for every engine.
        """
        self.step = None  # an earlier one must not hold memory
        start = time.perf_counter()
        self.step = self.engine.build(find(workload))
        if self.step is None:
            return {}
        loss = float(self.step())
        first = time.perf_counter() - start
        return {"first": first, "loss": loss, "once": warm_up(self.step)}

    def turn(self, calls: int) -> dict[str, float]:
        """Time so many calls; one more before them brings code and data back into the caches."""
        step = self.step
        assert step is not None
        step()
        start = time.perf_counter()
        for _ in range(calls):
            step()
        return {"seconds": (time.perf_counter() - start) / calls}

    def memory(self, workload: str) -> dict[str, int]:
        """Bytes that a call takes beside the arrays it is given, by name; nothing where the engine does not tell."""
        return self.engine.memory(find(workload)) or {}


def warm_up(step: Step) -> float:
    """Call a step until it has settled, and return the least seconds of a call."""
    end = time.perf_counter() + WARM_UP_SECONDS
    times: list[float] = []
    while len(times) < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times)


def serve(orders: TextIO, answers: TextIO, name: str) -> None:
    """Import the engine, and answer orders until there are no more; errors are answers too."""

    def answer(value: dict[str, Any]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    start = time.perf_counter()
    try:
        worker = Worker(engine := load(name))
    except Exception as error:
        answer({"error": described(error)})
        return
    answer({"version": engine.version, "import": time.perf_counter() - start})
    for line in orders:
        order, argument = json.loads(line)
        try:
            answer(getattr(worker, order)(argument))
        except Exception as error:
            answer({"error": described(error)})


def described(error: Exception) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends: a stopped process would not notice."""
    if sys.platform == "linux":
        set_signal_of_parents_death, kill = 1, 9
        ctypes.CDLL(None).prctl(set_signal_of_parents_death, kill)


def main() -> None:
    die_with_parent()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what engines print must not come between the answers
    serve(sys.stdin, answers, sys.argv[1])


if __name__ == "__main__":
    main()

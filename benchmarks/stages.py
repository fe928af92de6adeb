"""Where the time from a definition to the first result goes in symgrad: `python -m benchmarks.stages [NAME ...]`.

Each row is two processes: one with the cache of compiled kernels empty, one that finds what the first left there.
`define` builds the graph and the gradient graph, `compile` makes the function, `call` is the first call.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise

from benchmarks.catalogue import EQUAL_LAYERS, WORKLOADS
from benchmarks.processes import ROOT
from benchmarks.tables import table

STAGES = ("define", "compile", "call")


def stages(name: str) -> dict[str, float]:
    """Time the stages of one workload in this process, and count its kernels."""
    import symgrad as sg  # here, so that the clock does not see the import
    from benchmarks.engines.symgrad import define

    work = (WORKLOADS | EQUAL_LAYERS)[name]
    clock = [time.perf_counter()]
    definition = define(work)
    clock.append(time.perf_counter())
    function = sg.compile(definition.inputs, definition.outputs, updates=definition.updates)
    clock.append(time.perf_counter())
    function(*definition.arguments)
    clock.append(time.perf_counter())
    seconds = {stage: end - start for stage, (start, end) in zip(STAGES, pairwise(clock), strict=True)}
    return seconds | {
        "kernels": len(function.kernels),
        "different": len({kernel.symbol for kernel in function.kernels}),
    }


def measure(name: str, cache: str) -> dict[str, float]:
    """The stages of one workload in a new process."""
    command = [sys.executable, "-m", "benchmarks.stages", "--here", name]
    environment = os.environ | {"SYMGRAD_CACHE_DIR": cache}
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    names = [*WORKLOADS, *EQUAL_LAYERS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--here", choices=names, help="measure this one in this process and print JSON")
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(stages(arguments.here)))
        return
    if unknown := set(arguments.names) - set(names):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")

    rows = [["workload", "cold", *STAGES, "warm", *STAGES, "kernels", "different"]]
    for name in arguments.names or names:
        print(name, file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmark-cache-") as cache:
            cold, warm = measure(name, cache), measure(name, cache)
        row = [name]
        for seconds in (cold, warm):
            row += [f"{value:.3f}" for value in (sum(seconds[s] for s in STAGES), *(seconds[s] for s in STAGES))]
        rows.append([*row, str(cold["kernels"]), str(cold["different"])])
    print("Seconds with an empty cache (cold) and with a filled one (warm), libraries imported.\n")
    print(table(rows))


if __name__ == "__main__":
    main()

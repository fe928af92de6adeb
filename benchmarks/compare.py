"""The runner: engines measured in turn, several rounds, one process each.

Interleaving is what makes the figures comparable: a machine's speed drifts, and a drift hits all engines alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.engines import ENGINES
from benchmarks.report import Rounds, disagreements, report
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).parent.parent
AT_HOME = ("symgrad", "numpy")
"""The engines that run under this Python; the others need the peers' one."""
BUSY = 0.5
"""A load average above this, before anything is measured, gets a warning."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison; the exit status is 1 if engines disagree about a loss or one of them failed."""
    arguments = parse(argv)
    engines = [name for name in arguments.engines if name in AT_HOME or arguments.peers_python]
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"load average {load:.1f}: something else uses this machine, the figures will be off", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="benchmark-caches-") as caches:
        rounds, failures = run(engines, arguments, own_caches(Path(caches)))
    print(report(rounds, arguments.workloads, engines, arguments.rounds))
    if arguments.json:
        records = [{"workload": w, "engine": e, "rounds": found} for (w, e), found in rounds.items()]
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures or disagreements(rounds) else 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--peers-python",
        default=os.environ.get("PEERS_PYTHON"),
        help="a Python that has torch, jax, pytensor and autograd (or PEERS_PYTHON); without it only "
        f"{' and '.join(AT_HOME)} are measured",
    )
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3, help="processes for each engine and workload (default 3)")
    parser.add_argument("--seconds", type=float, default=1.0, help="measuring time of a process (default 1)")
    parser.add_argument("--json", type=Path, help="also write every measurement to this file")
    return parser.parse_args(argv)


def own_caches(folder: Path) -> dict[str, str]:
    """An environment in which engines keep what they compile in `folder`: empty at first, then shared by the rounds."""
    return os.environ | {
        "SYMGRAD_CACHE_DIR": str(folder / "symgrad"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
        "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(folder / "numba"),
    }


def run(engines: list[str], arguments: argparse.Namespace, environment: dict[str, str]) -> tuple[Rounds, list[str]]:
    """Measure every engine on every workload, in turn, forwards and backwards; also return what went wrong."""
    rounds: Rounds = defaultdict(list)
    failures: dict[tuple[str, str], str] = {}
    for index in range(arguments.rounds):
        for workload in arguments.workloads:
            for engine in engines if index % 2 == 0 else reversed(engines):
                if (workload, engine) in failures:
                    continue
                print(f"round {index + 1}: {workload}, {engine}", file=sys.stderr, flush=True)
                python = sys.executable if engine in AT_HOME else arguments.peers_python
                try:
                    measured = measure(python, engine, workload, arguments.seconds, environment)
                except subprocess.CalledProcessError as error:
                    reason = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
                    failures[workload, engine] = f"{engine} failed on {workload}: {reason[-1]}"
                else:
                    if measured:
                        rounds[workload, engine].append(measured)
    return rounds, list(failures.values())


def measure(
    python: str, engine: str, workload: str, seconds: float, environment: dict[str, str]
) -> dict[str, Any] | None:
    """One measurement in a process of its own; None if the engine cannot do the work."""
    command = [python, "-m", "benchmarks.measure", engine, workload, "--seconds", str(seconds)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])

"""The workers' side that gives orders: long-living processes, of which all but one are stopped at any time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
AT_HOME = ("symgrad", "numpy")
"""The engines that run under this Python; the others need the peers' one."""
PATIENCE = 900.0
"""Seconds to wait for an answer: torch.compile takes minutes over a hundred layers."""


class WorkerError(Exception):
    """An engine could not do what it was asked to; the message says why."""


class Process:
    """A worker process, running an engine. It is stopped between orders.

    Idle threads of some libraries spin for a while in the hope of more work. A stopped process cannot, so that engines
    keep their own defaults and still do not disturb each other.
    """

    def __init__(self, engine: str, python: str, environment: Mapping[str, str]) -> None:
        self.engine = engine
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the process
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", engine],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self.greeting = self._answer()
        except WorkerError:
            self.close()
            raise
        self._signal("SIGSTOP")

    def order(self, name: str, argument: Any) -> dict[str, Any]:
        """Have an order of `benchmarks.worker.Worker` carried out; raises `WorkerError` if that fails."""
        self._signal("SIGCONT")
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([name, argument]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise WorkerError(self._last_words()) from None
        answer = self._answer()
        self._signal("SIGSTOP")
        return answer

    @property
    def number(self) -> int:
        """The number by which the system knows the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise WorkerError(self._last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def _last_words(self) -> str:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return f"the process ended with status {status}" + (f": {lines[-1]}" if lines else "")

    def _signal(self, name: str) -> None:
        if hasattr(signal, name) and self._process.poll() is None:  # Windows has neither
            self._process.send_signal(getattr(signal, name))


class Crew:
    """The workers of a run, by engine: started when first needed, and again after a failure."""

    def __init__(self, peers_python: str | None, environment: Mapping[str, str]) -> None:
        self._peers_python = peers_python
        self._environment = environment
        self._processes: dict[str, Process] = {}
        self._missing: set[str] = set()
        self.versions: dict[str, str] = {}
        self.failures: list[str] = []

    def order(self, engine: str, name: str, argument: Any) -> dict[str, Any] | None:
        """Give an order to an engine's worker; note a failure and return None."""
        if engine not in self._processes and not self._start(engine):
            return None
        try:
            return self._processes[engine].order(name, argument)
        except WorkerError as error:
            self.failures.append(f"{engine}, {name} {argument}: {error}")
            self.dismiss(engine)
            return None

    def _start(self, engine: str) -> bool:
        """Start a worker and return whether it is there; who cannot start is not asked again."""
        if engine in self._missing:
            return False
        python = sys.executable if engine in AT_HOME else self._peers_python
        try:
            if python is None:
                raise WorkerError("no Python that has it was named")
            process = self._processes[engine] = Process(engine, python, self._environment)
        except (WorkerError, OSError) as error:
            self._missing.add(engine)
            self.failures.append(f"{engine}: {error}")
            return False
        self.versions[engine] = process.greeting["version"]
        return True

    def dismiss(self, engine: str) -> None:
        """End an engine's worker, if there is one."""
        process = self._processes.pop(engine, None)
        if process is not None:
            process.close()

    def close(self) -> None:
        """End all workers."""
        for engine in list(self._processes):
            self.dismiss(engine)


@contextmanager
def hired(peers_python: str | None, environment: Mapping[str, str] | None = None) -> Generator[Crew, None, None]:
    """A crew whose workers end with the block."""
    crew = Crew(peers_python, os.environ if environment is None else environment)
    try:
        yield crew
    finally:
        crew.close()


def own_caches(folder: Path) -> dict[str, str]:
    """An environment in which engines keep what they compile in `folder`.

    JAX keeps nothing by default; here it does, whatever took long or not, as the others do.
    """
    return os.environ | {
        "SYMGRAD_CACHE_DIR": str(folder / "symgrad"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
        "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(folder / "numba"),
    }

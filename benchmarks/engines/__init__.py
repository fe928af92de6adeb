"""One module an engine: `build(work)` returns the step, or None where the engine cannot express the work.

`memory(work)`, where an engine tells it, returns the bytes that a call takes beside the arrays it is given, by name.
Each engine is used as its users use it: its own defaults, all cores, shapes known when it compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from benchmarks.workloads import Step, Workload

ENGINES: dict[str, tuple[str, dict[str, bool]]] = {
    "symgrad": ("symgrad", {}),
    "numpy": ("numpy", {}),
    "torch": ("torch", {"compiled": False}),
    "torch.compile": ("torch", {"compiled": True}),
    "jax": ("jax", {}),
    "pytensor": ("pytensor", {}),
    "autograd": ("autograd", {}),
}
"""The name of an engine -> its distribution (which is also its module here), and options of its functions."""


class Engine(NamedTuple):
    """An engine, imported."""

    build: Callable[[Workload], Step | None]
    memory: Callable[[Workload], dict[str, int] | None]
    version: str


def load(name: str) -> Engine:
    """Import an engine; raises ImportError if it is not installed."""
    distribution, options = ENGINES[name]
    module = import_module(f"benchmarks.engines.{distribution}")
    try:
        installed = version(distribution)
    except PackageNotFoundError:  # symgrad, run from its checkout
        installed = "checkout"
    memory = partial(module.memory, **options) if hasattr(module, "memory") else lambda _: None
    return Engine(partial(module.build, **options), memory, installed)

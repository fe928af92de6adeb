"""What follows from the definitions of the formula book, kept on disk.

SymPy needs longer for its first sum (it loads its permutation groups for that) than all else takes to build a graph.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import sympy

from symgrad.disk_cache import DiskCache, sha256, source_hash
from symgrad.functions.program import Literal, ScalarProgram

Derived = TypeVar("Derived")
_disk = DiskCache("json")


def derived(name: str, derive: Callable[[], Derived]) -> Derived:
    """Return what `derive` returns, of scalar programs, tuples, bools and None, from disk if it is there.

    `name`, the source of this folder and SymPy's version determine it.
    """
    key = sha256(f"{_environment()}\n{name}".encode()).hexdigest()
    kept = _disk.read(key)
    if kept is not None:
        return _decoded(json.loads(kept))
    result = derive()
    _disk.write(key, json.dumps(_encoded(result)).encode())
    return result


@cache
def _environment() -> str:
    return f"{sympy.__version__}\n{source_hash(Path(__file__).parent)}"


def _encoded(value: Any) -> Any:
    match value:
        case ScalarProgram():
            return {"arity": value.arity, "steps": _encoded(value.steps), "result": _encoded(value.result)}
        case Literal():
            return {"value": value.value}
        case tuple():
            return [_encoded(item) for item in value]
        case _:
            return value


def _decoded(value: Any) -> Any:
    match value:
        case {"arity": arity, "steps": steps, "result": result}:
            return ScalarProgram(arity, _decoded(steps), _decoded(result))
        case {"value": number}:
            return Literal(number)
        case list():
            return tuple(_decoded(item) for item in value)
        case _:
            return value

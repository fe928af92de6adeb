"""Object code, compiled once: kept in the process, and on disk for the processes after it.

A module is known by its name, so that its text is written only if its code is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

import symgrad
from codegen.llvm import jit
from codegen.llvm.target import cores, host
from symgrad.disk_cache import DiskCache, source_hash

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Module:
    """A module of LLVM IR: codegen's `write` returns the text, and modules of one name have one text."""

    name: str
    write: Callable[[], str]


def object_code(module: Module) -> bytes:
    """Return the object code of a module, from the process, from disk, or compiled now."""
    return object_codes([module])[0]


def object_codes(modules: Sequence[Module]) -> list[bytes]:
    """Return the object code of each module; those that must be compiled are compiled on all cores."""
    keys = [_key(module.name) for module in modules]
    missing = {key: module for key, module in zip(keys, modules, strict=True) if not _recall(key)}
    codes = _compiled([module.write() for module in missing.values()])
    for key, code in zip(missing, codes, strict=True):
        _memory[key] = code
        _disk.write(key, code)
    return [_memory[key] for key in keys]


def _compiled(ir_texts: Sequence[str]) -> list[bytes]:
    workers = min(len(ir_texts), len(cores()))
    if workers < 2:
        return [jit.compile_object(text) for text in ir_texts]
    from concurrent.futures import ThreadPoolExecutor  # here: most processes find all they need

    with ThreadPoolExecutor(workers, "symgrad-compile") as pool:
        # The longest first: one of them alone at the end would leave the other cores idle.
        started = sorted(((len(text), i) for i, text in enumerate(ir_texts)), reverse=True)
        futures = {i: pool.submit(jit.compile_object, ir_texts[i]) for _, i in started}
        return [futures[i].result() for i in range(len(ir_texts))]


_disk = DiskCache("o")
_memory: dict[str, bytes] = {}


def _recall(key: str) -> bool:
    """Bring the code of `key` into `_memory`, if it is known."""
    if key not in _memory and (code := _disk.read(key)) is not None:
        _memory[key] = code
    return key in _memory


def _key(name: str) -> str:
    content = hashlib.sha256(_environment())
    content.update(name.encode())
    return content.hexdigest()


@cache
def _environment() -> bytes:
    """Return what object code depends on besides the name of its module."""
    llvm_version = ".".join(map(str, llvm.llvm_version_info))
    parts = (jit.PIPELINE, symgrad.__version__, llvmlite.__version__, llvm_version, repr(host()))
    written_by = source_hash(*(_PACKAGE / folder for folder in ("kernels", "llvm", "entry")))
    return "\n".join((*parts, written_by)).encode() + b"\0"

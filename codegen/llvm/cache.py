"""Object code, compiled once: kept in the process, and on disk for the processes after it.

A module is known by its name, so that its text is written only if its code is not there. A file of the disk cache is
named by a hash of all that its content depends on (the name of the module, the source of what writes modules, versions,
the processor), and starts with a checksum of it. Files are written beside their place and moved there, so that processes never see half of one. Whatever goes wrong with the
disk, the code is compiled instead. ``SYMGRAD_CACHE_DIR`` says where the cache is; ``SYMGRAD_CACHE=0`` turns it off.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

import symgrad
from codegen.llvm import jit
from codegen.llvm.target import host

MOST_BYTES = 256 * 2**20
"""The size the disk cache is cut down to, longest unused files first."""

_BYTES_BETWEEN_CUTS = 16 * 2**20
_NAME = re.compile(r"\.?[0-9a-f]{64}\.o.*")
"""The names of the cache's files, a dot before those being written; nothing else in the folder is ever removed."""

_PACKAGE = Path(__file__).parent.parent

_MAGIC = b"symgrad object code 1\n"
_CHECKSUM_BYTES = 32


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
    workers = min(len(ir_texts), cores())
    if workers < 2:
        return [jit.compile_object(text) for text in ir_texts]
    from concurrent.futures import ThreadPoolExecutor  # here: most processes find all they need

    with ThreadPoolExecutor(workers, "symgrad-compile") as pool:
        return list(pool.map(jit.compile_object, ir_texts))


def directory() -> Path | None:
    """Return where object code is kept on disk, or None if it is not."""
    if os.environ.get("SYMGRAD_CACHE") == "0":
        return None
    if chosen := os.environ.get("SYMGRAD_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base, "symgrad", "Cache") if base else None
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        return Path(home, "Library", "Caches", "symgrad")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path(home, ".cache"), "symgrad")


class _Disk:
    """The files of the cache."""

    def __init__(self) -> None:
        self._bytes_until_cut = 0

    def read(self, key: str) -> bytes | None:
        """Return the code kept under `key`; None if there is none, or it is damaged, or the disk does not answer."""
        folder = directory()
        if folder is None:
            return None
        path = folder / f"{key}.o"
        try:
            content = path.read_bytes()
        except OSError:
            return None
        header, code = content[: len(_MAGIC) + _CHECKSUM_BYTES], content[len(_MAGIC) + _CHECKSUM_BYTES :]
        if header != _MAGIC + hashlib.sha256(code).digest():
            return None
        with suppress(OSError):
            os.utime(path)  # the time of the last use, by which files are removed
        return code

    def write(self, key: str, code: bytes) -> None:
        """Keep `code` under `key`, if the disk allows it."""
        folder = directory()
        if folder is None:
            return
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_atomically(folder / f"{key}.o", _MAGIC + hashlib.sha256(code).digest() + code)
            self._bytes_until_cut -= len(code)
            if self._bytes_until_cut < 0:
                self._bytes_until_cut = _BYTES_BETWEEN_CUTS
                _cut(folder, MOST_BYTES)


_disk = _Disk()
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
    parts = (jit.PIPELINE, symgrad.__version__, llvmlite.__version__, llvm_version, repr(host()), _generator())
    return "\n".join(parts).encode() + b"\0"


def _generator() -> str:
    """Return a hash of the source that modules are written by."""
    content = hashlib.sha256()
    for folder in ("kernels", "llvm", "entry"):
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            content.update(path.read_bytes())
    return content.hexdigest()


def cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _write_atomically(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _cut(folder: Path, most_bytes: int) -> None:
    """Remove the files that have not been used for the longest time until the rest takes at most `most_bytes`."""
    files = sorted(_files(folder), reverse=True)
    total = 0
    for _, size, path in files:
        total += size
        if total > most_bytes:
            with suppress(OSError):
                os.unlink(path)


def _files(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Yield the time of the last use, the size and the path of every file of the cache."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if _NAME.fullmatch(entry.name):
                    status = entry.stat()
                    yield status.st_mtime, status.st_size, entry.path

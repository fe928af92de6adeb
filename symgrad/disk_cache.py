"""The disk cache: what is dear to compute, kept for the processes to come.

A file is named by a hash of all that its content depends on, and starts with a checksum of it. Files are written beside
their place and moved there, so that processes never see half of one. Whatever goes wrong with the disk, what was asked
for is computed instead. ``SYMGRAD_CACHE_DIR`` says where the cache is; ``SYMGRAD_CACHE=0`` turns it off.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_BYTES = 256 * 2**20
"""The size the disk cache is cut down to, longest unused files first."""

_BYTES_BETWEEN_CUTS = 16 * 2**20
_NAME = re.compile(r"\.?[0-9a-f]{64}\.(o|json).*")
"""The names of the cache's files, a dot before those being written; nothing else in the folder is ever removed."""

_MAGIC = b"symgrad cache 1\n"
_HEADER_BYTES = len(_MAGIC) + 32


def directory() -> Path | None:
    """Return the folder of the cache, or None if there is none."""
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


def sha256(content: bytes) -> Any:
    """Return the SHA-256 hash of some bytes, to which more can be added."""
    import hashlib  # here, because importing OpenSSL takes as long as a tenth of symgrad

    return hashlib.sha256(content)


def source_hash(*folders: Path) -> str:
    """Return a hash of all Python source in some folders: what they compute depends on it."""
    content = sha256(b"")
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content.update(path.read_bytes())
    return content.hexdigest()


class DiskCache:
    """The files with one ending: "o" for object code, "json" for data."""

    def __init__(self, ending: str) -> None:
        self._ending = ending
        self._bytes_until_cut = 0

    def read(self, key: str) -> bytes | None:
        """Return what is kept under `key`; None if that is nothing, or damaged, or the disk does not answer."""
        folder = directory()
        if folder is None:
            return None
        path = os.path.join(folder, f"{key}.{self._ending}")
        try:
            with open(path, "rb", buffering=0) as file:
                content = file.read()
        except OSError:
            return None
        header, content = content[:_HEADER_BYTES], content[_HEADER_BYTES:]
        if header != _header(content):
            return None
        with suppress(OSError):
            os.utime(path)  # the time of the last use, by which files are removed
        return content

    def write(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, 64 hexadecimal digits, if the disk allows it."""
        folder = directory()
        if folder is None:
            return
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_atomically(folder / f"{key}.{self._ending}", _header(content) + content)
            self._bytes_until_cut -= len(content)
            if self._bytes_until_cut < 0:
                self._bytes_until_cut = _BYTES_BETWEEN_CUTS
                cut(folder, MOST_BYTES)


def _header(content: bytes) -> bytes:
    return _MAGIC + sha256(content).digest()


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


def cut(folder: Path, most_bytes: int) -> None:
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

"""Files of the cache are whole or not used, and only the cache's own are ever removed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from symgrad import disk_cache
from symgrad.disk_cache import DiskCache, source_hash

KEYS = [f"{number:064x}" for number in range(4)]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("SYMGRAD_CACHE", raising=False)
    monkeypatch.setenv("SYMGRAD_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_written_is_read(folder: Path) -> None:
    assert DiskCache("o").read(KEYS[0]) is None
    DiskCache("o").write(KEYS[0], b"code")
    assert DiskCache("o").read(KEYS[0]) == b"code"
    assert DiskCache("json").read(KEYS[0]) is None
    assert DiskCache("o").read(KEYS[1]) is None


def test_damaged_files_are_not_read(folder: Path) -> None:
    cache = DiskCache("o")
    cache.write(KEYS[0], b"the content")
    (file,) = folder.iterdir()
    sound = file.read_bytes()
    for damaged in (b"", sound[:10], sound[:-1], sound + b"#", sound[:-3] + b"#" + sound[-2:]):
        file.write_bytes(damaged)
        assert cache.read(KEYS[0]) is None
    cache.write(KEYS[0], b"the content")
    assert file.read_bytes() == sound


def test_no_cache_on_request(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DiskCache("o").write(KEYS[0], b"code")
    monkeypatch.setenv("SYMGRAD_CACHE", "0")
    assert DiskCache("o").read(KEYS[0]) is None
    DiskCache("o").write(KEYS[1], b"code")
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_is_no_error(folder: Path) -> None:
    folder.write_text("in the way")
    DiskCache("o").write(KEYS[0], b"code")
    assert DiskCache("o").read(KEYS[0]) is None


def test_a_failed_write_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, destination: str) -> None:
        raise OSError

    monkeypatch.setattr(os, "replace", refuse)
    DiskCache("o").write(KEYS[0], b"code")
    assert list(folder.iterdir()) == []


def test_the_longest_unused_files_are_removed(folder: Path) -> None:
    for key in KEYS:
        DiskCache("o").write(key, b"code")
    for age, key in enumerate(KEYS):
        os.utime(folder / f"{key}.o", (1000 - age, 1000 - age))
    (folder / "someone else's").write_bytes(bytes(10**6))
    DiskCache("o").read(KEYS[3])  # used again: now the youngest
    disk_cache.cut(folder, 2 * (folder / f"{KEYS[0]}.o").stat().st_size)
    assert {path.name for path in folder.iterdir()} == {"someone else's", f"{KEYS[0]}.o", f"{KEYS[3]}.o"}


def test_a_hash_of_source(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    source = tmp_path / "inner" / "tile.py"
    source.write_text("1")
    before = source_hash(tmp_path)
    (tmp_path / "notes.txt").write_text("1")
    assert source_hash(tmp_path) == before
    source.write_text("2")
    assert source_hash(tmp_path) != before


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("SYMGRAD_CACHE", "SYMGRAD_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    return monkeypatch


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "/home/someone/.cache/symgrad"),
        ("linux", {"XDG_CACHE_HOME": "/fast"}, "/fast/symgrad"),
        ("linux", {"XDG_CACHE_HOME": "/fast", "SYMGRAD_CACHE_DIR": "/mine"}, "/mine"),
        ("darwin", {"XDG_CACHE_HOME": "/fast"}, "/home/someone/Library/Caches/symgrad"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/symgrad/Cache"),
        ("win32", {}, None),
        ("linux", {"SYMGRAD_CACHE": "0", "SYMGRAD_CACHE_DIR": "/mine"}, None),
    ],
)
def test_the_place_of_the_cache(
    environment: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str | None
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    environment.setattr(sys, "platform", platform)
    assert disk_cache.directory() == (None if expected is None else Path(expected))

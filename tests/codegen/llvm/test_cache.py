"""Object code is compiled once, kept on disk, and never trusted when damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codegen.llvm import cache, jit
from symgrad import disk_cache
from symgrad.disk_cache import DiskCache


def text(value: int) -> str:
    return f"define i64 @f() {{\n  ret i64 {value}\n}}\n"


def module(value: int) -> cache.Module:
    return cache.Module(f"module {value}", lambda: text(value))


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Point the cache to an empty folder and list the texts that are compiled."""
    monkeypatch.delenv("SYMGRAD_CACHE", raising=False)
    monkeypatch.setenv("SYMGRAD_CACHE_DIR", str(tmp_path / "cache"))
    texts: list[str] = []
    compile_object = jit.compile_object

    def record(ir_text: str) -> bytes:
        texts.append(ir_text)
        return compile_object(ir_text)

    monkeypatch.setattr(jit, "compile_object", record)
    forget(monkeypatch)
    return texts


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the end of the process does."""
    monkeypatch.setattr(cache, "_memory", {})
    monkeypatch.setattr(cache, "_disk", DiskCache("o"))


def files() -> list[Path]:
    folder = disk_cache.directory()
    assert folder is not None
    return sorted(folder.iterdir())


def test_a_process_compiles_once(compiled: list[str]) -> None:
    assert cache.object_code(module(1)) == cache.object_code(module(1))
    assert compiled == [text(1)]


def test_the_next_process_reads_the_disk(compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code = cache.object_code(module(1))
    forget(monkeypatch)
    assert cache.object_code(module(1)) == code
    assert compiled == [text(1)]


def test_a_text_is_written_only_to_be_compiled(compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise AssertionError

    code = cache.object_code(module(1))
    assert cache.object_code(cache.Module(module(1).name, refuse)) == code
    forget(monkeypatch)
    assert cache.object_code(cache.Module(module(1).name, refuse)) == code


def test_another_source_of_the_generator_is_another_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cache, "_PACKAGE", tmp_path)
    (tmp_path / "llvm" / "gemm").mkdir(parents=True)
    source = tmp_path / "llvm" / "gemm" / "tile.py"
    source.write_text("1")
    before = cache._environment.__wrapped__()
    assert cache._environment.__wrapped__() == before
    source.write_text("2")
    assert cache._environment.__wrapped__() != before


def test_different_modules_are_different_code(compiled: list[str]) -> None:
    assert cache.object_code(module(1)) != cache.object_code(module(2))
    assert len(files()) == 2


@pytest.mark.parametrize("change", ["pipeline", "cpu"])
def test_another_pipeline_or_cpu_is_another_entry(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    cache.object_code(module(1))
    if change == "pipeline":
        monkeypatch.setattr(jit, "PIPELINE", "another")
        monkeypatch.setattr(cache, "_environment", cache._environment.__wrapped__)
    else:
        monkeypatch.setattr(cache, "_environment", lambda: b"another cpu")
    cache.object_code(module(1))
    assert compiled == [text(1)] * 2
    assert len(files()) == 2


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:10], lambda b: b"", lambda b: b[:-9] + b"#" + b[-8:]]
)
def test_a_damaged_file_is_replaced(compiled: list[str], monkeypatch: pytest.MonkeyPatch, damage: object) -> None:
    assert callable(damage)
    code = cache.object_code(module(1))
    (file,) = files()
    sound = file.read_bytes()
    file.write_bytes(damage(sound))
    forget(monkeypatch)
    assert cache.object_code(module(1)) == code
    assert compiled == [text(1)] * 2
    assert file.read_bytes() == sound


def test_no_cache_on_request(compiled: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYMGRAD_CACHE", "0")
    cache.object_code(module(1))
    assert not (tmp_path / "cache").exists()
    forget(monkeypatch)
    cache.object_code(module(1))
    assert compiled == [text(1)] * 2


def test_a_folder_that_cannot_be_is_no_error(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SYMGRAD_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert cache.object_code(module(1)) == jit.compile_object(text(1))


def test_a_failed_write_leaves_nothing_behind(compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, destination: str) -> None:
        raise OSError

    monkeypatch.setattr(os, "replace", refuse)
    cache.object_code(module(1))
    assert files() == []


def test_the_longest_unused_files_are_removed(compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cache.object_codes([module(value) for value in range(4)])
    folder = disk_cache.directory()
    assert folder is not None
    keys = [cache._key(module(value).name) for value in range(4)]
    for age, key in enumerate(keys):
        os.utime(folder / f"{key}.o", (1000 - age, 1000 - age))
    (folder / "someone else's").write_bytes(bytes(10**6))
    forget(monkeypatch)
    cache.object_code(module(3))  # used again: now the youngest
    disk_cache.cut(folder, 2 * (folder / f"{keys[0]}.o").stat().st_size)
    assert [path.name for path in files()] == sorted(["someone else's", f"{keys[0]}.o", f"{keys[3]}.o"])


def test_many_modules_keep_their_order(compiled: list[str]) -> None:
    modules = [module(value) for value in (3, 1, 2, 1)]
    assert cache.object_codes(modules) == [cache.object_code(each) for each in modules]
    assert sorted(compiled) == [text(value) for value in (1, 2, 3)]


def test_an_error_of_one_module_is_raised(compiled: list[str]) -> None:
    with pytest.raises(jit.CompilationError):
        cache.object_codes([module(1), cache.Module("nonsense", lambda: "nonsense"), module(2)])

"""Sharing: every chunk runs once, levels one after another, whoever takes part and however late."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from codegen import threads
from codegen.llvm.driver import text
from codegen.llvm.jit import Library, compile_object, link
from tests.codegen.llvm.jobs import ROOM, SHAPES, Counting


@pytest.fixture(autouse=True)
def same_number_afterwards() -> Iterator[None]:
    before = threads.get_threads()
    yield
    threads.set_threads(before)


@pytest.mark.parametrize("count", [1, 2, 3, 5, ROOM, 20])
@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_every_chunk_runs_once_and_levels_follow_each_other(shape: list[tuple[int, int]], count: int) -> None:
    threads.set_threads(count)
    Counting(shape).run_and_check(100)
    Counting(shape, turns=(0, 400, 3, 0, 50, 0, 1)).run_and_check(20)


@pytest.mark.parametrize("count", [2, 5])
def test_thousands_of_runs_back_to_back(count: int) -> None:
    threads.set_threads(count)
    Counting([(2, 0), (8, 0), (0, 1), (5, 0), (3, 2)]).run_and_check(5000)


# where shares begin and end --------------------------------------------------------------------------------------------

_PROBE = """
define i64 @probe(ptr %level, i64 %share, i64 %threads, i64 %more) {
  %bound = call i64 @bound(ptr %level, i64 %share, i64 %threads, i64 %more)
  ret i64 %bound
}
define ptr @probe.level(ptr %code, i64 %level) {
  %words = call ptr @level_of(ptr %code, i64 %level)
  ret ptr %words
}
"""


@cache
def library() -> Library:
    return link([compile_object(text() + _PROBE)], ["probe", "probe.level"])


def shares(shared: int, count: int, workers: int) -> list[range]:
    """Return the chunks of every share, those for anybody last."""
    types: list[Any] = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64]
    bound = ctypes.CFUNCTYPE(ctypes.c_int64, *types)(library().address("probe"))
    level = np.array([shared, count], np.int64)
    return [
        range(bound(level.ctypes.data, share, workers, 0), bound(level.ctypes.data, share, workers, 1))
        for share in range(workers + 1)
    ]


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 256])
@pytest.mark.parametrize(("shared", "count"), [(0, 0), (0, 3), (1, 1), (4, 4), (8, 11), (64, 64), (1000, 1003)])
def test_every_chunk_is_in_one_share(shared: int, count: int, workers: int) -> None:
    found = shares(shared, count, workers)
    assert [chunk for share in found for chunk in share] == list(range(count))
    assert found[-1] == range(shared, count)
    sizes = [len(share) for share in found[:-1]]
    assert max(sizes) - min(sizes) <= 1


def test_places_of_levels() -> None:
    code = np.array([2, 0, 0, 0, 0, 0, 0, 9, 12, 5, 5, 5, 6, 6], np.int64)
    place = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(library().address("probe.level"))
    assert [place(code.ctypes.data, level) - code.ctypes.data for level in (0, 1)] == [72, 96]

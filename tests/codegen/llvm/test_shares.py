"""Shares: they are the same in every call, disjoint, and all chunks there are."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
import pytest

from codegen.llvm.driver import text
from codegen.llvm.jit import Library, compile_object, link

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


def shares(shared: int, count: int, threads: int) -> list[range]:
    """Return the chunks of every share, those for anybody last."""
    types: list[Any] = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64]
    bound = ctypes.CFUNCTYPE(ctypes.c_int64, *types)(library().address("probe"))
    level = np.array([shared, count], np.int64)
    return [
        range(bound(level.ctypes.data, share, threads, 0), bound(level.ctypes.data, share, threads, 1))
        for share in range(threads + 1)
    ]


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 256])
@pytest.mark.parametrize(("shared", "count"), [(0, 0), (0, 3), (1, 1), (4, 4), (8, 11), (64, 64), (1000, 1003)])
def test_every_chunk_is_in_one_share(shared: int, count: int, threads: int) -> None:
    found = shares(shared, count, threads)
    assert [chunk for share in found for chunk in share] == list(range(count))
    assert found[-1] == range(shared, count)
    sizes = [len(share) for share in found[:-1]]
    assert max(sizes) - min(sizes) <= 1


def test_places_of_levels() -> None:
    code = np.array([2, 0, 0, 0, 0, 0, 0, 9, 12, 5, 5, 5, 6, 6], np.int64)
    place = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(library().address("probe.level"))
    assert [place(code.ctypes.data, level) - code.ctypes.data for level in (0, 1)] == [72, 96]

"""Sharing: every chunk runs once, levels one after another, whoever takes part and however late."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codegen import threads
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

"""The pool: failures, callers at once, changing numbers of threads, room."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from codegen import threads
from tests.codegen.llvm.jobs import ROOM, SHAPES, Counting, Job, Record


@pytest.fixture(autouse=True)
def same_number_afterwards() -> Iterator[None]:
    before = threads.get_threads()
    yield
    threads.set_threads(before)


def test_the_first_call_that_fails_is_told_of() -> None:
    """As on one thread, whoever fails first and with whatever status; what comes behind the level does not run."""
    lines = [np.zeros(8, np.int64) for _ in range(9)]
    zero = np.zeros(8, np.int64)
    good = [("count", [(i, 0), (9, 0), (-1, 0)], [40 * i]) for i in range(9)]
    refusals: list[Record] = [("refuse9", [], []), ("refuse3", [], [])]
    for place in range(5):
        chunks = [*good[:place], refusals[0], *good[place:6], refusals[1], *good[6:8]]
        for shared in (0, len(chunks) // 2, len(chunks)):
            job = Job([(good[:2], []), (chunks[:shared], chunks[shared:]), (good[8:], [])], [*lines, zero])
            for count in (1, 2, 5):
                threads.set_threads(count)
                for _ in range(30):
                    lines[8][:] = 0
                    assert job.run() == (9 << 32) + 3 + place
                    assert lines[8][0] == 0


def test_a_failure_is_forgotten_by_the_next_job() -> None:
    threads.set_threads(3)
    failing = Job([([("refuse3", [], [])] * 6, [])], [])
    counting = Counting([(8, 1), (3, 0)])
    for _ in range(300):
        assert failing.run() == (3 << 32) + 1
        counting.run_and_check(1)


def test_callers_at_once_share_out_or_run_alone() -> None:
    threads.set_threads(3)
    wrong: list[BaseException] = []

    def call(shape: list[tuple[int, int]]) -> None:
        try:
            Counting(shape, turns=(0, 200, 5)).run_and_check(300)
        except BaseException as error:  # of another thread: pytest would not see it
            wrong.append(error)

    callers = [threading.Thread(target=call, args=(shape,)) for shape in SHAPES[1:5]]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_the_number_of_threads_changes_while_a_job_runs() -> None:
    counting = Counting(SHAPES[3], turns=(0, 100))
    ended = threading.Event()

    def change() -> None:
        number = 1
        while not ended.is_set():
            number = number % 7 + 1
            threads.set_threads(number)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        counting.run_and_check(500)
    finally:
        ended.set()
        changing.join()


def test_jobs_have_no_more_threads_than_workspaces() -> None:
    threads.set_threads(5)
    counting = Counting([(16, 1)] * 3, turns=(500,))
    for room in (1, 2, 3):
        counting.job.allow(room)
        counting.job.workspaces[:] = 1
        counting.run_and_check(50)
        # Chunks double what is there until nothing is left of it.
        used = [not part[:4000].any() for part in np.split(counting.job.workspaces, ROOM)]
        assert used[0]
        assert not any(used[room:])

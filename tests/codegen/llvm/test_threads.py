"""The pool: every chunk runs once, levels one after another, whoever takes part and however late."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import pytest

from codegen import threads
from codegen.kernels.loop_nest import Buffer, Constant, Fail, Let, Load, Loop, LoopNest, Store
from codegen.llvm.driver import HEADER, driver, emit_kernel
from codegen.llvm.jit import Library, compile_object, link

ROOM = 8
"""The threads for which the programs here have a workspace."""

_RUN = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)

# b0[0] += b1[0] + 1, after n0 turns of a loop that LLVM cannot take away.
COUNT = LoopNest(
    (
        Buffer("b0", "int64", (1,), written=True),
        Buffer("b1", "int64", (1,)),
        Buffer("b2", "int64", ("n0",), written=True),
    ),
    ("n0",),
    (
        Loop("i", "n0", (Load("w", "b2", ("i",)), Let("v", "int64", "add", ("w", "w")), Store("b2", ("i",), "v"))),
        Constant("one", "int64", 1),
        Load("old", "b0", (0,)),
        Load("before", "b1", (0,)),
        Let("more", "int64", "add", ("before", "one")),
        Let("new", "int64", "add", ("old", "more")),
        Store("b0", (0,), "new"),
    ),
)


def refusing(status: int) -> LoopNest:
    """Return a kernel that fails with a status."""
    return LoopNest((), (), (Constant("yes", "bool", True), Fail("yes", status)))


@cache
def library() -> Library:
    """Return the kernels of these tests."""
    nests = {"count": COUNT, "refuse3": refusing(3), "refuse9": refusing(9)}
    return link([compile_object(emit_kernel(nest, name)) for name, nest in nests.items()], list(nests))


Record = tuple[str, Sequence[tuple[int, int]], Sequence[int]]
"""A call: the kernel, the slots and distances of its buffers, its sizes."""


class Job:
    """A program of levels, each of which has chunks that are shared out and chunks for anybody."""

    def __init__(self, levels: Sequence[tuple[Sequence[Record], Sequence[Record]]], arrays: Sequence[np.ndarray]):
        words = [len(levels), len(arrays), 0, 4096, 8, ROOM, 0, *(0 for _ in levels)]
        number = 1
        for i, (shared, others) in enumerate(levels):
            records: list[list[int]] = []
            for kernel, buffers, sizes in (*shared, *others):
                pairs = [word for pair in buffers for word in pair]
                address = library().address(kernel)
                records.append([address, number, len(buffers), len(sizes), *pairs, *sizes])
                number += 1
            words[HEADER + i] = len(words)
            at = len(words) + 2 + len(records) + 1
            words += [len(shared), len(records), *(at + sum(map(len, records[:k])) for k in range(len(records) + 1))]
            words += [word for record in records for word in record]
        self._code = np.array(words, np.int64)
        self.workspaces = np.zeros(4096 * ROOM, np.uint8)
        self._arrays = [*arrays, self.workspaces]
        self._table = (ctypes.c_void_p * len(self._arrays))(*(array.ctypes.data for array in self._arrays))
        self._run = _RUN(driver().address("run"))

    def allow(self, room: int) -> None:
        """Say for how many threads there is a workspace."""
        self._code[5] = room

    def run(self) -> int:
        """Run the program as one call of a function does."""
        return self._run(self._code.ctypes.data, ctypes.addressof(self._table))


class Counting:
    """A job whose chunks count up: in each level by one more than the sum of all chunks of the level before."""

    def __init__(self, shape: Sequence[tuple[int, int]], turns: Sequence[int] = (0,)) -> None:
        self.shape = shape
        widths = [shared + others for shared, others in shape]
        self.counts = [np.zeros(8 * width, np.int64) for width in widths]  # each on a line of its own
        self.turns = turns
        levels: list[tuple[list[Record], list[Record]]] = []
        number = 0
        for level, (shared, _) in enumerate(shape):
            records: list[Record] = []
            for chunk in range(widths[level]):
                before = (level - 1, 64 * (chunk % widths[level - 1])) if level else (len(shape), 0)
                records.append(("count", [(level, 64 * chunk), before, (-1, 0)], [turns[number % len(turns)]]))
                number += 1
            levels.append((records[:shared], records[shared:]))
        self.job = Job(levels, [*self.counts, np.zeros(8, np.int64)])

    def run_and_check(self, times: int) -> None:
        """Run so often and compare with what the counts must be."""
        for _ in range(times):
            for count in self.counts:
                count[:] = 0
            assert self.job.run() == 0
            for level, count in enumerate(self.counts):
                # A chunk that ran before its level, twice, or not at all, shows.
                assert (count[::8] == level + 1).all(), (self.shape, level, count[::8])


@pytest.fixture(autouse=True)
def same_number_afterwards() -> Iterator[None]:
    before = threads.get_threads()
    yield
    threads.set_threads(before)


SHAPES = [
    [(0, 1)],
    [(64, 0)],
    [(2, 0), (0, 1), (8, 0), (0, 3), (64, 2), (3, 0), (0, 1)],
    [(n, n % 3) for n in (2, 3, 5, 8, 13, 21, 34, 55, 64, 33, 17, 9, 4, 2)],
    [(2, 0), (64, 0)] * 10,
    [(0, 1)] * 40,
    [(0, 7), (2, 0)] * 10,
]


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

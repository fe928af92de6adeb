"""Jobs for the pool of threads: programs of small kernels that count."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

import numpy as np

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


SHAPES = [
    [(0, 1)],
    [(64, 0)],
    [(2, 0), (0, 1), (8, 0), (0, 3), (64, 2), (3, 0), (0, 1)],
    [(n, n % 3) for n in (2, 3, 5, 8, 13, 21, 34, 55, 64, 33, 17, 9, 4, 2)],
    [(2, 0), (64, 0)] * 10,
    [(0, 1)] * 40,
    [(0, 7), (2, 0)] * 10,
]

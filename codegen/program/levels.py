"""Levels: which steps run at once, and which are cut into chunks of rows.

A *chain* is a list of steps with the same rows, each of which reads only its own rows of what the others make. A chunk
of the rows passes through all of them, while it is in cache, before the next chunk does. A *level* is a list of chains
that do not depend on each other. Threads take the chunks of a level as they come, and wait for each other only where a
level ends.

How a program is cut depends on sizes alone, never on the number of threads: so the same numbers are added up in the
same order, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy

from codegen.kernels.lapack import may_fail
from codegen.program.nest import Root
from codegen.program.rows import is_partial, least_rows, reads_own_rows, rows_of, work_of
from codegen.program.schedule import Check, Step
from symgrad.shapes import Size, same_size
from symgrad.tensor import Tensor

SERIAL_WORK = 20_000
"""A program of less work, in nanoseconds, is one chain in one piece."""

CHUNK_WORK = 20_000
"""The work of a chunk, in nanoseconds, at least: taking one costs a hundredth of that."""

MOST_CHUNKS, EVEN = 64, 4
"""Chunks at most; and what their number is a multiple of, so that two or four threads have equally many."""


@dataclass(eq=False)
class Chain:
    """Steps that pass over the same rows, chunk by chunk; in one piece where `rows` is None."""

    rows: Size | None
    level: int
    steps: list[Step | Combine] = field(default_factory=list)
    chunks: Size = 1
    """A number, or a symbol that stands for it until run-time sizes are known."""

    @property
    def work(self) -> Any:
        """Nanoseconds on one thread, roughly."""
        return sum(work_of(step) for step in self.steps if not isinstance(step, Combine))

    @property
    def partial(self) -> list[Root]:
        """The results of which every chunk makes a part."""
        if isinstance(self.chunks, int) and self.chunks == 1:
            return []
        computed = (step for step in self.steps if not isinstance(step, Combine))
        return [root for step in computed for root in step.roots if is_partial(root.node, step)]

    def work_for(self, sizes: Mapping[sympy.Symbol, int]) -> float:
        """Return the work for given run-time sizes."""
        return _number(self.work, sizes)

    def count(self, sizes: Mapping[sympy.Symbol, int]) -> int:
        """Return into how many chunks the chain is cut."""
        if self.rows is None:
            return 1
        least = max(least_rows(step) for step in self.steps if not isinstance(step, Combine))
        most = int(min(_number(self.rows, sizes) // least, self.work_for(sizes) // CHUNK_WORK, MOST_CHUNKS))
        return most // EVEN * EVEN or max(most // 2 * 2, 1)


@dataclass(eq=False)
class Combine:
    """A step that makes a result of the parts that the chunks of a chain have made."""

    root: Root
    chain: Chain

    @property
    def roots(self) -> list[Root]:
        """No result is computed anew."""
        return []


Level = list[Chain]


def _number(size: Any, sizes: Mapping[sympy.Symbol, int]) -> float:
    return size if isinstance(size, (int, float)) else float(size.subs(sizes))


def arrange(steps: Sequence[Step]) -> list[Level]:
    """Return steps, given in an order in which they can run, as levels of chains."""
    work = sum(map(work_of, steps))
    if isinstance(work, (int, float)) and work < SERIAL_WORK:
        return [[Chain(None, 0, list(steps))]] if steps else []
    arrangement = _Arrangement()
    for step in steps:
        arrangement.place(step)
    return arrangement.levels()


class _Arrangement:
    def __init__(self) -> None:
        self.chains: list[Chain] = []
        self.made_in: dict[Tensor, tuple[Chain, Step]] = {}
        self.checked_in: dict[object, Chain] = {}
        self.readers: dict[Tensor, list[tuple[Chain, Step]]] = {}
        self.start = 0
        """The first level of what is no check: checks come before all, so that they keep no steps of a chain apart."""
        self.safe = 0
        """The first level behind all that may fail."""

    def place(self, step: Step) -> None:
        """Put a step at the end of the chain that makes what it reads, if it can follow there, or into a new one."""
        ready, joined = self._ready(step)
        chain = joined or Chain(rows_of(step), ready)
        if not joined:
            self.chains.append(chain)
        chain.steps.append(step)
        for root in step.roots:
            for node in root.reads:
                self.readers.setdefault(node, []).append((chain, step))
            if not isinstance(step, Check):
                self.made_in[root.node] = chain, step
        if isinstance(step, Check):
            self.checked_in[step.check] = chain
            self.start = max(self.start, int(chain.level == 0))
        if isinstance(step, Check) or any(may_fail(root.node) for root in step.roots):
            self.safe = max(self.safe, chain.level + 1)

    def _ready(self, step: Step) -> tuple[int, Chain | None]:
        """Return the first level at which a step can run, and the chain of an earlier level that it can join."""
        before = self._before(step)
        start = 0 if isinstance(step, Check) else self.start
        ready = max([start, *(level + 1 for level, _ in before)])
        last = [chain for level, chain in before if level + 1 == ready]
        if last and last[0] is not None and all(chain is last[0] for chain in last) and self._follows(step, last[0]):
            return ready, last[0]
        return ready, None

    def _before(self, step: Step) -> list[tuple[int, Chain | None]]:
        """Return the levels that must have ended before a step runs, unless it joins the chain beside the level."""
        before: list[tuple[int, Chain | None]] = []
        for root in step.roots:
            for node in root.reads:
                if node in self.made_in:
                    chain, maker = self.made_in[node]
                    partial = chain.rows is not None and is_partial(node, maker)
                    before.append((chain.level + 1, None) if partial else (chain.level, chain))
            before += [(self.checked_in[check].level, None) for check in root.checks]
            if root.target is not None:
                before += [(chain.level, chain) for chain, _ in self.readers.get(root.target, ())]
                before.append((self.safe - 1, None))
        return before

    def _follows(self, step: Step, chain: Chain) -> bool:
        """Return whether a step has the rows of a chain, and reads of what is made, or makes of what is read, these."""
        rows = rows_of(step)
        if rows is None or chain.rows is None or not same_size(rows, chain.rows):
            return False
        for root in step.roots:
            if not all(reads_own_rows(root, step, node) for node in root.reads if self._made(node, chain)):
                return False
            if root.target is not None:
                for other, reader in self.readers.get(root.target, ()):
                    readers = (reading for reading in reader.roots if root.target in reading.reads)
                    if other is chain and not all(reads_own_rows(reading, reader, root.target) for reading in readers):
                        return False
        return True

    def _made(self, node: Tensor, chain: Chain) -> bool:
        return node in self.made_in and self.made_in[node][0] is chain

    def levels(self) -> list[Level]:
        """Return the chains by level, the longest first, with their numbers of chunks."""
        for number, chain in enumerate(self.chains):
            static = all(isinstance(x, (int, float)) for x in (chain.rows, chain.work))
            if chain.rows is not None:
                chain.chunks = chain.count({}) if static else sympy.Symbol(f"chunks{number}", integer=True)
        for chain in list(self.chains):
            if chain.partial:
                parts: list[Step | Combine] = [Combine(root, chain) for root in chain.partial]
                self.chains.append(Chain(None, chain.level + 1, parts))
        numbers = sorted({chain.level for chain in self.chains})
        result: list[Level] = [[] for _ in numbers]
        for chain in self.chains:
            chain.level = numbers.index(chain.level)
            result[chain.level].append(chain)
        return [sorted(level, key=_weight) for level in result]


def _weight(chain: Chain) -> float:
    work = chain.work
    return -work if isinstance(work, (int, float)) else float("-inf")


def moments(levels: Iterable[Level]) -> Iterator[tuple[int, Chain, Step | Combine]]:
    """Yield all steps, in an order in which they can run, with their chains and the moments at which they run.

    All steps of a level run at one moment, for all that is known, unless there is nothing in it to share out.
    """
    moment = -1
    for level in levels:
        alone = len(level) == 1 and level[0].chunks == 1
        moment += 1
        for chain in level:
            for i, step in enumerate(chain.steps):
                moment += alone and i > 0
                yield moment, chain, step

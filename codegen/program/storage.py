"""Storage: where every stored node lives, and the plan of the arena that holds what lives only during a call."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from codegen.kernels.statements import Key, Memory
from codegen.program.levels import Chain, Combine, Level, moments
from codegen.program.nest import Nest, Root, identity
from codegen.program.realize import is_source
from codegen.program.rows import row_axis
from codegen.program.schedule import Check, Schedule, Step
from codegen.program.sums import MultiplyAdd
from symgrad.families.leaf import Variable
from symgrad.shapes import Shape, Size, product, same_shape, same_size
from symgrad.tensor import Tensor

ALIGNMENT = 64


@dataclass(frozen=True)
class Lifetime:
    """A buffer of the arena: its number of bytes and the first and the last moment at which it is used."""

    entries: Size
    itemsize: int
    first: int
    last: int


@dataclass
class Storage:
    """Where stored nodes are (those that never leave a kernel's registers are nowhere), and the arena's buffers.

    What a chunk has for itself is the part of a buffer with the chunk's number: a turn's row, a part of a result.
    """

    memory: dict[Tensor, Memory]
    parts: dict[Tensor, Memory]
    """Where the chunks of a chain store their parts of a result."""
    constants: list[Tensor]
    arena: list[Lifetime]


def assign_storage(
    schedule: Schedule, levels: Sequence[Level], inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> Storage:
    """Return the storage of a schedule, arranged in levels, whose outputs are `outputs`, each named once."""
    return _Assignment(schedule, levels, inputs, outputs).run()


_Use = tuple[int, "Step | Combine", Root]
"""When a result is read, in which step, and for which other result."""


class _Assignment:
    def __init__(
        self, schedule: Schedule, levels: Sequence[Level], inputs: Sequence[Tensor], outputs: Sequence[Tensor]
    ) -> None:
        self.storage = Storage({}, {}, [], [])
        self.placed = list(moments(levels))
        self.end = self.placed[-1][0] + 1 if self.placed else 0
        self.inputs = {node: i for i, node in enumerate(inputs)}
        self.outputs = {node: i for i, node in enumerate(outputs)}
        self.copied = set(schedule.copies.values())
        self.combined = {step.root: moment for moment, _, step in self.placed if isinstance(step, Combine)}
        self.uses: dict[Tensor, list[_Use]] = {}
        self.added_to: dict[Tensor, Tensor] = {}
        """The sum that uses the memory of a product."""
        for moment, _, step in self.placed:
            for root in step.roots:
                for node in root.reads:
                    self.uses.setdefault(node, []).append((moment, step, root))
                if isinstance(root.node.operation, MultiplyAdd):
                    self.added_to[root.node.inputs[2]] = root.node

    def run(self) -> Storage:
        """Assign memory to all that is stored."""
        for node in self.uses:
            if isinstance(node.operation, Variable):
                self.storage.memory[node] = Memory(("input", self.inputs[node]), node.shape)
            elif is_source(node):
                self.storage.memory[node] = Memory(("constant", len(self.storage.constants)), node.shape)
                self.storage.constants.append(node)
        shared: dict[Chain, ChainMemory] = {}
        for moment, chain, step in self.placed:
            if isinstance(step, (Check, Combine)):
                continue
            reuse = shared.setdefault(chain, ChainMemory(chain))
            for root in step.roots:
                self._assign(root, step, chain, moment, reuse)
        return self.storage

    def _assign(self, root: Root, step: Step, chain: Chain, moment: int, reuse: ChainMemory) -> None:
        memory, node = self.storage.memory, root.node
        first = self.combined.get(root, moment)
        if root in self.combined:
            key = self._allocated(node, chain.chunks, node.shape, moment, first)
            self.storage.parts[node] = Memory(key, node.shape)
        if root.target is not None:
            memory[node] = Memory(("input", self.inputs[root.target]), node.shape)
            return
        if isinstance(node.operation, MultiplyAdd):
            memory[node] = memory[node.inputs[2]]
            return
        last_name, uses = node, list(self.uses.get(node, ()))
        while last_name in self.added_to:
            last_name = self.added_to[last_name]
            uses += self.uses.get(last_name, ())
        if last_name in self.outputs:
            memory[node] = Memory(("output", self.outputs[last_name]), node.shape)
            return
        inside = last_name not in self.copied and all(user is step for _, user, _ in uses)
        if inside and isinstance(step, Nest) and _never_stored(step, root, [user for _, _, user in uses]):
            return
        if inside and isinstance(step, Nest) and step.outer and step.made[node][1] == "map":
            row = node.shape[step.outer :]
            memory[node] = Memory(self._allocated(node, chain.chunks, row, moment, moment), row, step.outer)
            return
        last = self.end if last_name in self.copied else max((at for at, _, _ in uses), default=first)
        if (first, last) != (moment, moment):
            memory[node] = Memory(self._allocated(node, 1, node.shape, first, max(first, last)), node.shape)
            return
        # It lives in one level only: the chunks of a chain pass its memory on from step to step.
        found = reuse.take(root, step)
        if found is None:
            found = self._allocated(node, 1, node.shape, first, last)
        memory[node] = Memory(found, node.shape)
        reuse.keep(found, last_name, step, [(user, reader) for _, user, reader in uses])

    def _allocated(self, node: Tensor, pieces: Size, shape: Shape, first: int, last: int) -> Key:
        self.storage.arena.append(Lifetime(product([pieces, *shape]), node.dtype.itemsize, first, last))
        return "arena", len(self.storage.arena) - 1


@dataclass
class _Kept:
    """A buffer of a chain, the result in it, the place in the chain of the last step that reads that, and who does.

    Of products that are added up there the result is the sum: only they themselves read what is there before.
    """

    buffer: Key
    node: Tensor
    last: int
    uses: list[tuple[Step | Combine, Root]]


class ChainMemory:
    """The buffers of results that only one chain needs: one is used again when the last step that reads it is done.

    Each chunk has the same rows of a buffer for itself whatever result is there, as long as these have the same bytes.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._place = {step: i for i, step in enumerate(chain.steps)}
        self._kept: dict[tuple[Size, int], list[_Kept]] = {}

    def keep(self, buffer: Key, node: Tensor, step: Step, uses: list[tuple[Step | Combine, Root]]) -> None:
        """Note that a buffer holds a result, of which a step makes the first term, or all."""
        last = max((self._place[user] for user, _ in uses), default=self._place[step])
        self._kept.setdefault(_amount(node), []).append(_Kept(buffer, node, last, uses))

    def take(self, root: Root, step: Step) -> Key | None:
        """Return a buffer that a result of a step can have, if there is one."""
        if not self._has_rows(root.node):
            return None
        kept = self._kept.get(_amount(root.node), [])
        for i, other in enumerate(kept):
            done = other.last < self._place[step] or (
                other.last == self._place[step] and _overwrites(root, other, step)
            )
            if done and self._has_rows(other.node):
                return kept.pop(i).buffer
        return None

    def _has_rows(self, node: Tensor) -> bool:
        """Return whether the rows of a result are those of the chain."""
        if self._chain.rows is None:
            return True
        axis = row_axis(node.shape)
        return axis is not None and same_size(node.shape[axis], self._chain.rows)


def _amount(node: Tensor) -> tuple[Size, int]:
    return product(node.shape), node.dtype.itemsize


def _overwrites(root: Root, other: _Kept, step: Step) -> bool:
    """Return whether a result can be stored where an entry was read for the last time: at its own place."""
    if not isinstance(step, Nest) or step.made[root.node][1] != "map" or other.node.dtype != root.node.dtype:
        return False
    readers = [reader for user, reader in other.uses if user is step]
    return bool(readers) and all(
        step.made[reader.node][0] <= step.made[root.node][0]
        and same_shape(reader.domain, root.domain)
        and reader.reads[other.node] == {identity(root.domain)}
        for reader in readers
    )


def _never_stored(nest: Nest, root: Root, users: Sequence[Root]) -> bool:
    """Return whether a result is used only where it is made: in its turn of the outer loops, or at its place."""
    stage, how = nest.made[root.node]
    if how == "row" or (how == "map" and nest.outer and all(size == 1 for size in root.domain[nest.outer :])):
        return True
    if how == "late":
        return False
    place = identity(root.domain)
    return all(nest.made[user.node][0] == stage and user.reads[root.node] == {place} for user in users)


def plan(lifetimes: Sequence[Lifetime], bytes_of: Mapping[int, int]) -> tuple[list[int], int]:
    """Return an offset for each buffer, so that no two that live at the same time overlap, and the bytes needed in all.

    Buffers are placed in the order in which they come to life, the larger first, each into the smallest gap that holds
    it.
    """
    offsets = [0] * len(lifetimes)
    gaps: list[tuple[int, int]] = []  # start and end of the free places between 0 and `total`, in order
    alive: list[tuple[int, int, int]] = []  # a heap of last step, start and end
    total = 0
    for i in sorted(range(len(lifetimes)), key=lambda i: (lifetimes[i].first, -bytes_of[i])):
        while alive and alive[0][0] < lifetimes[i].first:
            _, start, end = heappop(alive)
            _free(gaps, start, end)
        need = _aligned(bytes_of[i])
        fitting = [(end - start, start) for start, end in gaps if end - start >= need]
        if fitting:
            size, start = min(fitting)
            gaps.remove((start, start + size))
            if size > need:
                insort(gaps, (start + need, start + size))
        else:
            start = gaps.pop()[0] if gaps and gaps[-1][1] == total else total
            total = start + need
        offsets[i] = start
        heappush(alive, (lifetimes[i].last, start, start + need))
    return offsets, total


def _free(gaps: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a gap, joined with those it touches."""
    at = bisect(gaps, (start, end))
    if at < len(gaps) and gaps[at][0] == end:
        end = gaps.pop(at)[1]
    if at and gaps[at - 1][1] == start:
        start = gaps.pop(at - 1)[0]
    insort(gaps, (start, end))


def _aligned(size: int) -> int:
    return -(-max(size, 1) // ALIGNMENT) * ALIGNMENT

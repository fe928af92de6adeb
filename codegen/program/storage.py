"""Storage: where every stored node lives, and the plan of the arena that holds what lives only during a call."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from codegen.kernels.statements import Key, Memory
from codegen.program.levels import Combine, Level, moments
from codegen.program.nest import Nest, Root, identity
from codegen.program.realize import is_source
from codegen.program.schedule import Check, Schedule, Step
from codegen.program.sums import MultiplyAdd
from symgrad.families.leaf import Variable
from symgrad.shapes import Shape, Size, product
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
    memory: dict[Tensor, Memory] = {}
    storage = Storage(memory, {}, [], [])
    place = {node: i for i, node in enumerate(inputs)}
    readers: dict[Tensor, list[tuple[int, Step | Combine, Root]]] = {}
    placed = list(moments(levels))
    for moment, _, step in placed:
        for root in step.roots:
            for node in root.reads:
                readers.setdefault(node, []).append((moment, step, root))
    combined = {step.root: moment for moment, _, step in placed if isinstance(step, Combine)}
    added_to = {root.node.inputs[2]: root.node for _, _, step in placed for root in step.roots if _adds(root.node)}
    for node in readers:
        if is_source(node):
            if isinstance(node.operation, Variable):
                memory[node] = Memory(("input", place[node]), node.shape)
            else:
                memory[node] = Memory(("constant", len(storage.constants)), node.shape)
                storage.constants.append(node)
    results = {node: i for i, node in enumerate(outputs)}
    copied = set(schedule.copies.values())

    def allocated(node: Tensor, pieces: Size, shape: Shape, first: int, last: int) -> Key:
        storage.arena.append(Lifetime(product([pieces, *shape]), node.dtype.itemsize, first, last))
        return "arena", len(storage.arena) - 1

    end = placed[-1][0] + 1 if placed else 0
    for moment, chain, step in placed:
        if isinstance(step, (Check, Combine)):
            continue
        for root in step.roots:
            node, first = root.node, combined.get(root, moment)
            uses = readers.get(node, [])
            if root in combined:
                key = allocated(node, chain.chunks, node.shape, moment, first)
                storage.parts[node] = Memory(key, node.shape)
            if root.target is not None:
                memory[node] = Memory(("input", place[root.target]), node.shape)
                continue
            if _adds(node):
                memory[node] = memory[node.inputs[2]]
                continue
            end_of_sum = node
            while end_of_sum in added_to:
                end_of_sum = added_to[end_of_sum]
                uses = [*uses, *readers.get(end_of_sum, [])]
            if end_of_sum in results:
                memory[node] = Memory(("output", results[end_of_sum]), node.shape)
                continue
            inside = end_of_sum not in copied and all(user is step for _, user, _ in uses)
            if inside and isinstance(step, Nest) and _never_stored(step, root, [user for _, _, user in uses]):
                continue
            last = end if end_of_sum in copied else max((at for at, _, _ in uses), default=first)
            if inside and isinstance(step, Nest) and step.outer and step.made[node][1] == "map":
                row = node.shape[step.outer :]
                key = allocated(node, chain.chunks, row, moment, moment)
                memory[node] = Memory(key, row, step.outer)
                continue
            memory[node] = Memory(allocated(node, 1, node.shape, first, max(first, last)), node.shape)
    return storage


def _adds(node: Tensor) -> bool:
    """Return whether a result is added to another one, in whose memory it stays."""
    return isinstance(node.operation, MultiplyAdd)


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

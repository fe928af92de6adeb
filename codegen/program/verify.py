"""The verifier of programs: what every schedule, and the storage planned for it, must satisfy."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from codegen.kernels.lapack import may_fail
from codegen.kernels.statements import Key
from codegen.program.levels import Chain, Combine, Level, moments
from codegen.program.nest import Nest, Root, identity
from codegen.program.realize import is_source
from codegen.program.rows import is_partial, reads_own_rows, rows_of
from codegen.program.schedule import Check, Schedule, Step
from codegen.program.storage import Lifetime, Storage
from codegen.program.sums import MultiplyAdd
from symgrad.shapes import product, same_shape, same_size
from symgrad.tensor import Tensor


class ProgramError(Exception):
    """A program that breaks the rules: a mistake inside symgrad, never of its user."""


def verify_schedule(schedule: Schedule, outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor]) -> None:
    """Raise `ProgramError` unless the steps compute the outputs and the updates, in an order in which they can.

    Every result is computed once, and before it is read; inside a nest it is read where the nest has it. What a result
    needs of indices is checked before, and all that may fail comes before a variable is overwritten. No variable is
    read after it has been overwritten, nor in the same nest at another place.
    """
    _Verifier(schedule).run(outputs, updates)


class _Verifier:
    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._made: set[Tensor] = set()
        self._overwritten: set[Tensor] = set()
        self._checked: set[object] = set()

    def run(self, outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor]) -> None:
        for step in self._schedule.steps:
            for root in step.roots:
                self._reads(root, step)
            if isinstance(step, Check):
                if self._overwritten:
                    raise ProgramError(f"{step.check} comes after a variable has been overwritten")
                self._checked.add(step.check)
                continue
            if isinstance(step, Nest):
                self._nest(step)
            for root in step.roots:
                if self._overwritten and may_fail(root.node):
                    raise ProgramError(f"{root.node!r}, which may fail, comes after a variable has been overwritten")
                self._make(root)
        for node in (*outputs, *self._schedule.copies.values()):
            if node not in self._made:
                raise ProgramError(f"{node!r} is not computed")
        for variable in updates:
            if (variable in self._overwritten) == (variable in self._schedule.copies):
                raise ProgramError(f"{variable!r} must get its new value once, in place or by a copy")

    def _reads(self, root: Root, step: object) -> None:
        for node in root.reads:
            if node in self._overwritten:
                raise ProgramError(f"{root.node!r} reads {node!r} after it has been overwritten")
            inside = isinstance(step, Nest) and node in step.made
            if not inside and node not in self._made and not is_source(node):
                raise ProgramError(f"{root.node!r} reads {node!r}, which is not computed before")

    def _make(self, root: Root) -> None:
        if root.node in self._made:
            raise ProgramError(f"{root.node!r} is computed twice")
        self._made.add(root.node)
        for check in root.checks:
            if check not in self._checked:
                raise ProgramError(f"{root.node!r} needs {check}, which does not come before it")
        if root.target is not None:
            if root.target in self._overwritten:
                raise ProgramError(f"{root.target!r} is overwritten twice")
            self._overwritten.add(root.target)

    def _nest(self, nest: Nest) -> None:
        outer = nest.outer or 0
        before: dict[Tensor, int] = {}
        """The stages of the results so far."""
        for number, stage in enumerate(nest.stages):
            for root in stage.roots:
                loops = (*nest.domain[:outer], *stage.inner)
                if not same_shape(root.domain, loops):
                    raise ProgramError(f"{root.node!r} is computed over {root.domain}, its stage has the loops {loops}")
                for node in root.reads:
                    if node in nest.made:
                        _reads_inside(root, node, nest, before.get(node, len(nest.stages)), number)
                before[root.node] = number
        for root in nest.roots:
            if root.target is not None:
                _overwrites(root, nest)


def _reads_inside(root: Root, node: Tensor, nest: Nest, made_in: int, read_in: int) -> None:
    """Check that a result of a nest is there where another one of the nest reads it."""
    outer, here = nest.outer or 0, identity(root.domain)
    how, patterns = nest.made[node][1], root.reads[node]
    if how == "late" or made_in > read_in:
        raise ProgramError(f"{root.node!r} reads {node!r} before the nest has computed it")
    if made_in == read_in and not (how == "map" and patterns == {here} and same_shape(node.shape, root.domain)):
        raise ProgramError(f"{root.node!r} reads {node!r} at another place of the loops that compute it")
    if any(pattern[:outer] != here[:outer] for pattern in patterns):
        raise ProgramError(f"{root.node!r} reads {node!r} in another turn of the loops that compute it")


def _overwrites(root: Root, nest: Nest) -> None:
    """Check that nobody in a nest reads a variable where or when it may have been overwritten already."""
    stage = nest.made[root.node][0]
    for other in nest.roots:
        patterns = other.reads.get(root.target) if root.target is not None else None
        if patterns is None:
            continue
        if nest.made[other.node][0] > stage:
            raise ProgramError(f"{other.node!r} reads {root.target!r} after it has been overwritten")
        if patterns != {identity(root.domain)} or not same_shape(other.domain, root.domain):
            raise ProgramError(f"{other.node!r} reads {root.target!r} where it may have been overwritten")


def verify_levels(schedule: Schedule, levels: Sequence[Level]) -> None:
    """Raise `ProgramError` unless levels can run the steps of a schedule, each level's chains and chunks at once.

    A step runs in a later level than what it reads, than what its indices are checked by, and than what reads a
    variable that it overwrites; or behind it in the same chain, if each chunk reads and writes its own rows only.
    """
    _LevelVerifier(schedule, levels).run()


class _LevelVerifier:
    def __init__(self, schedule: Schedule, levels: Sequence[Level]) -> None:
        self._schedule = schedule
        self._place: dict[Step | Combine, tuple[int, Chain, int]] = {}
        """The level, the chain, and the place in the chain of every step."""
        self._checked: dict[object, Check] = {}
        self._combined: dict[Tensor, int] = {}
        self._readers: dict[Tensor, list[tuple[Root, Step]]] = {}
        for level, chains in enumerate(levels):
            for chain in chains:
                for i, step in enumerate(chain.steps):
                    self._place[step] = level, chain, i
                    if isinstance(step, Combine):
                        self._combined[step.root.node] = level
                    if isinstance(step, Check):
                        self._checked[step.check] = step

    def run(self) -> None:
        steps = self._schedule.steps
        if {step for step in self._place if not isinstance(step, Combine)} != set(steps):
            raise ProgramError("the levels do not have the steps of the schedule")
        for step in steps:
            for root in step.roots:
                for node in root.reads:
                    self._readers.setdefault(node, []).append((root, step))
        maker: dict[Tensor, Step] = {}
        for step in steps:
            _, chain, _ = self._place[step]
            if chain.chunks != 1 and not same_size(rows_of(step) or 0, chain.rows or 0):
                raise ProgramError(f"{step} has not the rows of its chain, {chain.rows}")
            for root in step.roots:
                for node in root.reads:
                    if node in maker and maker[node] is not step:
                        self._reads(node, maker[node], root, step)
                for check in root.checks:
                    self._is_checked(check, root, step)
                if root.target is not None:
                    self._overwrites(root, root.target, step)
            if not isinstance(step, Check):
                maker |= {root.node: step for root in step.roots}

    def _reads(self, node: Tensor, made_by: Step, root: Root, step: Step) -> None:
        """Check that a result is there when another step reads it."""
        (made, chain, before), (read, reader, after) = self._place[made_by], self._place[step]
        if chain.chunks != 1 and is_partial(node, made_by):
            if self._combined.get(node, read) >= read:
                raise ProgramError(f"{root.node!r} reads {node!r} before its parts are put together")
        elif reader is chain:
            if before >= after or not (chain.chunks == 1 or reads_own_rows(root, step, node)):
                raise ProgramError(f"{root.node!r} reads {node!r} of other chunks of its chain")
        elif made >= read:
            raise ProgramError(f"{root.node!r} reads {node!r}, which is made in no earlier level")

    def _is_checked(self, check: object, root: Root, step: Step) -> None:
        """Check that indices have been checked when a step uses them."""
        level, chain, place = self._place[step]
        checked, checks, before = self._place[self._checked[check]]
        if checked >= level and not (checks is chain and before < place):
            raise ProgramError(f"{root.node!r} needs {check}, which is in no earlier level")

    def _overwrites(self, root: Root, target: Tensor, step: Step) -> None:
        """Check that a variable is overwritten when everything else that reads it has done so."""
        level, chain, place = self._place[step]
        for reading, other in self._readers.get(target, ()):
            if other is step:
                continue
            at, reader, before = self._place[other]
            if reader is chain:
                done = before < place and (chain.chunks == 1 or reads_own_rows(reading, other, target))
            else:
                done = at < level
            if not done:
                raise ProgramError(f"{reading.node!r} may read {target!r} when it has been overwritten")


def verify_storage(schedule: Schedule, levels: Sequence[Level], storage: Storage) -> None:
    """Raise `ProgramError` unless every result is stored where, and as long as, it is read.

    A result without memory, or with memory for one turn of the loops only, is read in its own nest only. An array that
    is given is written only by what updates it.
    """
    _StorageVerifier(schedule, levels, storage).run()


class _StorageVerifier:
    def __init__(self, schedule: Schedule, levels: Sequence[Level], storage: Storage) -> None:
        self._copies = schedule.copies
        self._storage = storage
        self._placed = list(moments(levels))
        self._combined = {step.root: moment for moment, _, step in self._placed if isinstance(step, Combine)}
        self._made: dict[Tensor, tuple[int, int]] = {}
        """The moment at which a result is there, and the step that makes it."""
        self._holds: dict[tuple[str, int], tuple[Tensor, Chain]] = {}
        """The last result written to a buffer."""

    def run(self) -> None:
        for number, (moment, chain, step) in enumerate(self._placed):
            for root in step.roots:
                for node in root.reads:
                    self._is_there(node, moment, number, step)
            for root in step.roots if not isinstance(step, Check) else ():
                self._made[root.node] = self._combined.get(root, moment), number
                self._writes(root, moment, chain)
            for root in step.roots:
                for node in root.reads:
                    if node not in self._made or self._made[node][1] == number:
                        self._is_there(node, moment, number, step)
        end = self._placed[-1][0] + 1 if self._placed else 0
        for node in self._copies.values():
            self._is_there(node, end, len(self._placed), None)

    def _writes(self, root: Root, moment: int, chain: Chain) -> None:
        storage = self._storage
        if root in self._combined:
            part = storage.arena[storage.parts[root.node].buffer[1]]
            if (part.first, part.last) != (moment, self._combined[root]):
                raise ProgramError(f"the parts of {root.node!r} live as {part}")
        memory = storage.memory.get(root.node)
        if memory is None:
            return
        kind, _ = memory.buffer
        if (kind == "input") != (root.target is not None) or kind == "constant":
            raise ProgramError(f"{root.node!r} is written to {memory.buffer}")
        if memory.buffer in self._holds:
            other, used_by = self._holds[memory.buffer]
            added = isinstance(root.node.operation, MultiplyAdd) and other is root.node.inputs[2]
            amounts = [(product(node.shape), node.dtype.itemsize) for node in (other, root.node)]
            if not added and (used_by is not chain or kind != "arena" or amounts[0] != amounts[1]):
                raise ProgramError(f"{root.node!r} and {other!r} are both written to {memory.buffer}")
        self._holds[memory.buffer] = root.node, chain

    def _is_there(self, node: Tensor, moment: int, number: int, step: Step | Combine | None) -> None:
        """Check that a result is still stored in a step that reads it."""
        if node not in self._made and not is_source(node):
            return  # made later in the same step
        memory = self._storage.memory.get(node)
        made, maker = self._made.get(node, (None, None))
        if (memory is None or memory.dropped) and number != maker:
            raise ProgramError(f"{node!r} is read in step {number} but kept in step {maker} only")
        if memory is None or memory.buffer[0] != "arena":
            return
        life = self._storage.arena[memory.buffer[1]]
        if not life.first <= (made or 0) <= moment <= life.last:
            raise ProgramError(f"{node!r}, computed at {made}, is read at {moment}, but lives as {life}")
        holder, _ = self._holds[memory.buffer]
        if holder is not node and number != self._made[holder][1]:
            raise ProgramError(f"{node!r} is read in step {number}, when {holder!r} has been written over it")


def verify_buffers(roots: Sequence[Root], buffers: Iterable[Key], storage: Storage) -> None:
    """Raise `ProgramError` if a call gets a buffer that is not kept for it.

    It may get those of its results, of what these read, and the workspace.
    """
    nodes = {node for root in roots for node in (root.node, *root.reads)}
    kept = {where[node].buffer for node in nodes for where in (storage.memory, storage.parts) if node in where}
    for buffer in buffers:
        if buffer not in kept and buffer != ("arena", len(storage.arena)):
            raise ProgramError(f"the kernel of {roots[0].node!r} gets {buffer}, which is not kept for it")


def verify_plan(lifetimes: Sequence[Lifetime], bytes_of: Mapping[int, int], offsets: Sequence[int], total: int) -> None:
    """Raise `ProgramError` unless buffers that live at the same time lie apart, and all inside the arena."""
    alive: list[tuple[int, int]] = []  # start and number of the buffers that live, in the order of memory
    ends: list[tuple[int, int]] = []  # a heap of last step and number
    for i in sorted(range(len(lifetimes)), key=lambda i: lifetimes[i].first):
        while ends and ends[0][0] < lifetimes[i].first:
            _, dead = heappop(ends)
            alive.remove((offsets[dead], dead))
        start, end = offsets[i], offsets[i] + bytes_of[i]
        if start < 0 or end > total:
            raise ProgramError(f"buffer {i} is at {start} to {end} of an arena of {total} bytes")
        at = bisect(alive, (start, i))
        for _, other in alive[max(at - 1, 0) : at + 1]:
            if start < offsets[other] + bytes_of[other] and offsets[other] < end:
                raise ProgramError(f"buffers {other} and {i} overlap while both live")
        alive.insert(at, (start, i))
        heappush(ends, (lifetimes[i].last, i))

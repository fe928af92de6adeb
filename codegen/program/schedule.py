"""Scheduling: stored results are gathered into kernels, which run one after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codegen.kernels.lapack import may_fail
from codegen.program.access import UNKNOWN, input_pattern
from codegen.program.checks import IndexCheck, index_checks
from codegen.program.nest import Nest, Pattern, Root, identity
from codegen.program.realize import OWN_KERNELS, is_source, operand_bases, realized_nodes, work_of
from symgrad.families.reduction import Reduction
from symgrad.graph import topological_order
from symgrad.tensor import Tensor


@dataclass(eq=False)
class Single:
    """A kernel of its own kind: a contraction, a scatter, a recurrence or a call into LAPACK."""

    root: Root

    @property
    def roots(self) -> list[Root]:
        """The one result, in a list."""
        return [self.root]


@dataclass(eq=False)
class Check:
    """A kernel that stops the program if an index is out of range."""

    root: Root
    check: IndexCheck

    @property
    def roots(self) -> list[Root]:
        """What is checked (nothing is computed)."""
        return [self.root]


Step = Nest | Single | Check


@dataclass(eq=False)
class Schedule:
    """The steps in order, the stored nodes, and the updates that could not be done in place (variable -> new value)."""

    steps: list[Step]
    realized: set[Tensor]
    copies: dict[Tensor, Tensor]


def schedule(
    outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor], checks: Sequence[IndexCheck] = ()
) -> Schedule:
    """Return the kernels that compute prepared `outputs` and new values of variables, in the order in which they run.

    All `checks` are made, and everything that may fail has been done, before any variable is overwritten.
    """
    ends = [*outputs, *updates.values()]
    order = topological_order([*ends, *(check.index for check in checks)])
    realized = realized_nodes(order, ends)
    scheduler = _Scheduler(realized)
    shared = {x for node in order for x in node.inputs} | set(outputs)
    in_place: dict[Tensor, Tensor] = {}
    for variable, value in updates.items():
        free = value not in shared and value not in in_place.values()
        if free and not is_source(value) and not may_fail(value):
            in_place[variable] = value
    last = set(in_place.values())
    checks = list(dict.fromkeys([*checks, *index_checks(order)]))
    # What can be checked before anything is computed is: then it keeps no kernels apart.
    scheduler.place_checks(check for check in checks if all(map(is_source, scheduler.checked(check.index).reads)))
    for node in order:
        if node in realized and not is_source(node) and node not in last:
            scheduler.place(scheduler.root(node))
    scheduler.place_checks(checks)
    copies = {variable: value for variable, value in updates.items() if variable not in in_place}
    copies |= _place_updates(scheduler, in_place)
    return Schedule([step for step in scheduler.steps if not isinstance(step, Nest) or step.stages], realized, copies)


def _place_updates(scheduler: _Scheduler, updates: Mapping[Tensor, Tensor]) -> dict[Tensor, Tensor]:
    """Place results that overwrite variables behind (or beside) all that reads the old ones; return what is copied."""
    waiting = {variable: scheduler.root(value) for variable, value in updates.items()}
    copies: dict[Tensor, Tensor] = {}
    readers: dict[Tensor, set[Tensor]] = {variable: set() for variable in waiting}
    for variable, root in waiting.items():
        for read in root.reads:
            if read in waiting and read is not variable:
                readers[read].add(variable)
    free = [variable for variable in waiting if not readers[variable]]
    while waiting:
        variable = free.pop() if free else next(iter(waiting))
        root = waiting.pop(variable)
        unread = not readers[variable]
        for read in root.reads:
            if read in waiting:
                readers[read].discard(variable)
                if not readers[read]:
                    free.append(read)
        pointwise = all(pattern == identity(root.domain) for pattern in root.reads.get(variable, ()))
        if unread and pointwise and root.reduction is None and scheduler.loops(root.node):
            root.target = variable
        else:
            copies[variable] = root.node
        scheduler.place(root)
    return copies


_MOST_TRIED = 32
"""Kernels that are tried for a result before it gets one of its own."""


class _Scheduler:
    def __init__(self, realized: set[Tensor]) -> None:
        self.realized = realized
        self.steps: list[Step] = []
        self.position: dict[Tensor, int] = {}
        self.checks: dict[IndexCheck, int] = {}
        self.safe = 0
        """The first step behind all that may fail."""
        self.readers: dict[Tensor, dict[int, list[Root]]] = {}
        """The results that read a node, by the steps that make them."""
        self.apart: set[tuple[int, int]] = set()
        """Pairs of nests that cannot be merged, and never will, for they only grow."""
        self.overwritten: dict[Tensor, int] = {}

    def loops(self, node: Tensor) -> bool:
        """Return whether a result is computed in a nest of loops, not in a kernel of its own."""
        return not isinstance(node.operation, OWN_KERNELS)

    def root(self, node: Tensor) -> Root:
        """Return the loops of a stored result, and at which indices it reads others."""
        operation = node.operation
        reads: dict[Tensor, set[Pattern]] = {}
        indexed: dict[Tensor, None] = {}
        if isinstance(operation, Reduction):
            domain = node.inputs[0].shape
            start = [(node.inputs[0], identity(domain))]
        elif not self.loops(node):
            domain = node.shape
            start = [(x, (UNKNOWN,) * x.ndim) for x in operand_bases(node) or node.inputs]
            indexed[node] = None
        else:
            domain = node.shape
            start = [(node, identity(domain))]
        seen: set[tuple[Tensor, Pattern]] = set()
        work = 1
        while start:
            current, pattern = start.pop()
            if (current, pattern) in seen:
                continue
            seen.add((current, pattern))
            if current in self.realized and current is not node:
                reads.setdefault(current, set()).add(pattern)
                continue
            if current is not node or self.loops(node):
                indexed[current] = None
            work += work_of(current)
            for i, x in enumerate(current.inputs):
                start.append((x, input_pattern(current, i, pattern)))
        return Root(node, domain, reads, index_checks(indexed), work)

    def checked(self, index: Tensor) -> Root:
        """Return the loops of a check of an index tensor, stored or not, and what it reads."""
        if index in self.realized:
            return Root(index, index.shape, {index: {(UNKNOWN,) * index.ndim}}, [])
        return self.root(index)

    def place(self, root: Root) -> None:
        """Put a result into the first kernel that can take it, or into a new one at the end."""
        self.place_checks(root.checks)
        if not self.loops(root.node):
            self._append(Single(root), root)
            if may_fail(root.node):
                self.safe = len(self.steps)
            return
        for position in self._related(root, self._earliest(root)):
            step = self.steps[position]
            if isinstance(step, Nest) and step.join(root):
                self._note(root, position)
                for source in sorted({self.position[x] for x in root.reads if x in self.position}):
                    self._merge(source, position)
                return
        nest = Nest(root.domain, None)
        self.steps.append(nest)
        if not nest.join(root):
            raise AssertionError(f"{root.node!r} fits no nest")
        self._note(root, len(self.steps) - 1)

    def _merge(self, first: int, second: int) -> None:
        """Move a nest's results into a later nest that reads them too, if they fit and nobody in between needs them."""
        a, b = self.steps[first], self.steps[second]
        if first == second or (first, second) in self.apart or not isinstance(a, Nest) or not isinstance(b, Nest):
            return
        self.apart.add((first, second))
        if any(first < at < second for node in a.made for at in self.readers.get(node, ())):
            return
        if any(root.target is not None for root in (*a.roots, *b.roots)):
            return
        if any(first < self.overwritten.get(node, first) < second for root in a.roots for node in root.reads):
            return
        both = Nest(a.domain, None)
        if all(both.join(root) for root in (*a.roots, *b.roots)):
            self.steps[first], self.steps[second] = Nest(a.domain, None), both
            self.position |= dict.fromkeys(a.made, second)
            for node in {node for root in a.roots for node in root.reads}:
                self.readers[node].setdefault(second, []).extend(self.readers[node].pop(first))

    def place_checks(self, checks: Iterable[IndexCheck]) -> None:
        """Put kernels that make the checks at the end, unless they are made already."""
        for check in checks:
            self._place_check(check)

    def _place_check(self, check: IndexCheck) -> None:
        if check in self.checks:
            return
        root = self.checked(check.index)
        self.place_checks(root.checks)
        self._append(Check(root, check), root)
        self.checks[check] = len(self.steps) - 1
        self.safe = len(self.steps)

    def _append(self, step: Step, root: Root) -> None:
        self.steps.append(step)
        self._note(root, len(self.steps) - 1, makes=not isinstance(step, Check))

    def _note(self, root: Root, position: int, makes: bool = True) -> None:
        if makes:
            self.position[root.node] = position
        if root.target is not None:
            self.overwritten[root.target] = position
        for node in root.reads:
            self.readers.setdefault(node, {}).setdefault(position, []).append(root)

    def _earliest(self, root: Root) -> int:
        """Return the first step at which (or in which, for nests) everything the result reads is there."""
        earliest = 0
        for node in root.reads:
            if node in self.position:
                position = self.position[node]
                step = self.steps[position]
                inside = isinstance(step, Nest) and step.made[node][1] != "late"
                earliest = max(earliest, position if inside else position + 1)
        for check in root.checks:
            earliest = max(earliest, self.checks[check] + 1)
        if root.target is not None:
            earliest = max(earliest, self.safe)
            for position, readers in self.readers.get(root.target, {}).items():
                together = isinstance(self.steps[position], Nest) and all(_overwrites_after(root, r) for r in readers)
                earliest = max(earliest, position if together else position + 1)
        return earliest

    def _related(self, root: Root, earliest: int) -> list[int]:
        """Return some steps that make or read something that the result reads too (single numbers: that make any)."""
        if not root.domain:
            positions = {p for p in range(earliest, len(self.steps)) if self._makes_numbers(p)}
        else:
            positions = {self.position[node] for node in root.reads if node in self.position}
            for node in root.reads:
                positions.update(self.readers.get(node, ()))
        return sorted(p for p in positions if p >= earliest)[:_MOST_TRIED]

    def _makes_numbers(self, position: int) -> bool:
        step = self.steps[position]
        return isinstance(step, Nest) and step.domain == ()


def _overwrites_after(root: Root, reader: Root) -> bool:
    """Return whether a result that overwrites a variable can be stored in the turn in which another one has read it."""
    assert root.target is not None
    at_the_same_place = reader.reads[root.target] == {identity(root.domain)} and reader.domain == root.domain
    return at_the_same_place and reader.reduction is None

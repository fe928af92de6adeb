"""Nests: results that share their loops.

A *nest* has outer loops over the leading axes of a domain and, inside, *stages*: loops over the remaining axes, one
after another. A result joins a nest if it has the nest's outer loops and reads what the nest makes only at the same
outer index; it joins a stage if it has the stage's loops and reads what the stage makes only at the same place. So
softmax, the loss and their gradients run over the memory once, and a row's results stay in registers or in a buffer as
long as a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from codegen.program.access import LoopAxis
from codegen.program.checks import IndexCheck
from symgrad.families.reduction import Reduction
from symgrad.shapes import Shape, same_shape
from symgrad.tensor import Tensor

Pattern = tuple[Any, ...]
How = Literal["map", "row", "late"]
"""How a nest makes a result: entry by entry; one a turn of the outer loops; or known only when the nest has ended."""

_LARGEST_NEST = 400
"""Work of the results of one nest; larger kernels save no more memory traffic, but take the compiler ever longer."""


@dataclass(eq=False)
class Root:
    """A stored result and the loops over which it is computed."""

    node: Tensor
    domain: Shape
    reads: dict[Tensor, set[Pattern]]
    checks: list[IndexCheck]
    """What must have been checked before."""
    work: int = 1
    """About how many instructions one turn of the loops takes."""
    target: Tensor | None = None
    """The input variable that the result overwrites."""

    @property
    def reduction(self) -> Reduction | None:
        """The reduction by which the domain becomes the result, if any."""
        operation = self.node.operation
        return operation if isinstance(operation, Reduction) else None


@dataclass(eq=False)
class Stage:
    """Inner loops of a nest and the results computed in them."""

    inner: Shape
    roots: list[Root] = field(default_factory=list)


@dataclass(eq=False)
class Nest:
    """A kernel of loops. `outer` is the number of outer axes; None while any number would do."""

    domain: Shape
    outer: int | None
    stages: list[Stage] = field(default_factory=list)
    work: int = 0
    made: dict[Tensor, tuple[int, How]] = field(default_factory=dict)

    @property
    def roots(self) -> list[Root]:
        """All results of the nest in the order they are computed."""
        return [root for stage in self.stages for root in stage.roots]

    def join(self, root: Root) -> bool:
        """Add a result if it fits; return whether it did."""
        if self.work and self.work + root.work > _LARGEST_NEST:
            return False
        inside = [node for node in root.reads if node in self.made]
        if any(self.made[node][1] == "late" for node in inside):
            return False
        joined = self._join_open(inside, root) if self.outer is None else self._join_closed(inside, root)
        if joined:
            self.work += root.work
        return joined

    def _join_closed(self, inside: Iterable[Tensor], root: Root) -> bool:
        """Join where the outer loops are given; the inner ones are those of a stage, new or not."""
        assert self.outer is not None
        how = self._how(root)
        if how is None or (root.target is not None and how != "map"):
            return False
        outer, whole = self.outer, identity(root.domain)
        first = 0
        for node in inside:
            stage, made = self.made[node]
            patterns = root.reads[node]
            if any(pattern[:outer] != whole[:outer] for pattern in patterns):
                return False
            same_place = made == "map" and patterns == {whole} and same_shape(node.shape, root.domain)
            first = max(first, stage if same_place else stage + 1)
        if root.target is not None:
            for number, stage in enumerate(self.stages):
                if any(root.target in other.reads for other in stage.roots):
                    first = max(first, number)
        number = self._stage(first, root.domain[outer:])
        self.stages[number].roots.append(root)
        self.made[root.node] = (number, how)
        return True

    def _join_open(self, inside: Iterable[Tensor], root: Root) -> bool:
        """Join while there are no outer loops yet: all results are computed at the same places, in one stage."""
        if not same_shape(root.domain, self.domain):
            return False
        if any(root.reads[node] != {identity(self.domain)} for node in inside):
            return False
        how: How = "map"
        if root.reduction is not None:
            axes, rank = root.reduction.axes, len(root.domain)
            whole, first = len(axes) == rank, axes[0] == 0
            how = "late" if whole or first else "row"
            if not whole:
                self.outer = len(axes) if first else rank - len(axes)
        if not self.stages:
            self.stages.append(Stage(self.domain))
        (stage,) = self.stages
        stage.roots.append(root)
        stage.inner = self.domain[self.outer or 0 :]
        self.made[root.node] = (0, how)
        return True

    def _how(self, root: Root) -> How | None:
        """Return how a result would be made; None if it has other outer loops or reduces over some of these only."""
        outer = self.outer or 0
        if len(root.domain) < outer or not same_shape(root.domain[:outer], self.domain[:outer]):
            return None
        if root.reduction is None:
            return "map"
        axes, rank = root.reduction.axes, len(root.domain)
        if len(axes) == rank or axes == tuple(range(outer)):
            return "late"
        return "row" if axes == tuple(range(outer, rank)) else None

    def _stage(self, first: int, inner: Shape) -> int:
        """Return the number of a stage with these loops, not before stage `first`."""
        for number in range(first, len(self.stages)):
            if same_shape(self.stages[number].inner, inner):
                return number
        self.stages.append(Stage(inner))
        return len(self.stages) - 1


def identity(domain: Shape) -> Pattern:
    """Return the index of the entry that is being computed: the loops' variables (0 for an axis of size 1)."""
    return tuple(0 if size == 1 else LoopAxis(axis) for axis, size in enumerate(domain))

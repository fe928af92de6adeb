"""Writing statements of loop nests: fresh names, index arithmetic that folds what is known, memory and loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from codegen.kernels.loop_nest import Buffer, Carried, Constant, Let, Load, Loop, LoopNest, Operand, Statement, Store
from codegen.kernels.split import split_loops
from codegen.kernels.tile import tile_loops
from symgrad.shapes import Shape, Size, product
from symgrad.tensor import Tensor

Index = tuple[Operand, ...]

Key = tuple[str, int]
"""A buffer of a program: ("input", i), ("output", i), ("constant", i) or ("arena", i)."""

Number = float | int | bool

_UNROLLED_TURNS = 8
_UNROLLED_STATEMENTS = 160
"""An inner loop of so few turns is written without a loop if that makes no more than so many statements."""


@dataclass(frozen=True)
class Memory:
    """Where a node is stored: in a buffer of `shape`, the node's without the first `dropped` axes (one turn's row)."""

    buffer: Key
    shape: Shape
    dropped: int = 0


class StatementWriter:
    """Writes one kernel. `memory` says where stored nodes are; buffers and sizes are numbered as they come."""

    def __init__(self, memory: Mapping[Tensor, Memory]) -> None:
        self.memory = memory
        self.buffers: dict[Key, int] = {}
        self.sizes: dict[Size, str] = {}
        self.written: set[Key] = set()
        self.statements: list[Statement] = []
        self.known: dict[tuple[Any, ...], str] = {}
        """The names of what has been written and is in scope, so that nothing is written twice."""
        self._stored: dict[Key, tuple[str, Size]] = {}
        """The dtype and the number of entries of each buffer."""
        self._names = 0
        self._depth = 0
        self._rows: set[str] = set()
        """The buffers of rows, which nobody but this kernel reads."""

    # names and numbers ------------------------------------------------------------------------------------------------

    def fresh(self) -> str:
        """Return a new name."""
        self._names += 1
        return f"v{self._names}"

    def size(self, size: Size) -> Operand:
        """Return a size as an operand; a run-time size becomes a parameter of the kernel."""
        return size if isinstance(size, int) else self.parameter(size)

    def parameter(self, size: Size) -> str:
        """Return a size as a parameter of the kernel."""
        return self.sizes.setdefault(size, f"n{len(self.sizes)}")

    def let(self, dtype: str, function: str, *operands: Operand, reassociate: bool = False) -> str:
        """Write `function(*operands)` and return its name."""
        name = self.fresh()
        self.statements.append(Let(name, dtype, function, operands, reassociate))
        return name

    def constant(self, dtype: str, value: Number) -> str:
        """Write a number and return its name."""
        name = self.fresh()
        convert = bool if dtype == "bool" else float if dtype.startswith("float") else int
        self.statements.append(Constant(name, dtype, convert(value)))
        return name

    # index arithmetic (see codegen.program.access) --------------------------------------------------------------------

    def multiply_add(self, index: Operand, factor: Size, addend: Any) -> Operand:
        """Return index * factor + addend; the addend is an operand or a size."""
        return self.add(
            self.multiply(index, self.size(factor)), addend if isinstance(addend, str) else self.size(addend)
        )

    def floor_divide(self, index: Operand, size: Size) -> Operand:
        """Return index // size."""
        return self._arithmetic("floor_divide", index, self.size(size))

    def remainder(self, index: Operand, size: Size) -> Operand:
        """Return index % size."""
        return self._arithmetic("remainder", index, self.size(size))

    def add(self, a: Operand, b: Operand) -> Operand:
        """Return a + b."""
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self._arithmetic("add", a, b)

    def subtract(self, a: Operand, b: Operand) -> Operand:
        """Return a - b."""
        return a if b == 0 else self._arithmetic("subtract", a, b)

    def multiply(self, a: Operand, b: Operand) -> Operand:
        """Return a * b."""
        if a in (0, 1) or b in (0, 1):
            return 0 if 0 in (a, b) else (b if a == 1 else a)
        return self._arithmetic("multiply", a, b)

    def _arithmetic(self, function: str, a: Operand, b: Operand) -> Operand:
        if isinstance(a, int) and isinstance(b, int) and (b != 0 or function not in ("floor_divide", "remainder")):
            return _FOLDED[function](a, b)
        key = (function, a, b)
        if key not in self.known:
            self.known[key] = self.let("int64", function, a, b)
        return self.known[key]

    # memory -----------------------------------------------------------------------------------------------------------

    def buffer(self, node: Tensor, written: bool = False) -> str:
        """Return the name of the buffer that stores a node."""
        memory = self.memory[node]
        number = self.buffers.setdefault(memory.buffer, len(self.buffers))
        self._stored[memory.buffer] = node.dtype.name, product(memory.shape)
        if memory.dropped:
            self._rows.add(f"b{number}")
        if written:
            self.written.add(memory.buffer)
        return f"b{number}"

    def place(self, node: Tensor, index: Index) -> Operand:
        """Return the position in its buffer of an entry of a stored node."""
        memory = self.memory[node]
        position: Operand = 0
        for i, size in zip(index[memory.dropped :], memory.shape, strict=True):
            position = self.add(self.multiply(position, self.size(size)), i)
        return position

    def load_at(self, node: Tensor, place: Operand, condition: str | None = None) -> str:
        """Read the entry of a stored node at a position in its buffer; where `condition` does not hold it is zero."""
        name = self.fresh()
        self.statements.append(Load(name, self.buffer(node), (place,), condition))
        return name

    def store_at(self, node: Tensor, place: Operand, value: str) -> None:
        """Write `value` to a position in the buffer of a stored node."""
        self.statements.append(Store(self.buffer(node, written=True), (place,), value))

    def store(self, node: Tensor, index: Index, value: str) -> None:
        """Write `value` to memory as an entry of a stored node."""
        self.store_at(node, self.place(node, index), value)

    # loops ------------------------------------------------------------------------------------------------------------

    def loops(
        self,
        extents: Sequence[Operand],
        carried: Sequence[tuple[str, Operand]],
        body: Callable[[Index, list[Operand]], list[Operand]],
        independent: bool = False,
    ) -> list[Operand]:
        """Write nested loops around `body` and return what they carry out.

        `carried` has the dtype and the initial operand of each carried scalar; `body` gets the loops' variables and the
        carried scalars, and returns the next ones. A loop of one turn is left out. For `independent` see `Loop`.
        """
        return self._loops(extents, carried, body, (), independent)

    def _loops(
        self,
        extents: Sequence[Operand],
        carried: Sequence[tuple[str, Operand]],
        body: Callable[[Index, list[Operand]], list[Operand]],
        index: Index,
        independent: bool,
    ) -> list[Operand]:
        initial = [value for _, value in carried]
        if len(index) == len(extents):
            return body(index, initial)
        extent = extents[len(index)]
        if extent == 1:
            return self._loops(extents, carried, body, (*index, 0), independent)
        if isinstance(extent, int) and self._depth and extent <= _UNROLLED_TURNS:
            unrolled = self._unrolled(extents, carried, body, index, independent)
            if unrolled is not None:
                return unrolled
        variable, names = self.fresh(), [self.fresh() for _ in carried]
        dtypes = [dtype for dtype, _ in carried]
        outside, known = self.statements, self.known
        self.statements, self.known = [], dict(known)
        self._depth += 1
        inside: list[tuple[str, Operand]] = list(zip(dtypes, names, strict=True))
        following = self._loops(extents, inside, body, (*index, variable), independent)
        self._depth -= 1
        results = [self.fresh() for _ in carried]
        scalars = tuple(map(Carried, names, dtypes, initial, following, results))
        loop = Loop(variable, extent, tuple(self.statements), scalars, independent)
        self.statements, self.known = outside, known
        self.statements.append(loop)
        return list(results)

    def _unrolled(
        self,
        extents: Sequence[Operand],
        carried: Sequence[tuple[str, Operand]],
        body: Callable[[Index, list[Operand]], list[Operand]],
        index: Index,
        independent: bool,
    ) -> list[Operand] | None:
        """Write the few turns of an inner loop one after another, or return None if that makes too many statements.

        It leaves the loop around as the innermost one, whose many turns are then the lanes of vectors; what one of the
        turns here makes is a name, not a place in memory, to those that follow.
        """
        turns, dtypes = extents[len(index)], [dtype for dtype, _ in carried]
        assert isinstance(turns, int)
        before, known = len(self.statements), dict(self.known)
        scalars = list(carried)
        for turn in range(turns):
            following = self._loops(extents, scalars, body, (*index, turn), independent)
            scalars = list(zip(dtypes, following, strict=True))
            if turn == 0 and turns * _count(self.statements[before:]) > _UNROLLED_STATEMENTS:
                del self.statements[before:]
                self.known = known
                return None
        return [value for _, value in scalars]

    def finish(self) -> LoopNest:
        """Return the kernel."""
        buffers: list[Buffer] = []
        for key, number in self.buffers.items():
            dtype, entries = self._stored[key]
            buffers.append(Buffer(f"b{number}", dtype, (self.size(entries),), key in self.written))
        statements = _without_stores(self.statements, self._rows - _read(self.statements))
        statements = tile_loops(split_loops(statements))
        return LoopNest(tuple(buffers), tuple(self.sizes.values()), statements)


def _count(statements: Sequence[Statement]) -> int:
    """Return how many statements there are; a loop among them is more than should be repeated."""
    return sum(_UNROLLED_STATEMENTS if isinstance(statement, Loop) else 1 for statement in statements)


def _read(statements: Sequence[Statement]) -> set[str]:
    """Return the names of the buffers that are read."""
    found: set[str] = set()
    for statement in statements:
        match statement:
            case Load():
                found.add(statement.buffer)
            case Loop():
                found |= _read(statement.body)
            case _:
                pass
    return found


def _without_stores(statements: Sequence[Statement], buffers: Set[str]) -> tuple[Statement, ...]:
    """Return the statements without those that write to the given buffers."""
    return tuple(
        replace(statement, body=_without_stores(statement.body, buffers)) if isinstance(statement, Loop) else statement
        for statement in statements
        if not (isinstance(statement, Store) and statement.buffer in buffers)
    )


_FOLDED: dict[str, Callable[[int, int], int]] = {
    "add": int.__add__,
    "subtract": int.__sub__,
    "multiply": int.__mul__,
    "floor_divide": int.__floordiv__,
    "remainder": int.__mod__,
}

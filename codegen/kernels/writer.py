"""Writing loop nests: fresh names, index arithmetic that folds what is known, and the value of any node at any index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.kernels.loop_nest import Buffer, Carried, Constant, Let, Load, Loop, LoopNest, Operand, Statement, Store
from codegen.program.access import input_index
from symgrad.families import leaf
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, TakeAlongAxis
from symgrad.families.layout import Concatenate, Embed, EmbedDiagonal
from symgrad.shapes import Shape, Size, product
from symgrad.tensor import Tensor

Index = tuple[Operand, ...]


@dataclass(frozen=True)
class Memory:
    """Where a node is stored: a buffer of `shape`, which lacks the first `dropped` axes of the node (one turn's row)."""

    buffer: object
    shape: Shape
    dropped: int = 0


class Writer:
    """Writes one kernel. `memory` says where stored nodes are; buffers and sizes are numbered as they are first used."""

    def __init__(self, memory: Mapping[Tensor, Memory]) -> None:
        self.memory = memory
        self.buffers: dict[object, int] = {}
        self.sizes: dict[Any, str] = {}
        self.written: set[object] = set()
        self._dtypes: dict[object, str] = {}
        self._lengths: dict[object, Size] = {}
        self.statements: list[Statement] = []
        self.known: dict[tuple[Tensor, Index], str] = {}
        self._counts: dict[tuple[Any, ...], str] = {}
        self._next = 0

    # names and numbers ---------------------------------------------------------------------------------------------------
    def fresh(self) -> str:
        """Return a new name."""
        self._next += 1
        return f"v{self._next}"

    def size(self, size: Size) -> Operand:
        """Return a size as an operand; a run-time size becomes a parameter of the kernel."""
        if isinstance(size, int):
            return size
        return self.sizes.setdefault(size, f"n{len(self.sizes)}")

    def let(self, dtype: str, function: str, *operands: Operand, reassociate: bool = False) -> str:
        """Write `function(*operands)` and return its name."""
        name = self.fresh()
        self.statements.append(Let(name, dtype, function, operands, reassociate))
        return name

    def constant(self, dtype: str, value: float | int | bool) -> str:
        """Write a number and return its name."""
        name = self.fresh()
        self.statements.append(Constant(name, dtype, _number(dtype, value)))
        return name

    # index arithmetic (see codegen.program.access) -------------------------------------------------------------------------
    def multiply_add(self, index: Operand, factor: Size, addend: Any) -> Operand:
        return self.add(self.multiply(index, self.size(factor)), self.size(addend) if not isinstance(addend, str) else addend)

    def floor_divide(self, index: Operand, size: Size) -> Operand:
        return self._arithmetic("floor_divide", index, self.size(size))

    def remainder(self, index: Operand, size: Size) -> Operand:
        return self._arithmetic("remainder", index, self.size(size))

    def add(self, a: Operand, b: Operand) -> Operand:
        """Return a + b."""
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self._arithmetic("add", a, b)

    def multiply(self, a: Operand, b: Operand) -> Operand:
        """Return a * b."""
        if a in (0, 1) or b in (0, 1):
            return 0 if 0 in (a, b) else (b if a == 1 else a)
        return self._arithmetic("multiply", a, b)

    def _arithmetic(self, function: str, a: Operand, b: Operand) -> Operand:
        if isinstance(a, int) and isinstance(b, int):
            folded = {"add": int.__add__, "multiply": int.__mul__, "floor_divide": int.__floordiv__, "remainder": int.__mod__}
            return folded[function](a, b)
        key = (function, a, b)
        if key not in self._counts:
            self._counts[key] = self.let("int64", function, a, b)
        return self._counts[key]

    # memory ----------------------------------------------------------------------------------------------------------------
    def buffer(self, node: Tensor, written: bool = False) -> str:
        """Return the name of the buffer that stores a node."""
        key = self.memory[node].buffer
        number = self.buffers.setdefault(key, len(self.buffers))
        self._dtypes[key] = node.dtype.name
        self._lengths[key] = product(self.memory[node].shape)
        if written:
            self.written.add(key)
        return f"b{number}"

    def place(self, node: Tensor, index: Index) -> Operand:
        """Return the position in its buffer of an entry of a stored node."""
        memory = self.memory[node]
        position: Operand = 0
        for i, size in zip(index[memory.dropped :], memory.shape, strict=True):
            position = self.add(self.multiply(position, self.size(size)), i)
        return position

    def store(self, node: Tensor, index: Index, value: str) -> None:
        """Write `value` to memory as an entry of a stored node."""
        place = self.place(node, index)
        self.statements.append(Store(self.buffer(node, written=True), (place,), value))

    def load(self, node: Tensor, index: Index) -> str:
        """Read an entry of a stored node."""
        place = self.place(node, index)
        name = self.fresh()
        self.statements.append(Load(name, self.buffer(node), (place,)))
        return name

    # loops -------------------------------------------------------------------------------------------------------------------
    def loops(
        self,
        extents: Sequence[Operand],
        carried: Sequence[tuple[str, Operand]],
        body: Callable[[Index, list[Operand]], list[Operand]],
        independent: bool = False,
    ) -> list[Operand]:
        """Write nested loops around `body` and return what they carry out.

        `carried` has the dtype and the initial operand of each carried scalar; `body` gets the loops' variables and the carried
        scalars, and returns the next ones. A loop of one turn is left out.
        """
        return self._loops(list(extents), carried, body, (), [initial for _, initial in carried], independent)

    def _loops(self, extents: Any, carried: Any, body: Any, index: Index, values: Any, independent: bool) -> list[Operand]:
        if not extents:
            return body(index, values)
        if extents[0] == 1:
            return self._loops(extents[1:], carried, body, (*index, 0), values, independent)
        variable = self.fresh()
        outside, known, counts = self.statements, self.known, self._counts
        self.statements, self.known, self._counts = [], dict(known), dict(counts)
        inside = [self.fresh() for _ in carried]
        following = self._loops(extents[1:], carried, body, (*index, variable), inside, independent)
        results = [self.fresh() for _ in carried]
        loop = Loop(
            variable,
            extents[0],
            tuple(self.statements),
            tuple(
                Carried(name, dtype, value, next_value, result)
                for (dtype, _), name, value, next_value, result in zip(carried, inside, values, following, results, strict=True)
            ),
            independent,
        )
        self.statements, self.known, self._counts = outside, known, counts
        self.statements.append(loop)
        return list(results)

    # values --------------------------------------------------------------------------------------------------------------------
    def value(self, node: Tensor, index: Index) -> str:
        """Return the name of an entry of a node: read from memory, or computed from the entries it is made from."""
        key = (node, index)
        found = self.known.get(key)
        if found is None:
            found = self.load(node, index) if node in self.memory else self._compute(node, index)
            self.known[key] = found
        return found

    def _compute(self, node: Tensor, index: Index) -> str:
        operation: Any = node.operation
        dtype = node.dtype.name
        if isinstance(operation, leaf.Constant):
            return self.constant(dtype, operation.value)
        if isinstance(operation, leaf.Iota):
            return self.let("int64", "add", index[0], 0)
        if isinstance(operation, leaf.SizeValue):
            return self.let("int64", "add", self.size(operation.length), 0)
        if isinstance(operation, (Elementwise, Cast)):
            function = "cast" if isinstance(operation, Cast) else operation.function.name
            operands = [self.value(x, self._input(node, i, index)) for i, x in enumerate(node.inputs)]
            return self.let(dtype, function, *operands)
        if isinstance(operation, Embed):
            return self._embedded(node, index)
        if isinstance(operation, EmbedDiagonal):
            on_diagonal = self.let("bool", "equal", index[-1], index[-2])
            return self.let(dtype, "where", on_diagonal, self.value(node.inputs[0], index[:-1]), self.constant(dtype, 0))
        if isinstance(operation, Concatenate):
            return self._concatenated(node, index)
        if isinstance(operation, Gather):
            x, *indices = node.inputs
            first = operation.axis
            inner = index[first : first + indices[0].ndim]
            chosen = tuple(self._wrapped(i, inner, x.shape[first + n]) for n, i in enumerate(indices))
            return self.value(x, (*index[:first], *chosen, *index[first + indices[0].ndim :]))
        if isinstance(operation, TakeAlongAxis):
            x, indices = node.inputs
            axis = operation.axis
            own = tuple(0 if size == 1 else i for i, size in zip(index, indices.shape, strict=True))
            chosen_one = self._wrapped(indices, own, x.shape[axis])
            inside = tuple(0 if size == 1 else i for i, size in zip(index, x.shape, strict=True))
            return self.value(x, (*inside[:axis], chosen_one, *inside[axis + 1 :]))
        return self.value(node.inputs[0], self._input(node, 0, index))

    def _input(self, node: Tensor, position: int, index: Index) -> Index:
        inner = input_index(node, position, index, self)
        if inner is None:
            raise AssertionError(f"no rule for the index of {node!r}")
        return inner

    def _wrapped(self, indices: Tensor, index: Index, size: Size) -> str:
        """Return an index read from a tensor, counted from the end if negative. That it is in range has been checked before."""
        raw = self.value(indices, index)
        wide = raw if indices.dtype.name == "int64" else self.let("int64", "cast", raw)
        negative = self.let("bool", "less", wide, 0)
        return self.let("int64", "where", negative, self.let("int64", "add", wide, self.size(size)), wide)

    def _embedded(self, node: Tensor, index: Index) -> str:
        """An entry of an embedding is zero outside the window; inside it is read at the place in the window."""
        operation: Any = node.operation
        (x,) = node.inputs
        inside: str | None = None
        places: list[Operand] = []
        for i, start, step, size, outer in zip(index, operation.starts, operation.steps, x.shape, node.shape, strict=True):
            if start == 0 and step == 1 and size == outer:
                places.append(i)
                continue
            distance = self.let("int64", "subtract", i, self.size(start))
            place = distance if step == 1 else self.let("int64", "floor_divide", distance, step)
            tests = [self.let("bool", "greater_equal", place, 0), self.let("bool", "less", place, self.size(size))]
            if step != 1:
                tests.append(self.let("bool", "equal", self.let("int64", "remainder", distance, step), 0))
            for test in tests:
                inside = test if inside is None else self.let("bool", "logical_and", inside, test)
            last = self.let("int64", "subtract", self.size(size), 1)
            places.append(self.let("int64", "maximum", self.let("int64", "minimum", place, last), 0))
        dtype = node.dtype.name
        if 0 in x.shape:
            return self.constant(dtype, 0)
        value = self.value(x, tuple(places))
        return value if inside is None else self.let(dtype, "where", inside, value, self.constant(dtype, 0))

    def _concatenated(self, node: Tensor, index: Index) -> str:
        axis = node.operation.axis  # type: ignore[attr-defined]
        parts = [x for x in node.inputs if x.shape[axis] != 0]
        ends: list[Operand] = []
        total: Operand = 0
        for x in parts:
            total = self.add(total, self.size(x.shape[axis]))
            ends.append(total)
        result: str | None = None
        for number in reversed(range(len(parts))):
            x = parts[number]
            start = ends[number - 1] if number else 0
            distance = self.let("int64", "subtract", index[axis], start)
            last = self.let("int64", "subtract", self.size(x.shape[axis]), 1)
            place = self.let("int64", "maximum", self.let("int64", "minimum", distance, last), 0)
            value = self.value(x, (*index[:axis], place, *index[axis + 1 :]))
            if result is None:
                result = value
            else:
                test = self.let("bool", "less", index[axis], ends[number])
                result = self.let(node.dtype.name, "where", test, value, result)
        return self.constant(node.dtype.name, 0) if result is None else result

    def finish(self) -> LoopNest:
        """Return the kernel."""
        buffers = tuple(
            Buffer(f"b{number}", self._dtypes[key], (self.size(self._lengths[key]),), key in self.written)
            for key, number in self.buffers.items()
        )
        return LoopNest(buffers, tuple(self.sizes.values()), tuple(self.statements))


def _number(dtype: str, value: Any) -> float | int | bool:
    if dtype == "bool":
        return bool(value)
    return float(value) if dtype.startswith("float") else int(value)

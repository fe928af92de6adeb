"""Writing values: any entry of any node, read from memory or computed from the entries it is made from."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from codegen.kernels.loop_nest import Operand
from codegen.kernels.statements import Index, Key, Memory, StatementWriter
from codegen.program.access import input_index, is_one_of_many
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, TakeAlongAxis
from symgrad.families.layout import Concatenate, Embed, EmbedDiagonal, Slice
from symgrad.families.leaf import Constant, Iota, SizeValue
from symgrad.shapes import Shape, Size, same_size
from symgrad.tensor import Tensor


def within(index: Index, shape: Shape) -> Index:
    """Return an index of a domain as one into a shape that broadcasts to it."""
    return tuple(0 if size == 1 else i for i, size in zip(index, shape, strict=True))


class Writer(StatementWriter):
    """Writes one kernel, and in it the value of any node at any index."""

    def __init__(self, memory: Mapping[Tensor, Memory]) -> None:
        super().__init__(memory)
        self._condition: str | None = None
        """Where this bool does not hold, the values being written are not needed and may not exist: nothing is read."""

    def value(self, node: Tensor, index: Index) -> str:
        """Return the name of an entry of a node: read from memory, or computed from the entries it is made from."""
        found = self.known.get((node, index, None)) or self.known.get((node, index, self._condition))
        if found is not None:
            return found
        if node in self.memory:
            found = self.load_at(node, self.place(node, index), self._condition)
        else:
            found = self.computed(node, index)
        self.known[node, index, self._condition] = found
        return found

    def remember(self, node: Tensor, index: Index, value: str) -> None:
        """Let `value` be what an entry is wherever it is needed from here on."""
        self.known[node, index, None] = value

    def computed(self, node: Tensor, index: Index) -> str:
        """Compute an entry of a node from the entries it is made from."""
        operation = node.operation
        dtype = node.dtype.name
        match operation:
            case Constant():
                return self.constant(dtype, operation.value)
            case Iota():
                return self.let("int64", "add", index[0], 0)
            case SizeValue():
                return self.let("int64", "add", self.size(operation.length), 0)
            case Slice():
                return self._sliced(node, operation, index)
            case Elementwise():
                return self.let(dtype, operation.function.name, *self._inputs(node, index))
            case Cast():
                return self.let(dtype, "cast", *self._inputs(node, index))
            case Embed():
                return self._embedded(node, operation, index)
            case EmbedDiagonal():
                on_diagonal = self.let("bool", "equal", index[-1], index[-2])
                return self.let(dtype, "where", on_diagonal, self.value(node.inputs[0], index[:-1]), self.zero(node))
            case Concatenate():
                return self._concatenated(node, operation.axis, index)
            case Gather():
                return self._gathered(node, operation.axis, index)
            case TakeAlongAxis():
                x, indices = node.inputs
                chosen = self.chosen(indices, within(index, indices.shape), x.shape[operation.axis])
                inside = within(index, x.shape)
                return self.value(x, (*inside[: operation.axis], chosen, *inside[operation.axis + 1 :]))
            case _:
                return self._inputs(node, index)[0]

    def zero(self, node: Tensor) -> str:
        """Write a zero of a node's dtype."""
        return self.constant(node.dtype.name, 0)

    def chosen(self, indices: Tensor, index: Index, size: Size) -> str:
        """Return an index read from a tensor, counted from the end if negative (it is in range: see `Check`)."""
        raw = self.value(indices, index)
        wide = raw if indices.dtype.name == "int64" else self.let("int64", "cast", raw)
        negative = self.let("bool", "less", wide, 0)
        return self.let("int64", "where", negative, self.let("int64", "add", wide, self.size(size)), wide)

    def _inputs(self, node: Tensor, index: Index) -> list[str]:
        """Return the values of the entries that an entry is made from."""
        result: list[str] = []
        for i, x in enumerate(node.inputs):
            inner = input_index(node, i, index, self)
            if inner is None:
                raise AssertionError(f"no rule for the index of {node!r}")
            result.append(self.value(x, inner))
        return result

    def _sliced(self, node: Tensor, operation: Slice, index: Index) -> str:
        """An entry of a slice. Which one of many is taken along an axis is a size of the kernel.

        So the steps of a series have equal kernels.
        """
        places = [
            self.parameter(start) if is_one_of_many(node, axis) else self.multiply_add(i, step, start)
            for axis, (i, start, step) in enumerate(zip(index, operation.starts, operation.steps, strict=True))
        ]
        return self.value(node.inputs[0], tuple(places))

    def _gathered(self, node: Tensor, axis: int, index: Index) -> str:
        x, *indices = node.inputs
        end = axis + indices[0].ndim
        chosen = [self.chosen(places, index[axis:end], x.shape[axis + i]) for i, places in enumerate(indices)]
        return self.value(x, (*index[:axis], *chosen, *index[end:]))

    # values that exist only in places ---------------------------------------------------------------------------------

    @contextmanager
    def _where(self, condition: str | None) -> Generator[None]:
        """Write values that are needed only where a condition holds."""
        outside = self._condition
        if condition is not None:
            self._condition = condition if outside is None else self._both(outside, condition)
        try:
            yield
        finally:
            self._condition = outside

    def _both(self, a: str, b: str) -> str:
        key = ("logical_and", a, b)
        if key not in self.known:
            self.known[key] = self.let("bool", "logical_and", a, b)
        return self.known[key]

    def _value_where(self, condition: str | None, node: Tensor, index: Index) -> str:
        """Return an entry where a condition holds, and zero elsewhere."""
        if 0 in node.shape:
            return self.zero(node)
        with self._where(condition):
            value = self.value(node, index)
            just_read = node in self.memory and self.known.get((node, index, self._condition)) == value
        if condition is None or just_read:  # what is not read is zero
            return value
        return self.let(node.dtype.name, "where", condition, value, self.zero(node))

    def _embedded(self, node: Tensor, operation: Embed, index: Index) -> str:
        """An entry of an embedding is zero outside the window; inside it is read at the place in the window."""
        (x,) = node.inputs
        tests: list[str] = []
        places: list[Operand] = []
        for i, start, step, size, outer in zip(
            index, operation.starts, operation.steps, x.shape, node.shape, strict=True
        ):
            first = self.size(start)
            distance = self.subtract(first, i) if step < 0 else self.subtract(i, first)
            place = self.floor_divide(distance, abs(step)) if abs(step) > 1 else distance
            places.append(place)
            if abs(step) > 1:
                tests.append(self.let("bool", "equal", self.remainder(distance, abs(step)), 0))
            if step != 1 or start != 0:
                tests.append(self.let("bool", "greater_equal", place, 0))
            if step != 1 or not same_size(start + size, outer):
                tests.append(self.let("bool", "less", place, self.size(size)))
        inside: str | None = None
        for test in tests:
            inside = test if inside is None else self._both(inside, test)
        return self._value_where(inside, x, tuple(places))

    def _concatenated(self, node: Tensor, axis: int, index: Index) -> str:
        """An entry of a concatenation is one of the part that its place is in: the last that starts at or before it."""
        parts = [x for x in node.inputs if x.shape[axis] != 0]
        if not parts:
            return self.zero(node)
        starts: list[Operand] = [0]
        for x in parts[:-1]:
            starts.append(self.add(starts[-1], self.size(x.shape[axis])))
        ends = [self.let("bool", "less", index[axis], start) for start in starts[1:]]
        result = ""
        for number in reversed(range(len(parts))):
            inside = ends[number] if number < len(ends) else None
            if number:
                after = self.let("bool", "greater_equal", index[axis], starts[number])
                inside = after if inside is None else self._both(after, inside)
            place = self.subtract(index[axis], starts[number])
            where = (*index[:axis], place, *index[axis + 1 :])
            with self._where(inside):
                value = self.value(parts[number], where)
            result = value if not result else self.let(node.dtype.name, "where", ends[number], value, result)
        return result


__all__ = ["Index", "Key", "Memory", "Writer", "within"]

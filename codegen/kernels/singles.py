"""Kernels of their own kind: checks of indices, scatters, recurrences."""

from __future__ import annotations

from collections.abc import Mapping

from codegen.kernels.loop_nest import Fail, Operand
from codegen.kernels.writer import Index, Memory, Writer, within
from codegen.program.schedule import Check
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.scan import LinearRecurrence
from symgrad.tensor import Tensor


def lower_check(check: Check, memory: Mapping[Tensor, Memory]) -> Writer:
    """Return the kernel that fails if an index is out of range."""
    writer = Writer(memory)
    node = check.root.node

    def body(index: Index, bad: list[Operand]) -> list[Operand]:
        value = writer.value(node, within(index, node.shape))
        wide = value if node.dtype.name == "int64" else writer.let("int64", "cast", value)
        size = writer.size(check.check.size)
        low = writer.let("bool", "less", writer.let("int64", "add", wide, size), 0)
        high = writer.let("bool", "greater_equal", wide, size)
        return [writer.let("bool", "logical_or", bad[0], writer.let("bool", "logical_or", low, high))]

    start = writer.constant("bool", False)
    (bad,) = writer.loops([writer.size(size) for size in node.shape], [("bool", start)], body)
    writer.statements.append(Fail(str(bad), 1))
    return writer


def lower_scatter(node: Tensor, memory: Mapping[Tensor, Memory]) -> Writer:
    """Return the kernel that clears a result and adds values where indices say."""
    writer = Writer(memory)
    values, *indices = node.inputs

    def clear(index: Index, _: list[Operand]) -> list[Operand]:
        writer.store(node, index, writer.zero(node))
        return []

    def body(index: Index, _: list[Operand]) -> list[Operand]:
        value = writer.value(values, within(index, values.shape))
        place = writer.place(node, _target(writer, node, indices, index))
        old = writer.load_at(node, place)
        writer.store_at(node, place, writer.let(node.dtype.name, "add", old, value))
        return []

    writer.loops([writer.size(size) for size in node.shape], [], clear, independent=True)
    writer.loops([writer.size(size) for size in values.shape], [], body)
    return writer


def _target(writer: Writer, node: Tensor, indices: list[Tensor], index: Index) -> Index:
    """Return where in the result the value at `index` is added."""
    operation = node.operation
    assert isinstance(operation, (ScatterAdd, ScatterAlongAxis))
    axis = operation.axis
    end = axis + (indices[0].ndim if isinstance(operation, ScatterAdd) else 1)
    inner = index[axis:end] if isinstance(operation, ScatterAdd) else index
    chosen = [
        writer.chosen(places, within(inner, places.shape), node.shape[axis + i]) for i, places in enumerate(indices)
    ]
    return (*index[:axis], *chosen, *index[end:])


def lower_recurrence(node: Tensor, memory: Mapping[Tensor, Memory]) -> Writer:
    """Return the kernel of h[i] = a[i] * h[i - 1] + b[i].

    Along the last axis h[i - 1] is handed on from turn to turn. Along another one whole rows follow on each other, and
    h[i - 1] is read back: the loop over the entries of a row is the inner one, whose turns may run at once.
    """
    writer = Writer(memory)
    operation = node.operation
    assert isinstance(operation, LinearRecurrence)
    a, b = node.inputs
    axis, dtype = operation.axis, node.dtype.name
    before, after = ([writer.size(size) for size in sizes] for sizes in (node.shape[:axis], node.shape[axis + 1 :]))
    length = writer.size(node.shape[axis])

    def place(i: Operand) -> Operand:
        return writer.subtract(writer.subtract(length, 1), i) if operation.reverse else i

    def entry(index: Index, previous: Operand) -> str:
        """Write the entry that follows on `previous`."""
        here = within(index, node.shape)
        scaled = writer.let(dtype, "multiply", writer.value(a, here), previous)
        h = writer.let(dtype, "add", scaled, writer.value(b, here))
        writer.store(node, here, h)
        return h

    def along(rest: Index, _: list[Operand]) -> list[Operand]:
        def step(i: Index, previous: list[Operand]) -> list[Operand]:
            return [entry((*rest, place(i[0]), *((0,) * len(after))), previous[0])]

        writer.loops([length], [(dtype, writer.constant(dtype, 0))], step)
        return []

    def row(index: Index, _: list[Operand]) -> list[Operand]:
        *rest, i = index
        not_first = writer.let("bool", "greater_equal", i, 1)
        one_before = place(writer.subtract(i, 1))

        def across(inner: Index, _: list[Operand]) -> list[Operand]:
            old = writer.place(node, within((*rest, one_before, *inner), node.shape))
            entry((*rest, place(i), *inner), writer.load_at(node, old, not_first))
            return []

        writer.loops(after, [], across, independent=True)
        return []

    if all(size == 1 for size in after):
        writer.loops(before, [], along)
    else:
        writer.loops([*before, length], [], row)
    return writer

"""From scheduled nests to loop nests.

The results of a nest come about in four ways: entry by entry; *rows*, one reduction a turn of the outer loops, carried
through the inner ones; *totals*, reductions over everything, carried through all loops; and *columns*, reductions over
the outer loops, kept in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sympy

from codegen.kernels.loop_nest import Operand
from codegen.kernels.reductions import Accumulator, initial_value, split
from codegen.kernels.writer import Index, Memory, Writer, within
from codegen.program.nest import Nest, Root, Stage
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.layout import BroadcastTo, Named, Reshape
from symgrad.families.leaf import Constant
from symgrad.shapes import Shape, product, same_shape
from symgrad.tensor import Tensor

Body = Callable[[Index, list[Operand]], list[Operand]]
Scalars = Sequence[tuple[str, Operand]]

_BLOCK = 4096
"""Entries that one partial sum adds up."""


FIRST, LAST = sympy.symbols("first_row last_row", integer=True, nonnegative=True)
"""Sizes of a kernel that makes a chunk: its rows are those from the first up to the last, which is not among them."""


def lower_nest(nest: Nest, memory: Mapping[Tensor, Memory], cut: int | None = None) -> Writer:
    """Return the written kernel of a nest; it makes a chunk of the rows along axis `cut`, or all."""
    return _NestLowering(nest, Writer(memory), cut).run()


class _NestLowering:
    def __init__(self, nest: Nest, writer: Writer, cut: int | None) -> None:
        self.nest = nest
        self.writer = writer
        self.cut = cut
        self.outer = nest.outer or 0
        self.columns: dict[Root, Accumulator] = {}
        self.rows: dict[Root, Accumulator] = {}
        self.totals: dict[Root, Accumulator] = {}
        for root in nest.roots:
            if root.reduction is not None:
                how = nest.made[root.node][1]
                whole = len(root.reduction.axes) == len(root.domain)
                kind = self.totals if whole else self.rows if how == "row" else self.columns
                kind[root] = Accumulator(root)

    def run(self) -> Writer:
        """Write the whole kernel."""
        writer = self.writer
        for column in self.columns.values():
            self._clear(column)
        if self._is_flat():
            results = self._flat()
        else:
            outer = self.nest.domain[: self.outer]
            start = [scalar for total in self.totals.values() for scalar in total.start(writer)]
            results = self._loops(outer, 0, start, self._turn, self._turns_are_independent())
        for root, scalars in zip(self.totals, split(self.totals.values(), results), strict=True):
            writer.store(root.node, (0,) * root.node.ndim, str(scalars[-1]))
        return writer

    def _loops(self, extents: Shape, axis: int, start: Scalars, body: Body, independent: bool) -> list[Operand]:
        """Write loops over the domain's axes from `axis` on; that along which it is cut has the rows of a chunk."""
        writer = self.writer
        operands = [writer.size(size) for size in extents]
        if self.cut is None or not axis <= self.cut < axis + len(extents):
            return writer.loops(operands, start, body, independent)
        at = self.cut - axis
        first, operands[at] = self._rows()

        def moved(index: Index, scalars: list[Operand]) -> list[Operand]:
            return body((*index[:at], writer.add(first, index[at]), *index[at + 1 :]), scalars)

        return writer.loops(operands, start, moved, independent)

    def _rows(self) -> tuple[Operand, Operand]:
        """Return a chunk's first row and the number of its rows."""
        first = self.writer.size(FIRST)
        return first, self.writer.subtract(self.writer.size(LAST), first)

    # loops around stages ----------------------------------------------------------------------------------------------

    def _turns_are_independent(self) -> bool:
        """Return whether no turn of the outer loops reads what another one wrote (running results, a row's buffer)."""
        memory = self.writer.memory
        shared = any(root.node in memory and memory[root.node].dropped for root in self.nest.roots)
        return not (self.totals or self.columns or shared)

    def _turn(self, outer: Index, scalars: list[Operand]) -> list[Operand]:
        """Write one turn of the outer loops: the stages one after another, which hand the totals on."""
        totals = dict(zip(self.totals, split(self.totals.values(), scalars), strict=True))
        for stage in self.nest.stages:
            self._stage(stage, outer, totals)
        return [scalar for total in totals.values() for scalar in total]

    def _stage(self, stage: Stage, outer: Index, totals: dict[Root, list[Operand]]) -> None:
        writer = self.writer
        carried: dict[Root, Accumulator] = {}
        start: list[tuple[str, Operand]] = []
        for root in stage.roots:
            if root in self.rows:
                carried[root] = self.rows[root]
                start += carried[root].start(writer)
            elif root in self.totals:
                carried[root] = self.totals[root]
                start += zip(carried[root].dtypes, totals[root], strict=True)

        def body(inner: Index, scalars: list[Operand]) -> list[Operand]:
            return self._entries(stage, (*outer, *inner), carried, scalars)

        # Without outer loops this is the only stage, so that what it reads was there before.
        independent = self.nest.outer is None and not start
        results = self._loops(stage.inner, self.outer, start, body, independent)
        for root, scalars in zip(carried, split(carried.values(), results), strict=True):
            if root in totals:
                totals[root] = scalars
                continue
            index = (*outer, *((0,) * (root.node.ndim - self.outer)))
            writer.remember(root.node, index, str(scalars[-1]))
            if root.node in writer.memory:
                writer.store(root.node, index, str(scalars[-1]))

    def _entries(
        self, stage: Stage, index: Index, carried: dict[Root, Accumulator], scalars: list[Operand]
    ) -> list[Operand]:
        """Write what a stage makes at one place; stores come last, so that all see the old contents of updates."""
        writer = self.writer
        following = dict(zip(carried, split(carried.values(), scalars), strict=True))
        stores: list[tuple[Tensor, Index, str]] = []
        for root in stage.roots:
            here = within(index, root.domain)
            if root.reduction is None:
                value = writer.computed(root.node, here)
                writer.remember(root.node, here, value)
                if root.node in writer.memory:
                    stores.append((root.node, here, value))
                continue
            entry = writer.value(root.node.inputs[0], here)
            if root in carried:
                following[root] = carried[root].taken_in(writer, following[root], entry, here)
            else:
                column, place = self.columns[root], self._place_in_column(root, here)
                old = writer.load_at(root.node, writer.place(root.node, place))
                stores.append((root.node, place, column.combined(writer, old, entry)))
        for node, place, value in stores:
            writer.store(node, place, value)
        return [scalar for scalars in following.values() for scalar in scalars]

    # reductions over the outer loops ----------------------------------------------------------------------------------

    def _clear(self, column: Accumulator) -> None:
        writer, root = self.writer, column.root

        def body(inner: Index, _: list[Operand]) -> list[Operand]:
            value = writer.constant(column.dtype, initial_value(column.kind, column.dtype))
            writer.store(root.node, self._place_in_column(root, (*((0,) * self.outer), *inner)), value)
            return []

        writer.loops([writer.size(size) for size in root.domain[self.outer :]], [], body, independent=True)

    def _place_in_column(self, root: Root, index: Index) -> Index:
        """Return where the column is stored that an entry of the domain belongs to."""
        kept = within(index, root.domain)[self.outer :]
        return (*((0,) * (root.node.ndim - len(kept))), *kept)

    # one loop over everything -----------------------------------------------------------------------------------------

    def _is_flat(self) -> bool:
        """Return whether one loop will do: entries are made from entries at the same place, or from single numbers."""
        nest, memory = self.nest, self.writer.memory
        if nest.outer is not None or not nest.domain or any(total.finds_place for total in self.totals.values()):
            return False
        made = {root.node for root in nest.roots}
        pending = [root.node.inputs[0] if root.reduction is not None else root.node for root in nest.roots]
        seen: set[Tensor] = set()
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            if not same_shape(node.shape, nest.domain) and any(size != 1 for size in node.shape):
                return False
            if node in memory and node not in made:
                continue
            if not isinstance(node.operation, (Elementwise, Cast, Constant, BroadcastTo, Reshape, Named)):
                return False
            pending += node.inputs
        return True

    def _flat(self) -> list[Operand]:
        """Write one loop over the entries in the order of memory and return the totals.

        Totals are added up in blocks, apart, so that rounding errors grow with the block and not with the whole.
        """
        writer, (stage,) = self.writer, self.nest.stages
        start_of_chunk: Operand = 0
        size = writer.size(product(self.nest.domain))
        if self.cut is not None:
            row = writer.size(product(self.nest.domain[self.cut + 1 :]))
            start_of_chunk, size = (writer.multiply(rows, row) for rows in self._rows())

        def body(place: Operand, scalars: list[Operand]) -> list[Operand]:
            index = _flat_index(self.nest.domain, writer.add(start_of_chunk, place))
            return self._entries(stage, index, self.totals, scalars)

        if not self.totals:
            return writer.loops([size], [], lambda index, _: body(index[0], []), independent=True)

        def start() -> list[tuple[str, Operand]]:
            return [scalar for total in self.totals.values() for scalar in total.start(writer)]

        def block(index: Index, scalars: list[Operand]) -> list[Operand]:
            first = writer.multiply(index[0], _BLOCK)
            left = writer.subtract(size, first)
            length = min(left, _BLOCK) if isinstance(left, int) else writer.let("int64", "minimum", left, _BLOCK)
            parts = writer.loops([length], start(), lambda index, inner: body(writer.add(first, index[0]), inner))
            totals = zip(self.totals.values(), scalars, parts, strict=True)
            return [total.combined(writer, whole, part) for total, whole, part in totals]

        blocks = writer.floor_divide(writer.add(size, _BLOCK - 1), _BLOCK)
        return writer.loops([blocks], start(), block)


def _flat_index(domain: Shape, place: Operand) -> Index:
    """Return an index whose position in a row-major array of the domain's shape is `place`."""
    wide = max((axis for axis, size in enumerate(domain) if size != 1), default=0)
    return tuple(place if axis == wide else 0 for axis in range(len(domain)))

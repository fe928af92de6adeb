"""From scheduled steps to loop nests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codegen.kernels.loop_nest import Fail, Operand
from codegen.kernels.writer import Index, Memory, Writer
from codegen.program.schedule import Check, Nest, Root, Stage
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.layout import BroadcastTo, Reshape
from symgrad.families.leaf import Constant
from symgrad.families.reduction import Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.shapes import Shape, Size, product, same_shape
from symgrad.tensor import Tensor

_BLOCK = 4096
"""Entries that one partial sum adds up."""

_COMBINE = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum", "any": "logical_or", "all": "logical_and"}


def initial_value(kind: str, dtype: str) -> float | int | bool:
    """Return what a reduction of nothing is."""
    if kind in ("sum", "prod"):
        return 0 if kind == "sum" else 1
    if kind in ("any", "all"):
        return kind == "all"
    top = {"float64": float("inf"), "float32": float("inf"), "int64": 2**63 - 1, "int32": 2**31 - 1, "bool": True}[dtype]
    if kind in ("min", "argmin"):
        return top
    return {"bool": False, "int64": -(2**63), "int32": -(2**31)}.get(dtype, -top)


def lower_nest(nest: Nest, memory: Mapping[Tensor, Memory]) -> Writer:
    """Return the written kernel of a nest."""
    return _NestLowering(nest, memory).run()


class _NestLowering:
    def __init__(self, nest: Nest, memory: Mapping[Tensor, Memory]) -> None:
        self.nest = nest
        self.outer = nest.outer or 0
        self.memory = memory
        updated = {root.target for root in nest.roots if root.target is not None}
        self.in_place = bool(updated)
        self.writer = Writer(memory)
        self.late = [root for root in nest.roots if self._is_total(root)]
        """Reductions over all loops: their accumulators are carried through every loop of the nest."""

    def _is_total(self, root: Root) -> bool:
        return root.reduction is not None and len(root.reduction.axes) == len(root.domain)

    def _is_column(self, root: Root) -> bool:
        return root.reduction is not None and not self._is_total(root) and root.reduction.axes[0] == 0 and (
            self.nest.made[root.node][1] == "late"
        )

    def run(self) -> Writer:
        writer = self.writer
        for root in self.nest.roots:
            if self._is_column(root):
                self._clear(root)
        carried: list[tuple[str, Operand]] = []
        for root in self.late:
            carried += self._accumulators(root)
        if self.nest.outer is None and self._flat():
            domain = (product(self.nest.domain),)
        else:
            domain = self.nest.domain[: self.outer] if self.nest.outer is not None else ()
        extents = [writer.size(size) for size in domain]
        if self.nest.outer is None and self._flat():
            if self.late:
                results = self._blocks(domain[0], carried)
            else:
                results = writer.loops(extents, carried, lambda index, _: self._flat_body(index[0], []), independent=True)
        else:
            results = writer.loops(extents, carried, self._outer_body, independent=self._independent())
        position = 0
        for root in self.late:
            values = results[position : position + len(self._accumulators_types(root))]
            position += len(values)
            writer.store(root.node, (0,) * root.node.ndim, str(values[-1]))
        return writer

    def _independent(self) -> bool:
        """Return whether no turn of the outer loops reads what another one wrote: neither running sums nor a row's buffer are shared."""
        stored = [root for root in self.nest.roots if root.node in self.memory]
        return not self.late and not any(self._is_column(root) or self.memory[root.node].dropped for root in stored)

    # one loop over everything ------------------------------------------------------------------------------------------------
    def _flat(self) -> bool:
        """Return whether every entry is made from entries at the same place in memory (or single numbers): one loop will do."""
        domain = self.nest.domain
        if not domain or any(root.reduction is not None and root.reduction.kind.startswith("arg") for root in self.nest.roots):
            return False
        pending = [root.node.inputs[0] if root.reduction is not None else root.node for root in self.nest.roots]
        made = {root.node for root in self.nest.roots}
        seen: set[Tensor] = set()
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            if not same_shape(node.shape, domain) and any(size != 1 for size in node.shape):
                return False
            if node in self.memory and node not in made:
                continue
            if not isinstance(node.operation, (Elementwise, Cast, Constant, BroadcastTo, Reshape)):
                return False
            pending += node.inputs
        return True

    def _blocks(self, total: Size, carried: list[tuple[str, Operand]]) -> list[Operand]:
        """Write the one loop in blocks that are summed up apart, so that rounding errors grow with the block, not with the whole."""
        writer = self.writer
        size = writer.size(total)
        count = writer.floor_divide(writer.add(size, _BLOCK - 1), _BLOCK)

        def block(index: Index, values: list[Operand]) -> list[Operand]:
            start = writer.multiply(index[0], _BLOCK)
            left = size if start == 0 else writer.let("int64", "subtract", size, start)
            length = min(left, _BLOCK) if isinstance(left, int) else writer.let("int64", "minimum", left, _BLOCK)
            fresh = [pair for root in self.late for pair in self._accumulators(root)]
            parts = writer.loops([length], fresh, lambda i, inner: self._flat_body(writer.add(start, i[0]), inner))
            return [
                self._combined(root, [value], str(part), ())[0]
                for root, value, part in zip(self.late, values, parts, strict=True)
            ]

        return writer.loops([count], carried, block)

    def _flat_body(self, flat_index: Operand, values: list[Operand]) -> list[Operand]:
        flat = _Flat(self.writer, self.nest.domain)
        stores: list[tuple[Tensor, str]] = []
        results: list[Operand] = []
        for root in self.nest.stages[0].roots:
            if root.reduction is not None:
                value = flat.value(root.node.inputs[0], flat_index)
                accumulator = values[len(results)]
                results.append(self._combined(root, [accumulator], value, ())[0])
            else:
                value = flat.value(root.node, flat_index, root=True)
                flat.known[root.node] = value
                if root.node in self.memory:
                    stores.append((root.node, value))
        for node, value in stores:
            flat.store(node, flat_index, value)
        return results

    # outer loops and stages ----------------------------------------------------------------------------------------------------
    def _outer_body(self, outer: Index, values: list[Operand]) -> list[Operand]:
        total = list(values)
        for stage in self.nest.stages:
            total = self._stage(stage, outer, total)
        return total

    def _stage(self, stage: Stage, outer: Index, totals: list[Operand]) -> list[Operand]:
        writer = self.writer
        rows = [root for root in stage.roots if root.reduction is not None and self.nest.made[root.node][1] == "row"]
        carried: list[tuple[str, Operand]] = []
        for root in rows:
            carried += self._accumulators(root)
        row_count = len(carried)
        spans: dict[Root, tuple[int, int]] = {}
        position = 0
        for root in self.late:
            width = len(self._accumulators_types(root))
            spans[root] = (position, position + width)
            position += width
        mine = [root for root in self.late if root in stage.roots]
        for root in mine:
            first, last = spans[root]
            carried += [(dtype, totals[i]) for dtype, i in zip(self._accumulators_types(root), range(first, last), strict=True)]

        def body(inner: Index, values: list[Operand]) -> list[Operand]:
            index = (*outer, *inner)
            return self._roots(stage, index, inner, rows, mine, values)

        extents = [writer.size(size) for size in stage.inner]
        results = writer.loops(extents, carried, body)
        at = 0
        for root in rows:
            width = len(self._accumulators_types(root))
            value = str(results[at + width - 1])
            at += width
            index = (*outer, *((0,) * (root.node.ndim - self.outer)))
            writer.known[root.node, index] = value
            if root.node in self.memory:
                writer.store(root.node, index, value)
        totals = list(totals)
        at = row_count
        for root in mine:
            first, last = spans[root]
            totals[first:last] = results[at : at + last - first]
            at += last - first
        return totals

    def _roots(
        self, stage: Stage, index: Index, inner: Index, rows: list[Root], mine: list[Root], values: list[Operand]
    ) -> list[Operand]:
        """Write the results of a stage at one place; stores come last, so that all see the old contents of what is updated."""
        writer = self.writer
        place: dict[Root, int] = {}
        at = 0
        for root in (*rows, *mine):
            place[root] = at
            at += len(self._accumulators_types(root))
        following: list[Operand] = list(values)
        stores: list[tuple[Tensor, Index, str]] = []
        for root in stage.roots:
            if root.reduction is None:
                index_of_root = tuple(0 if size == 1 else i for i, size in zip(index, root.domain, strict=True))
                value = writer.known.get((root.node, index_of_root))
                if value is None:
                    value = writer._compute(root.node, index_of_root)
                writer.known[root.node, index_of_root] = value
                if root.node in self.memory:
                    stores.append((root.node, index_of_root, value))
                continue
            value = writer.value(root.node.inputs[0], tuple(0 if n == 1 else i for i, n in zip(index, root.domain, strict=True)))
            if self._is_column(root):
                stores.append((root.node, self._column_index(root, inner), self._add_to_memory(root, inner, value)))
                continue
            at = place[root]
            width = len(self._accumulators_types(root))
            linear = self._linear_index(root, index)
            following[at : at + width] = self._combined(root, following[at : at + width], value, linear)
        for node, where, value in stores:
            writer.store(node, where, value)
        return following

    # accumulators ----------------------------------------------------------------------------------------------------------------
    def _accumulators_types(self, root: Root) -> list[str]:
        dtype = root.node.inputs[0].dtype.name
        assert root.reduction is not None
        return [dtype, "int64"] if root.reduction.kind.startswith("arg") else [dtype]

    def _accumulators(self, root: Root) -> list[tuple[str, Operand]]:
        assert root.reduction is not None
        types = self._accumulators_types(root)
        first = self.writer.constant(types[0], initial_value(root.reduction.kind.removeprefix("arg"), types[0]))
        return [(types[0], first)] + [("int64", self.writer.constant("int64", 0)) for _ in types[1:]]

    def _combined(self, root: Root, accumulators: list[Operand], value: str, linear: Any) -> list[Operand]:
        writer = self.writer
        assert root.reduction is not None
        kind, dtype = root.reduction.kind, root.node.inputs[0].dtype.name
        if not kind.startswith("arg"):
            combine = _COMBINE[kind]
            return [writer.let(dtype, combine, accumulators[0], value, reassociate=kind in ("sum", "prod"))]
        best, place = accumulators
        better = writer.let("bool", "greater" if kind == "argmax" else "less", value, best)
        # NumPy takes the first NaN for the extreme; the first entry wins also where it equals the initial value.
        first = writer.let("bool", "equal", linear, 0)
        better = writer.let("bool", "logical_or", better, first)
        if dtype.startswith("float"):
            fresh_nan = writer.let("bool", "logical_and", writer.let("bool", "isnan", value), writer.let("bool", "logical_not", writer.let("bool", "isnan", best)))
            better = writer.let("bool", "logical_or", better, fresh_nan)
        return [writer.let(dtype, "where", better, value, best), writer.let("int64", "where", better, linear, place)]

    def _linear_index(self, root: Root, index: Index) -> Operand:
        """Return the place of an entry among those that are reduced together."""
        assert root.reduction is not None
        linear: Operand = 0
        if root.reduction.kind.startswith("arg"):
            for axis in root.reduction.axes:
                linear = self.writer.multiply_add(linear, root.domain[axis], index[axis])
        return linear if isinstance(linear, str) else self.writer.let("int64", "add", linear, 0)

    # sums over the outer loops -----------------------------------------------------------------------------------------------------
    def _column_index(self, root: Root, inner: Index) -> Index:
        assert root.reduction is not None
        kept = tuple(0 if n == 1 else i for i, n in zip(inner, root.domain[self.outer :], strict=True))
        return ((0,) * self.outer if root.reduction.keepdims else ()) + kept

    def _clear(self, root: Root) -> None:
        assert root.reduction is not None
        writer = self.writer
        dtype = root.node.dtype.name

        def body(inner: Index, _: list[Operand]) -> list[Operand]:
            assert root.reduction is not None
            value = writer.constant(dtype, initial_value(root.reduction.kind, dtype))
            writer.store(root.node, self._column_index(root, inner), value)
            return []

        writer.loops([writer.size(size) for size in root.domain[self.outer :]], [], body, independent=True)

    def _add_to_memory(self, root: Root, inner: Index, value: str) -> str:
        assert root.reduction is not None
        old = self.writer.load(root.node, self._column_index(root, inner))
        return self.writer.let(root.node.dtype.name, _COMBINE[root.reduction.kind], old, value)


class _Flat:
    """Values in a loop over all entries of a domain in row-major order."""

    def __init__(self, writer: Writer, domain: Shape) -> None:
        self.writer = writer
        self.domain = domain
        self.known: dict[Tensor, str] = {}

    def value(self, node: Tensor, place: Operand, root: bool = False) -> str:
        if node in self.known:
            return self.known[node]
        writer = self.writer
        single = all(size == 1 for size in node.shape)
        if single and not same_shape(node.shape, self.domain):
            result = writer.value(node, (0,) * node.ndim)
        elif node in writer.memory and not root:
            result = writer.fresh()
            from codegen.kernels.loop_nest import Load

            writer.statements.append(Load(result, writer.buffer(node), (place,)))
        elif isinstance(node.operation, (BroadcastTo, Reshape)):
            result = self.value(node.inputs[0], place)
        else:
            operation: Any = node.operation
            function = "cast" if isinstance(operation, Cast) else operation.function.name
            result = writer.let(node.dtype.name, function, *(self.value(x, place) for x in node.inputs))
        self.known[node] = result
        return result

    def store(self, node: Tensor, place: Operand, value: str) -> None:
        from codegen.kernels.loop_nest import Store

        self.writer.statements.append(Store(self.writer.buffer(node, written=True), (place,), value))


# kernels of their own ------------------------------------------------------------------------------------------------------------


def lower_check(check: Check, memory: Mapping[Tensor, Memory], code: int) -> Writer:
    """Return the kernel that fails with `code` if an index is out of range."""
    writer = Writer(memory)
    node = check.root.node

    def body(index: Index, values: list[Operand]) -> list[Operand]:
        value = writer.value(node, tuple(0 if n == 1 else i for i, n in zip(index, node.shape, strict=True)))
        wide = value if node.dtype.name == "int64" else writer.let("int64", "cast", value)
        size = writer.size(check.size)
        low = writer.let("bool", "less", writer.let("int64", "add", wide, size), 0)
        high = writer.let("bool", "greater_equal", wide, size)
        return [writer.let("bool", "logical_or", values[0], writer.let("bool", "logical_or", low, high))]

    start = writer.constant("bool", False)
    (bad,) = writer.loops([writer.size(size) for size in node.shape], [("bool", start)], body)
    writer.statements.append(Fail(str(bad), code))
    return writer


def lower_scatter(node: Tensor, memory: Mapping[Tensor, Memory]) -> Writer:
    """Return the kernel that clears a result and adds values where indices say."""
    writer = Writer(memory)
    operation: Any = node.operation
    values, *indices = node.inputs
    dtype = node.dtype.name

    def clear(index: Index, _: list[Operand]) -> list[Operand]:
        writer.store(node, index, writer.constant(dtype, 0))
        return []

    def body(index: Index, _: list[Operand]) -> list[Operand]:
        value = writer.value(values, tuple(0 if n == 1 else i for i, n in zip(index, values.shape, strict=True)))
        axis = operation.axis
        if isinstance(operation, ScatterAdd):
            inner = index[axis : axis + indices[0].ndim]
            chosen = tuple(
                writer._wrapped(i, tuple(0 if m == 1 else k for k, m in zip(inner, i.shape, strict=True)), operation.shape[axis + n])
                for n, i in enumerate(indices)
            )
            place = (*index[:axis], *chosen, *index[axis + indices[0].ndim :])
        else:
            assert isinstance(operation, ScatterAlongAxis)
            own = tuple(0 if m == 1 else k for k, m in zip(index, indices[0].shape, strict=True))
            place = (*index[:axis], writer._wrapped(indices[0], own, operation.size), *index[axis + 1 :])
        old = writer.load(node, place)
        writer.store(node, place, writer.let(dtype, "add", old, value))
        return []

    writer.loops([writer.size(size) for size in node.shape], [], clear, independent=True)
    writer.loops([writer.size(size) for size in values.shape], [], body)
    return writer


def lower_recurrence(node: Tensor, memory: Mapping[Tensor, Memory]) -> Writer:
    """Return the kernel of h[i] = a[i] * h[i - 1] + b[i]."""
    writer = Writer(memory)
    operation: LinearRecurrence = node.operation  # type: ignore[assignment]
    a, b = node.inputs
    axis = operation.axis
    dtype = node.dtype.name
    others = [size for i, size in enumerate(node.shape) if i != axis]
    length = writer.size(node.shape[axis])

    def along(rest: Index, _: list[Operand]) -> list[Operand]:
        def step(position: Index, values: list[Operand]) -> list[Operand]:
            i: Operand = position[0]
            if operation.reverse:
                i = writer.let("int64", "subtract", writer.let("int64", "subtract", length, 1), i)
            index = (*rest[:axis], i, *rest[axis:])
            scaled = writer.let(dtype, "multiply", writer.value(a, index), values[0])
            h = writer.let(dtype, "add", scaled, writer.value(b, index))
            writer.store(node, index, h)
            return [h]

        writer.loops([length], [(dtype, writer.constant(dtype, 0))], step)
        return []

    writer.loops([writer.size(size) for size in others], [], along)
    return writer


__all__ = ["Reduction", "lower_check", "lower_nest", "lower_recurrence", "lower_scatter"]

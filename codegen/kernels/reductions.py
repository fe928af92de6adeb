"""Running reductions: what they start from, and how one more entry is taken in."""

from __future__ import annotations

from collections.abc import Iterable

from codegen.kernels.loop_nest import Operand
from codegen.kernels.statements import Index, Number
from codegen.kernels.writer import Writer
from codegen.program.nest import Root
from symgrad.families.reduction import Reduction

COMBINE = {
    "sum": "add",
    "prod": "multiply",
    "max": "maximum",
    "min": "minimum",
    "any": "logical_or",
    "all": "logical_and",
}
"""The scalar function that takes an entry into a reduction; argmax and argmin need more (see `Accumulator`)."""


def initial_value(kind: str, dtype: str) -> Number:
    """Return what a reduction of nothing is."""
    match kind:
        case "sum":
            return 0
        case "prod":
            return 1
        case "any" | "all":
            return kind == "all"
        case "max" | "argmax":
            return {"bool": False, "int64": -(2**63), "int32": -(2**31)}.get(dtype, float("-inf"))
        case _:
            return {"bool": True, "int64": 2**63 - 1, "int32": 2**31 - 1}.get(dtype, float("inf"))


class Accumulator:
    """The scalars a reduction carries through its loops: the result so far (for argmax, argmin: the extreme too)."""

    def __init__(self, root: Root) -> None:
        assert isinstance(root.node.operation, Reduction)
        self.root = root
        self.kind = root.node.operation.kind
        self.axes = root.node.operation.axes
        self.dtype = root.node.inputs[0].dtype.name
        self.finds_place = self.kind in ("argmax", "argmin")

        self.dtypes = [self.dtype, "int64"] if self.finds_place else [self.dtype]

    def start(self, writer: Writer) -> list[tuple[str, Operand]]:
        """Write the initial scalars; return their dtypes and names."""
        values = (initial_value(self.kind, self.dtype), 0)
        return [(dtype, writer.constant(dtype, value)) for dtype, value in zip(self.dtypes, values, strict=False)]

    def taken_in(self, writer: Writer, scalars: list[Operand], entry: str, index: Index) -> list[Operand]:
        """Write the scalars after one more entry, which is at `index` of the domain."""
        if self.finds_place:
            return self._extreme(writer, scalars, entry, self._order(writer, index))
        return [self.combined(writer, scalars[0], entry)]

    def combined(self, writer: Writer, a: Operand, b: Operand) -> str:
        """Write the reduction of two results."""
        return writer.let(self.dtype, COMBINE[self.kind], a, b, reassociate=self.kind in ("sum", "prod"))

    def _extreme(self, writer: Writer, scalars: list[Operand], entry: str, order: str) -> list[Operand]:
        best, place = scalars
        better = writer.let("bool", "greater" if self.kind == "argmax" else "less", entry, best)
        # The first entry wins even if it is no better than the initial value.
        better = writer.let("bool", "logical_or", better, writer.let("bool", "equal", order, 0))
        if self.dtype.startswith("float"):
            # As in NumPy, the first NaN is the extreme.
            sound = writer.let("bool", "logical_not", writer.let("bool", "isnan", best))
            first_nan = writer.let("bool", "logical_and", writer.let("bool", "isnan", entry), sound)
            better = writer.let("bool", "logical_or", better, first_nan)
        return [
            writer.let(self.dtype, "where", better, entry, best),
            writer.let("int64", "where", better, order, place),
        ]

    def _order(self, writer: Writer, index: Index) -> str:
        """Return the place of an entry among those that are reduced together."""
        order: Operand = 0
        for axis in self.axes:
            order = writer.multiply_add(order, self.root.domain[axis], index[axis])
        return order if isinstance(order, str) else writer.let("int64", "add", order, 0)


def split(accumulators: Iterable[Accumulator], scalars: Iterable[Operand]) -> list[list[Operand]]:
    """Return the scalars of each accumulator."""
    rest = iter(scalars)
    return [[next(rest) for _ in accumulator.dtypes] for accumulator in accumulators]

"""Checks: what must hold of arrays and sizes before results may be computed, or else NumPy would raise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from symgrad.bindings import Sizes
from symgrad.errors import IndexRangeError, ShapeError, SymgradError
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import BroadcastTo, Embed, Named, Reshape, Slice, Transpose
from symgrad.families.leaf import Constant, Iota
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.reduction import Reduction
from symgrad.families.windows import OverlapAdd, Windows, span
from symgrad.shapes import Shape, Size, product, same_size, substitute
from symgrad.tensor import Origin, Tensor


@dataclass(frozen=True)
class IndexCheck:
    """Every entry of `index` must be at least -size and less than `size`."""

    index: Tensor
    size: Size
    origin: Origin | None = field(default=None, compare=False)
    """Where the tensor was indexed."""


class SizeCheck:
    """What must hold of run-time sizes; compared by value, so that equal checks are made once."""

    def failure(self, sizes: Sizes) -> SymgradError | None:
        """Return the error to raise for these sizes, or None."""
        raise NotImplementedError


@dataclass(frozen=True)
class Existing(SizeCheck):
    """A size must not be negative."""

    size: Size

    def failure(self, sizes: Sizes) -> SymgradError | None:
        value = substitute(self.size, sizes)
        return None if value >= 0 else ShapeError(f"the size {self.size} is {value}: a size cannot be negative")


@dataclass(frozen=True)
class NotEmpty(SizeCheck):
    """A reduction over `entries` entries a result must have at least one."""

    kind: str
    entries: Size

    def failure(self, sizes: Sizes) -> SymgradError | None:
        if substitute(self.entries, sizes) != 0:
            return None
        return ShapeError(f"{self.kind} of no entries: the size {self.entries} is 0")


@dataclass(frozen=True)
class Countable(SizeCheck):
    """LAPACK counts with 32 bits."""

    size: Size

    def failure(self, sizes: Sizes) -> SymgradError | None:
        value = substitute(self.size, sizes)
        return None if value < 2**31 else ShapeError(f"matrices with {value} rows or columns are too large for LAPACK")


@dataclass(frozen=True)
class Inside(SizeCheck):
    """The places start, start + step, ... of a slice with `count` entries must be places of an axis of `size`."""

    start: Size
    step: int
    count: Size
    size: Size

    def failure(self, sizes: Sizes) -> SymgradError | None:
        count, size = substitute(self.count, sizes), substitute(self.size, sizes)
        first = substitute(self.start, sizes)
        last = first + self.step * (count - 1)
        if count == 0 or (min(first, last) >= 0 and max(first, last) < size):
            return None
        return IndexRangeError(
            f"the places {first} to {last} are out of range for an axis of size {size} (the size {self.size})"
        )


@dataclass(frozen=True)
class Fitting(SizeCheck):
    """A window that reaches over `reach` entries must fit into an axis of `size`."""

    reach: Size
    size: Size

    def failure(self, sizes: Sizes) -> SymgradError | None:
        reach, size = substitute(self.reach, sizes), substitute(self.size, sizes)
        if reach <= size:
            return None
        return ShapeError(
            f"a window over {reach} entries does not fit into an axis of size {size} (the size {self.size})"
        )


def index_checks(nodes: Iterable[Tensor]) -> list[IndexCheck]:
    """Return what must hold of the indices of all these nodes, as far as it is not sure to hold."""
    return unsettled(check for node in nodes for check in _index_checks(node))


def _index_checks(node: Tensor) -> list[IndexCheck]:
    match node.operation:
        case Gather(axis):
            sizes = node.inputs[0].shape[axis:]
        case ScatterAdd(axis, shape):
            sizes = shape[axis:]
        case TakeAlongAxis(axis):
            sizes = node.inputs[0].shape[axis:]
        case ScatterAlongAxis(_, size):
            sizes = (size,)
        case _:
            return []
    return [IndexCheck(index, size, node.origin) for index, size in zip(node.inputs[1:], sizes, strict=False)]


def unsettled(checks: Iterable[IndexCheck]) -> list[IndexCheck]:
    """Return the checks that do not hold for sure, each once and of the simplest tensor with the same entries."""
    simple = (replace(check, index=_same_entries(check.index)) for check in checks)
    return [check for check in dict.fromkeys(simple) if not _surely_holds(check)]


def size_checks(order: Iterable[Tensor]) -> list[SizeCheck]:
    """Return what must hold of run-time sizes so that every node of a graph has a value."""
    result: dict[SizeCheck, None] = {}
    for node in order:
        for size in node.shape:
            if not isinstance(size, int) and not size.is_nonnegative:
                result[Existing(size)] = None
        match node.operation:
            case Reduction("max" | "min" | "argmax" | "argmin" as kind, axes):
                entries = product(node.inputs[0].shape[axis] for axis in axes)
                if not isinstance(entries, int):
                    result[NotEmpty(kind, entries)] = None
            case Inverse() | Determinant() | Cholesky() | Solve() | TriangularSolve():
                sizes = {size for x in node.inputs for size in x.shape[-2:]}
                result |= {Countable(n): None for n in sizes if not isinstance(n, int) or n >= 2**31}
            case Slice(starts, steps, shape):
                result |= dict.fromkeys(_windows(starts, steps, shape, node.inputs[0].shape))
            case Embed(starts, steps, shape):
                result |= dict.fromkeys(_windows(starts, steps, node.inputs[0].shape, shape))
            case Windows(axes, sizes, _, dilations):
                result |= dict.fromkeys(_fitting(node.inputs[0].shape, axes, sizes, dilations))
            case OverlapAdd(axes, _, _, dilations):
                result |= dict.fromkeys(_fitting(node.shape, axes, node.operation.sizes(node.inputs[0]), dilations))
            case _:
                pass
    return list(result)


def _windows(starts: Sequence[Size], steps: Sequence[int], inner: Shape, outer: Shape) -> Iterator[Inside]:
    """Yield what must hold so that a window lies inside, as far as the window's making has not shown it."""
    for start, step, count, size in zip(starts, steps, inner, outer, strict=True):
        known = isinstance(start, int) and isinstance(count, int) and isinstance(size, int)
        whole = start == 0 and step == 1 and same_size(count, size)
        if not known and not whole:
            yield Inside(start, step, count, size)


def _fitting(shape: Shape, axes: Sequence[int], windows: Shape, dilations: Sequence[int]) -> Iterator[Fitting]:
    """Yield what must hold so that windows fit, as far as their making has not shown it."""
    for axis, size, dilation in zip(axes, windows, dilations, strict=True):
        if not isinstance(shape[axis], int) or not isinstance(size, int):
            yield Fitting(span(size, dilation), shape[axis])


def _same_entries(index: Tensor) -> Tensor:
    """Return the tensor that an index takes its entries from, if it takes all of them."""
    while True:
        match index.operation:
            case Named() | Transpose() | Reshape():
                pass
            case BroadcastTo(shape) if all(isinstance(size, int) and size > 0 for size in shape):
                pass
            case _:
                return index
        (index,) = index.inputs


def _surely_holds(check: IndexCheck) -> bool:
    operation, size = check.index.operation, check.size
    match operation:
        case Iota(length):
            return same_size(length, size)
        case Constant(value=value) if isinstance(size, int):
            if operation.is_number:
                return -size <= value < size
            return value.size == 0 or bool(value.min() >= -size and value.max() < size)
        case Reduction("argmax" | "argmin", axes):
            shape = check.index.inputs[0].shape
            return same_size(product(shape[axis] for axis in axes), size)
        case _:
            return False

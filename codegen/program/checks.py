"""Checks: what must hold of arrays and sizes before results may be computed, or else NumPy would raise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import BroadcastTo, Named, Reshape, Transpose
from symgrad.families.leaf import Constant, Iota
from symgrad.families.reduction import Reduction
from symgrad.shapes import Size, product, same_size
from symgrad.tensor import Origin, Tensor

_NEED_AN_ENTRY = ("max", "min", "argmax", "argmin")


@dataclass(frozen=True)
class IndexCheck:
    """Every entry of `index` must be at least -size and less than `size`."""

    index: Tensor
    size: Size
    origin: Origin | None = field(default=None, compare=False)
    """Where the tensor was indexed."""


@dataclass(frozen=True)
class EntryCheck:
    """A reduction over `entries` entries a result must have at least one, unless there are no results."""

    kind: str
    entries: Size
    results: Size


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


def entry_checks(order: Iterable[Tensor]) -> list[EntryCheck]:
    """Return what must hold of run-time sizes so that the extremes in a graph exist."""
    result: dict[EntryCheck, None] = {}
    for node in order:
        operation = node.operation
        if isinstance(operation, Reduction) and operation.kind in _NEED_AN_ENTRY:
            entries = product(node.inputs[0].shape[axis] for axis in operation.axes)
            if not isinstance(entries, int):
                result[EntryCheck(operation.kind, entries, product(node.shape))] = None
    return list(result)


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

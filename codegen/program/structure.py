"""The structure of a nest: all that its kernel is written from, but for the names of buffers and of places in series.

Nests of one structure have one kernel, which is written once: many equal layers are lowered like few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.lower import lower_nest
from codegen.kernels.statements import Key, Memory
from codegen.kernels.verify import verify
from codegen.program.access import is_one_of_many
from codegen.program.nest import Nest
from symgrad.families.layout import Slice
from symgrad.shapes import Size
from symgrad.tensor import Tensor


@dataclass(frozen=True)
class Lowered:
    """A loop nest, its name, and the buffers and sizes that it gets."""

    nest: LoopNest
    symbol: str
    buffers: tuple[Key, ...]
    sizes: tuple[Size, ...]


@dataclass(frozen=True)
class _Kernel:
    """What nests of one structure share."""

    nest: LoopNest
    symbol: str
    buffers: list[int]
    """Which of the structure's buffers the loop nest gets."""
    sizes: list[Size]
    places: list[int | None]
    """For each size the number of the place in a series that it is, if it is one."""


class Lowering:
    """Lowers the nests of one program."""

    def __init__(self) -> None:
        self._kernels: dict[Hashable, _Kernel] = {}

    def lower(self, nest: Nest, memory: Mapping[Tensor, Memory], cut: int | None) -> Lowered:
        """Return the kernel of a nest; see `lower_nest`."""
        structure, buffers, places = _structure(nest, memory, cut)
        kernel = self._kernels.get(structure)
        if kernel is None:
            writer = lower_nest(nest, memory, cut)
            code = writer.finish()
            own, sizes = [buffers[key] for key in writer.buffers], list(writer.sizes)
            # A number among the sizes is a place: all other numbers stand in the loop nest itself.
            kernel = _Kernel(code, symbol_of(code), own, sizes, [places.get(size) for size in sizes])
            self._kernels[structure] = kernel
        keys, starts = list(buffers), list(places)
        given = zip(kernel.sizes, kernel.places, strict=True)
        return Lowered(
            kernel.nest,
            kernel.symbol,
            tuple(keys[number] for number in kernel.buffers),
            tuple(size if place is None else starts[place] for size, place in given),
        )


_verified: set[str] = set()
"""The names of loop nests that keep the rules."""


def symbol_of(nest: LoopNest) -> str:
    """Return a name that equal kernels share; they are verified only once."""
    # What equals a nest need not mean the same: 0.0 == -0.0. Its text does.
    symbol = "k" + hashlib.blake2b(repr(nest).encode(), digest_size=12).hexdigest()
    if symbol not in _verified:
        verify(nest)
        _verified.add(symbol)
    return symbol


def _structure(
    nest: Nest, memory: Mapping[Tensor, Memory], cut: int | None
) -> tuple[Hashable, dict[Key, int], dict[Size, int]]:
    """Return the structure of a nest, the numbers of its buffers, and those of its places in series."""
    buffers: dict[Key, int] = {}
    places: dict[Size, int] = {}
    numbers: dict[Tensor, int] = {}
    parts: list[Hashable] = [nest.domain, nest.outer, cut]
    pending: list[Tensor] = []

    def number(node: Tensor) -> int:
        if node not in numbers:
            numbers[node] = len(numbers)
            pending.append(node)
        return numbers[node]

    for stage in nest.stages:
        parts.append(stage.inner)
        parts += [(root.domain, nest.made[root.node][1], number(root.node)) for root in stage.roots]
    while pending:
        node = pending.pop()
        if node in memory:
            where = memory[node]
            at = buffers.setdefault(where.buffer, len(buffers))
            parts.append((at, where.shape, where.dropped, node.shape, node.dtype))
        if node in memory and node not in nest.made:
            continue
        operation: Hashable = node.operation
        if isinstance(operation, Slice):
            taken = [
                (places.setdefault(start, len(places)), True)
                if isinstance(start, int) and is_one_of_many(node, axis)
                else (start, False)
                for axis, start in enumerate(operation.starts)
            ]
            operation = (Slice, *taken, operation.steps, node.shape)
        parts.append((operation, *map(number, node.inputs)))
    return tuple(parts), buffers, places

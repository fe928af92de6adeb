"""Programs: what a compiled function keeps, whatever the run-time sizes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.lapack import MatrixCall
from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.statements import Key
from codegen.llvm.cache import Module
from codegen.llvm.jit import Library
from codegen.program.checks import IndexCheck, SizeCheck
from codegen.program.levels import Chain
from codegen.program.nest import Root
from codegen.program.storage import Storage
from symgrad.shapes import Size
from symgrad.tensor import Tensor


@dataclass(frozen=True)
class Call:
    """A call of a kernel: its name, the buffers and sizes it gets, what it computes, and how: loops or a routine."""

    symbol: str
    buffers: tuple[Key, ...]
    sizes: tuple[Size, ...]
    """They may be negative: the strides of a product are among them."""
    roots: tuple[Root, ...]
    code: LoopNest | MatrixProduct | MatrixCall
    workspace: Size = 0
    """The bytes that the kernel needs besides its operands."""
    check: IndexCheck | None = None
    """What fails if a kernel of loops returns another number than 0."""
    pieces: Mapping[Key, Size] = field(default_factory=dict)
    """The buffers of which every chunk has a piece of its own, and the bytes of one."""


@dataclass(frozen=True)
class Strand:
    """The calls that do the steps of a chain."""

    chain: Chain
    calls: Sequence[Call]


@dataclass(frozen=True)
class Program:
    """A compiled graph over flat lists of inputs and outputs.

    Slots of the pointer table are: inputs, outputs, constants, arena.
    """

    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]
    """What is computed into arrays of its own; each once."""
    results: Sequence[int]
    """For each result of the function, the output it is."""
    levels: Sequence[Sequence[Strand]]
    storage: Storage
    copies: Sequence[tuple[int, Key]]
    """The inputs that get their new values after the last call, and the buffers in which these are."""
    size_checks: Sequence[SizeCheck]
    modules: Sequence[Module]
    """The modules of all kernels, named as these."""
    libraries: Mapping[str, Library]
    """The library that has each kernel."""

    @cached_property
    def calls(self) -> list[Call]:
        """All calls, in an order in which they can run; their numbers are their places in it."""
        return [call for level in self.levels for strand in level for call in strand.calls]

    @property
    def texts(self) -> dict[str, str]:
        """The LLVM IR of every kernel."""
        return {module.name: module.write() for module in self.modules}

"""Programs: what a compiled function keeps, and the words by which the driver runs it for given run-time sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy

from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.lapack import MatrixCall
from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.statements import Key
from codegen.llvm.jit import Library
from codegen.program.checks import IndexCheck, SizeCheck
from codegen.program.nest import Root
from codegen.program.storage import Storage, plan
from codegen.program.verify import verify_plan
from symgrad.shapes import Size, substitute
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
    calls: Sequence[Call]
    storage: Storage
    copies: Sequence[tuple[int, Key]]
    """The inputs that get their new values after the last call, and the buffers in which these are."""
    size_checks: Sequence[SizeCheck]
    texts: Mapping[str, str]
    """The LLVM IR of every kernel."""
    libraries: Mapping[str, Library]
    """The library that has each kernel."""

    def words(self, sizes: Mapping[sympy.Symbol, int]) -> tuple[list[int], list[int], int]:
        """Return the driver's words for given sizes, the place of every arena buffer, and the bytes of the arena."""
        offsets, total = self._offsets(sizes)
        first = {"input": 0, "output": len(self.inputs), "constant": len(self.inputs) + len(self.outputs)}
        arena = first["constant"] + len(self.storage.constants)
        values: dict[Size, int] = {}
        words: list[int] = []
        for call in self.calls:
            words += [self.libraries[call.symbol].address(call.symbol), len(call.buffers), len(call.sizes)]
            for kind, number in call.buffers:
                words += [arena, offsets[number]] if kind == "arena" else [first[kind] + number, 0]
            for size in call.sizes:
                if not isinstance(size, int) and size not in values:
                    values[size] = substitute(size, sizes)
                words.append(size if isinstance(size, int) else values[size])
        return words, offsets, total

    def _offsets(self, sizes: Mapping[sympy.Symbol, int]) -> tuple[list[int], int]:
        """Return the place of every arena buffer (the workspace last), and the bytes of the arena."""
        lives = self.storage.arena
        amounts = {i: substitute(life.entries, sizes) * life.itemsize for i, life in enumerate(lives)}
        offsets, total = plan(lives, amounts)
        verify_plan(lives, amounts, offsets, total)
        return [*offsets, total], total + max((substitute(call.workspace, sizes) for call in self.calls), default=0)

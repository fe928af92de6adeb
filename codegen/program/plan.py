"""Plans: a program for given run-time sizes, as the words that the driver reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy

from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.lower import FIRST, LAST
from codegen.kernels.statements import Key
from codegen.llvm.driver import HEADER
from codegen.llvm.gemm.product import output_axes
from codegen.program.program import Call, Program, Strand
from codegen.program.storage import ALIGNMENT, plan
from codegen.program.verify import verify_plan
from codegen.threads import most_threads
from symgrad.shapes import Size, substitute

LONG_WORK = 20_000
"""Nanoseconds. To let go of the interpreter and to take it again costs some 30, or a wait where threads contend."""

_SCRATCH = -1
"""The slot of the workspace: every thread has its own."""


class Plan:
    """A program for given sizes: the driver's words, the place of every arena buffer, and the bytes of the arena."""

    def __init__(self, program: Program, sizes: Mapping[sympy.Symbol, int]) -> None:
        self._program = program
        chains = [strand.chain for level in program.levels for strand in level]
        self._sizes = {**sizes, **{c.chunks: c.count(sizes) for c in chains if isinstance(c.chunks, sympy.Symbol)}}
        self._values: dict[Size, int] = {}
        lives = program.storage.arena
        amounts = {i: self._value(life.entries) * life.itemsize for i, life in enumerate(lives)}
        self.offsets, total = plan(lives, amounts)
        verify_plan(lives, amounts, self.offsets, total)
        self.workspace = total
        workspace_bytes = max((self._value(call.workspace) for call in program.calls), default=0)
        workspace_bytes = -(-workspace_bytes // ALIGNMENT) * ALIGNMENT
        shared = len(program.levels) > 1 or any(self._value(chain.chunks) > 1 for chain in chains)
        self.threads = most_threads() if shared else 1
        self.arena_bytes = total + workspace_bytes * self.threads
        first = {"input": 0, "output": len(program.inputs), "constant": len(program.inputs) + len(program.outputs)}
        self._first = first
        self._arena = first["constant"] + len(program.storage.constants)
        self.words = self._words(workspace_bytes)
        self.takes_long = sum(chain.work_for(sizes) for chain in chains) >= LONG_WORK
        """Whether other threads should run Python meanwhile."""

    def _words(self, workspace_bytes: int) -> list[int]:
        levels = self._program.levels
        most = max((len(call.buffers) for call in self._program.calls), default=0)
        words = [len(levels), self._arena, self.workspace, workspace_bytes, most, self.threads, 0, *(0 for _ in levels)]
        number = 0
        for i, level in enumerate(levels):
            shares: list[tuple[float, list[int]]] = []
            others: list[list[int]] = []
            for strand in level:
                chunks = self._chunks(strand, number)
                number += len(strand.calls)
                if len(chunks) == 1:
                    others += chunks
                else:
                    shares += (((c + 0.5) / len(chunks), chunk) for c, chunk in enumerate(chunks))
            # The same part of the rows of every chain goes to the same thread.
            chunks = [chunk for _, chunk in sorted(shares, key=lambda share: share[0])] + others
            words[HEADER + i] = len(words)
            at = len(words) + 2 + len(chunks) + 1
            words += len(shares), len(chunks)
            for chunk in chunks:
                words.append(at)
                at += len(chunk)
            words.append(at)
            for chunk in chunks:
                words += chunk
        return words

    def _chunks(self, strand: Strand, number: int) -> list[list[int]]:
        """Return the records of every chunk of a strand, whose first call has this number (they count from 0)."""
        count = self._value(strand.chain.chunks)
        chunks: list[list[int]] = [[] for _ in range(count)]
        rows = 1 if strand.chain.rows is None else self._value(strand.chain.rows)
        for i, call in enumerate(strand.calls):
            sizes = [0 if size is FIRST or size is LAST else self._value(size) for size in call.sizes]
            cut = self._cut(call, sizes, rows) if strand.chain.chunks != 1 and rows else None
            head = [self._program.libraries[call.symbol].address(call.symbol), number + i + 1]
            head += [len(call.buffers), len(call.sizes)]
            pairs = [self._place(key) for key in call.buffers]
            pieces = [self._value(call.pieces.get(key, 0)) for key in call.buffers]
            for c, chunk in enumerate(chunks):
                first, last = rows * c // count, rows * (c + 1) // count
                chunk += head
                for (slot, distance), piece in zip(pairs, pieces, strict=True):
                    chunk += slot, distance + c * piece
                if cut is not None:
                    cut(first, last)
                chunk += sizes
        return chunks

    def _place(self, key: Key) -> tuple[int, int]:
        """Return the slot of a buffer in the table of pointers, and its distance in bytes from there."""
        kind, number = key
        if kind != "arena":
            return self._first[kind] + number, 0
        return (self._arena, self.offsets[number]) if number < len(self.offsets) else (_SCRATCH, 0)

    def _cut(self, call: Call, sizes: list[int], rows: int) -> Callable[[int, int], None]:
        """Return what changes a call's sizes to those of a chunk: from its first row up to its last."""
        if isinstance(call.code, MatrixProduct):
            extent, per_row, distances = self._row_words(call.code, rows)
            starts = [(i, sizes[i], per_row * distance) for i, distance in enumerate(distances)]

            def cut(first: int, last: int) -> None:
                sizes[extent] = (last - first) * per_row
                for at, start, stride in starts:
                    sizes[at] = start + first * stride

            return cut
        places = [call.sizes.index(size) for size in (FIRST, LAST)]

        def cut_loops(first: int, last: int) -> None:
            sizes[places[0]], sizes[places[1]] = first, last

        return cut_loops

    def _row_words(self, product: MatrixProduct, rows: int) -> tuple[int, int, list[int]]:
        """Return the word that is the extent of a product along its rows, how much of it is one row, and its distances.

        Several axes may have been joined to one: the rows are the outermost part of it.
        """
        axes = [(self._value(axis.size), axis, list(map(self._value, axis.distances))) for axis in output_axes(product)]
        size, axis, distances = max(axes, key=lambda found: (found[0] > 1, found[0] * found[2][2]))
        return axis.word, max(size // rows, 1), distances

    def _value(self, size: Size) -> int:
        if isinstance(size, int):
            return size
        if size not in self._values:
            self._values[size] = substitute(size, self._sizes)
        return self._values[size]

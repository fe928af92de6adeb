"""The memory that a call of a compiled function takes, as it is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from codegen.program.plan import Plan
from codegen.program.program import Program
from symgrad.shapes import Shape, format_bytes, product, substitute
from symgrad.tensor import Tensor


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of one call, for given sizes.

    `inputs`: the arrays given, parameters that are updated in place among them. `constants`: arrays that are part of
    the function. `outputs`: the arrays returned. `temporaries`: results that live during the call only; those that do
    not live at the same time share memory, and `unshared_bytes` is what they would take if they did not. `workspace`:
    for matrix products and the like, of all threads.
    """

    inputs: int
    constants: int
    outputs: int
    temporaries: int
    unshared_bytes: int
    workspace: int

    @property
    def arena_bytes(self) -> int:
        """The memory that a call uses and gives back: temporaries and workspace."""
        return self.temporaries + self.workspace

    @property
    def peak_bytes(self) -> int:
        """All that a call needs beside what it is given: temporaries, workspace, and the arrays returned."""
        return self.arena_bytes + self.outputs

    def __str__(self) -> str:
        rows = [
            ("inputs (given)", self.inputs),
            ("constants", self.constants),
            ("outputs", self.outputs),
            ("temporaries", self.temporaries),
            ("workspace", self.workspace),
            ("peak beside what is given", self.peak_bytes),
        ]
        width = max(len(format_bytes(amount)) for _, amount in rows)
        saved = f", {format_bytes(self.unshared_bytes)} if no memory were shared" if self.unshared_bytes else ""
        lines = [f"{name:26} {format_bytes(amount):>{width}}" for name, amount in rows]
        lines[3] += saved
        return "\n".join(lines)


def memory_use(program: Program, plan: Plan, sizes: Mapping[sympy.Symbol, int]) -> MemoryUse:
    """Return the memory of a program for given sizes."""

    def total(tensors: list[Tensor]) -> int:
        return sum(_entries(tensor.shape, sizes) * tensor.dtype.itemsize for tensor in tensors)

    stored = {node for node, memory in program.storage.memory.items() if memory.buffer[0] == "arena"}
    return MemoryUse(
        inputs=total(list(program.inputs)),
        constants=total(program.storage.constants),
        outputs=total(list(program.outputs)),
        temporaries=plan.workspace,
        unshared_bytes=total(list(stored)),
        workspace=plan.arena_bytes - plan.workspace,
    )


def _entries(shape: Shape, sizes: Mapping[sympy.Symbol, int]) -> int:
    return substitute(product(shape), sizes)

"""The tables of a compiled function for its entry: filled in once, and a plan for each set of sizes."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codegen.arguments import Arguments
from codegen.entry.callable import set_call
from codegen.entry.code import ALIGNMENT, entry
from codegen.entry.interpreter import ALIGNED, CONTIGUOUS, WRITEABLE, dtype_word
from codegen.entry.layout import MOST_PLANS, Copy, Earlier, Leaf, Node, Output, Plan, State
from codegen.entry.nestings import nestings, nodes

MOST_BYTES_KEPT = 64 * 2**20
"""Larger results are not kept to be used again."""

_WORD = 8


@dataclass(frozen=True)
class Slots:
    """What all plans of a function share.

    Slots of the pointer table are inputs, outputs, constants and the arena. `results` names the output that each result
    is, `pointers` is how many a kernel takes at most.
    """

    constants: Sequence[int]
    """The addresses of their data."""
    outputs: int
    results: Sequence[int]


@dataclass(frozen=True)
class Sized:
    """What the entry is told of a program for fixed sizes."""

    code: int
    arena_bytes: int
    inputs: Sequence[tuple[int, ...]]
    """The shapes of the inputs."""
    outputs: Sequence[tuple[int, ...]]
    copies: Sequence[tuple[int, str, int]]
    """Inputs to overwrite in the end, and from where: kind of slot, and its number or, in the arena, the distance."""
    unlocks: bool
    """Whether it runs so long that other threads should run Python meanwhile."""


class Entry:
    """The tables behind an object that is called through machine code; the object must keep them.

    `slow` and `failed` are functions of Python: see `codegen.entry.layout.State`.
    """

    def __init__(
        self, arguments: Arguments, slots: Slots, slow: Callable[..., Any], failed: Callable[..., Any]
    ) -> None:
        self._arguments, self._slots = arguments, slots
        self._library = entry()
        self._release = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(self._library.address("release"))
        self._lock = threading.Lock()
        self._plans: list[Any] = [None] * MOST_PLANS
        self._next = 0
        inputs, results = len(arguments.inputs), len(slots.results)
        self._arena_slot = inputs + slots.outputs + len(slots.constants)
        found, steps = nodes(arguments.input_tree), nestings(arguments.output_tree)
        self._kept: list[Any] = [slow, failed, found, steps]
        types = {"array_type": id(np.ndarray), "float_type": id(float), "int_type": id(int)}
        self._state = state = State(**types, none=id(None), slow=id(slow), failed=id(failed))
        # A nesting that is not known here is left to Python: no call has -1 arguments.
        state.argument_count = -1 if found is None or steps is None else found.arguments
        state.output_count, state.earlier = results, self._table((Earlier * results)())
        state.leaf_count, state.constant_count = inputs, len(slots.constants)
        state.constants = self._table((ctypes.c_int64 * len(slots.constants))(*slots.constants))
        state.constant_slots, state.arena_slot = inputs + slots.outputs, self._arena_slot
        if found is not None and steps is not None:
            state.node_count, state.nodes = len(found.table), self._table(found.table)
            state.nesting_count, state.nestings = len(steps.table), self._table(steps.table)
            state.leaves = self._table(self._leaves(found.leaves, found.table))
        words = state.node_count
        places = {
            "table": self._arena_slot + 1 + results,
            "objects": results,
            "stack": state.nesting_count + 1,
            "numbers": inputs,
        }
        for place, length in places.items():
            setattr(state, place, words * _WORD)
            words += length
        state.arena = state.block_bytes = -(-words * _WORD // ALIGNMENT) * ALIGNMENT

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            self._release(ctypes.addressof(self._state))

    def bind(self, instance: Any) -> None:
        """Let calls of an object, whose type is a `machine_callable`, come here."""
        set_call(instance, self._library.address("call"), ctypes.addressof(self._state))

    def install(self, plan: Sized, owner: object) -> None:
        """Take up a plan, in place of the oldest one; `owner` keeps its code in memory."""
        with self._lock:
            if not any(kept is not None and kept[0] is owner for kept in self._plans):
                self._install(plan, owner)

    def _install(self, plan: Sized, owner: object) -> None:
        arguments, state = self._arguments, self._state
        kept: list[Any] = [owner]
        itemsizes = [tensor.dtype.itemsize for tensor in arguments.inputs]
        sizes = [math.prod(shape) * width for shape, width in zip(plan.inputs, itemsizes, strict=True)]
        outputs, copies = self._outputs(plan, sizes, kept)
        record = Plan(
            owner=id(kept),
            shapes=_address(kept, [size for shape in plan.inputs for size in shape]),
            code=plan.code,
            bytes=state.arena + plan.arena_bytes,
            unlocks=plan.unlocks,
            outputs=ctypes.addressof(outputs),
            copy_count=len(copies),
            copies=ctypes.addressof(copies),
            sizes=_address(kept, sizes),
            order=_address(kept, range(len(sizes))) if arguments.updated else 0,
        )
        kept += [outputs, copies, record]
        state.block_bytes = max(state.block_bytes, record.bytes)
        # The place of the old plan is overwritten before the plan goes; a call that runs it now holds it itself.
        old, self._plans[self._next] = self._plans[self._next], kept
        state.plans[self._next] = ctypes.addressof(record)
        self._next = (self._next + 1) % MOST_PLANS
        del old

    def _table(self, table: ctypes.Array[Any]) -> int:
        self._kept.append(table)
        return ctypes.addressof(table)

    def _leaves(self, places: Sequence[int], table: ctypes.Array[Node]) -> ctypes.Array[Leaf]:
        updated = set(self._arguments.updated)
        leaves: list[Leaf] = []
        for i, (tensor, place) in enumerate(zip(self._arguments.inputs, places, strict=True)):
            self._kept.append(tensor.dtype)
            if tensor.ndim == 0 and tensor.dtype.kind == "f" and i not in updated:
                table[place].number = tensor.dtype.itemsize
            flags = CONTIGUOUS | ALIGNED | (WRITEABLE if i in updated else 0)
            dtype = id(tensor.dtype), dtype_word(tensor.dtype)
            leaves.append(Leaf(place, *dtype, tensor.ndim, flags, i in updated))
        return (Leaf * len(leaves))(*leaves)

    def _outputs(
        self, plan: Sized, input_bytes: Sequence[int], kept: list[Any]
    ) -> tuple[ctypes.Array[Output], ctypes.Array[Copy]]:
        """Return the arrays to be made, one a result, and the copies to be made between slots in the end."""
        first_output = len(self._arguments.inputs)
        starts = {"input": 0, "output": first_output, "arena": self._arena_slot}
        copies: list[Copy] = []
        for i, kind, number in plan.copies:
            source = (self._arena_slot, number) if kind == "arena" else (starts[kind] + number, 0)
            copies.append(Copy(i, *source, input_bytes[i]))
        outputs: list[Output] = []
        seen: set[int] = set()
        for i, (place, tensor) in enumerate(zip(self._slots.results, self._arguments.outputs, strict=True)):
            shape, slot = plan.outputs[place], first_output + place
            if place in seen:
                amount = math.prod(shape) * tensor.dtype.itemsize
                copies.append(Copy(self._arena_slot + 1 + i, slot, 0, amount))
                slot = self._arena_slot + 1 + i
            seen.add(place)
            kept.append(tensor.dtype)
            keep = math.prod(shape) * tensor.dtype.itemsize <= MOST_BYTES_KEPT
            outputs.append(Output(slot, id(tensor.dtype), len(shape), _address(kept, shape), keep))
        return (Output * len(outputs))(*outputs), (Copy * len(copies))(*copies)


def _address(kept: list[Any], words: Sequence[int]) -> int:
    table = (ctypes.c_int64 * len(words))(*words)
    kept.append(table)
    return ctypes.addressof(table)

"""Building: from a graph to linked machine code and all that a call needs to know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sympy

from codegen.kernels.contraction import matrix_product
from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.lower import lower_check, lower_nest, lower_recurrence, lower_scatter
from codegen.kernels.verify import verify
from codegen.kernels.writer import Writer
from codegen.llvm.cache import object_codes
from codegen.llvm.entry import Call, LoopCall, ProductCall, emit_entry
from codegen.llvm.gemm import gemm_module, workspace_bytes
from codegen.llvm.jit import Library, link
from codegen.llvm.loops import emit
from codegen.llvm.target import host
from codegen.program.prepare import prepare
from codegen.program.schedule import Check, Nest, Root, schedule
from codegen.program.storage import Key, Lifetime, Storage, assign_storage, plan
from symgrad.families.contraction import Contraction
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.layout import Named
from symgrad.families.leaf import Constant, Variable
from symgrad.families.reduction import Reduction
from symgrad.graph import topological_order
from symgrad.shapes import Size
from symgrad.tensor import Tensor, make


@dataclass
class Step:
    """A kernel of a program: the call, the results it computes, and its code."""

    call: Call
    roots: list[Root]
    nest: LoopNest | None


@dataclass
class Program:
    """A compiled graph over flat lists of inputs and outputs.

    Slots of the pointer table are: inputs, outputs, constants, arena. `sizes` are the run-time expressions the entry reads, in order; an
    arena whose size depends on run-time sizes is planned anew for each set of them.
    """

    inputs: list[Tensor]
    outputs: list[Tensor]
    repeated_outputs: list[int]
    steps: list[Step]
    storage: Storage
    workspace: int
    sizes: list[Any]
    copies: list[tuple[int, Key]]
    failures: dict[int, str]
    not_empty: list[tuple[Size, str]]
    texts: dict[str, str] = field(default_factory=dict)
    library: Library | None = None

    @property
    def dynamic(self) -> bool:
        """Whether the arena's size depends on run-time sizes."""
        return any(not isinstance(life.entries, int) for life in self.storage.arena)

    def offsets(self, sizes: Mapping[sympy.Symbol, int]) -> tuple[list[int], int]:
        """Return the place of every arena buffer (the workspace last), and the bytes of the arena."""
        from symgrad.shapes import substitute

        lives = self.storage.arena
        amounts = {i: substitute(life.entries, sizes) * life.itemsize for i, life in enumerate(lives)}
        offsets, total = plan(lives, amounts)
        return [*offsets, total], total + self.workspace


@dataclass(frozen=True)
class ArenaOffset:
    """The place of an arena buffer, where that depends on run-time sizes."""

    number: int


def build(inputs: Sequence[Tensor], outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor]) -> Program:
    """Compile outputs and new values of inputs, given the flat list of input variables."""
    prepared = prepare([*outputs, *updates.values()])
    ends = [_own_result(node) for node in prepared]
    program = _assemble(list(inputs), ends[: len(outputs)], dict(zip(updates, ends[len(outputs) :], strict=True)))
    _compile(program)
    return program


def _own_result(node: Tensor) -> Tensor:
    """Return a node that has to be computed even if it is an input: callers get arrays of their own."""
    return make(Named("result"), (node,)) if isinstance(node.operation, (Variable, Constant)) else node


def _assemble(inputs: list[Tensor], outputs: list[Tensor], updates: dict[Tensor, Tensor]) -> Program:
    plan_ = schedule(outputs, updates)
    storage = assign_storage(plan_, inputs, outputs)
    failures: dict[int, str] = {}
    steps: list[Step] = []
    dtypes: set[str] = set()
    for step in plan_.steps:
        if isinstance(step, Nest):
            steps.append(_loops(lower_nest(step, storage.memory), step.roots))
        elif isinstance(step, Check):
            code = len(failures) + 1
            failures[code] = _index_message(step)
            steps.append(_loops(lower_check(step, storage.memory, code), [step.root]))
        else:
            steps.append(_single(step.root, storage, dtypes))
    place = {node: i for i, node in enumerate(inputs)}
    copies = [(place[variable], storage.memory[value].buffer) for variable, value in plan_.copies.items()]
    return Program(
        inputs=inputs,
        outputs=outputs,
        repeated_outputs=[outputs.index(node) for node in outputs],
        steps=steps,
        storage=storage,
        workspace=max((workspace_bytes(dtype, host()) for dtype in dtypes), default=0),
        sizes=[],
        copies=copies,  # type: ignore[arg-type]
        failures=failures,
        not_empty=_never_empty(outputs, updates),
    )


def _loops(writer: Writer, roots: list[Root]) -> Step:
    nest = writer.finish()
    verify(nest)
    return Step(LoopCall(_symbol(nest), tuple(writer.buffers), tuple(writer.sizes)), roots, nest)  # type: ignore[arg-type]


def _single(root: Root, storage: Storage, dtypes: set[str]) -> Step:
    node = root.node
    if isinstance(node.operation, Contraction):
        product = matrix_product(node)
        dtypes.add(product.dtype)
        keys: list[Any] = [storage.memory[x].buffer for x in (product.left.base, product.right.base, node)]
        return Step(ProductCall(product, *keys, ("arena", len(storage.arena))), [root], None)
    if isinstance(node.operation, (ScatterAdd, ScatterAlongAxis)):
        return _loops(lower_scatter(node, storage.memory), [root])
    return _loops(lower_recurrence(node, storage.memory), [root])


@cache
def _symbol(nest: LoopNest) -> str:
    """Return a name that equal kernels share."""
    return "k" + hashlib.blake2b(repr(nest).encode(), digest_size=12).hexdigest()


def _compile(program: Program) -> None:
    """Emit, compile (or find in the cache) and link all kernels and the entry."""
    texts: dict[str, str] = {}
    for step in program.steps:
        if isinstance(step.call, LoopCall):
            if step.call.symbol not in texts:
                assert step.nest is not None
                texts[step.call.symbol] = emit(step.nest, step.call.symbol)
        else:
            name = f"sg.gemm.{step.call.product.dtype}"
            texts.setdefault(name, _gemm_text(step.call.product.dtype))
    slots = _pointer_slots(program)
    numbers: dict[Any, int] = {}

    def size_slot(expr: Any) -> int:
        return numbers.setdefault(expr, len(numbers))

    texts["entry"] = emit_entry([step.call for step in program.steps], slots, size_slot)
    program.sizes = list(numbers)
    program.texts = texts
    program.library = link(object_codes(list(texts.values())), ["entry"])


@cache
def _gemm_text(dtype: str) -> str:
    return gemm_module(dtype, host())


def _pointer_slots(program: Program) -> Any:
    first = {"input": 0, "output": len(program.inputs), "constant": len(program.inputs) + len(program.outputs)}
    arena = first["constant"] + len(program.storage.constants)
    offsets = None if program.dynamic else program.offsets({})[0]

    def slot(key: Key) -> tuple[int, Any]:
        kind, number = key
        if kind != "arena":
            return first[kind] + number, 0
        return arena, ArenaOffset(number) if offsets is None else offsets[number]

    return slot


def _index_message(check: Check) -> str:
    index, size = check.root.node, check.size
    place = f", used at {index.origin[0]}:{index.origin[1]}" if index.origin else ""
    return f"an index in {index!r} is out of range for an axis of size {size}{place}"


def _never_empty(outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor]) -> list[tuple[Size, str]]:
    """Return the run-time sizes over which an extreme is taken: they must not be 0."""
    result: list[tuple[Size, str]] = []
    for node in topological_order([*outputs, *updates.values()]):
        operation = node.operation
        if isinstance(operation, Reduction) and operation.kind in ("max", "min", "argmax", "argmin"):
            for axis in operation.axes:
                size = node.inputs[0].shape[axis]
                if not isinstance(size, int):
                    result.append((size, operation.kind))
    return list(dict.fromkeys(result))


__all__ = ["ArenaOffset", "Lifetime", "Program", "Step", "build"]

"""Building: from a graph to linked machine code and all that a call needs to know."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import sympy

from codegen.kernels.contraction import MatrixProduct, matrix_product
from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.lower import lower_nest
from codegen.kernels.singles import lower_check, lower_recurrence, lower_scatter
from codegen.kernels.verify import verify
from codegen.kernels.writer import Writer
from codegen.llvm.cache import object_codes
from codegen.llvm.driver import emit_kernel, emit_product, product_sizes, product_symbol
from codegen.llvm.gemm import gemm_module, workspace_bytes
from codegen.llvm.jit import Library, link
from codegen.llvm.target import host
from codegen.program.checks import IndexCheck, SizeCheck, index_checks, size_checks, unsettled
from codegen.program.nest import Nest, Root
from codegen.program.prepare import prepare
from codegen.program.schedule import Check, schedule
from codegen.program.storage import Key, Storage, assign_storage, plan
from codegen.program.verify import verify_plan, verify_schedule, verify_storage
from symgrad.families.contraction import Contraction
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.layout import Named
from symgrad.families.leaf import Constant, Variable
from symgrad.graph import topological_order
from symgrad.shapes import Size, substitute
from symgrad.tensor import Tensor, make


@dataclass
class Step:
    """A call of a kernel: its name, the buffers and sizes it gets, what it computes, its loops or matrix product."""

    symbol: str
    buffers: list[Key]
    sizes: list[Any]
    roots: list[Root]
    nest: LoopNest | None
    product: MatrixProduct | None = None
    checks: Size | None = None
    """For a kernel that only checks indices: the size they must be below."""

    @property
    def dtype(self) -> str:
        """The dtype of the result."""
        return self.roots[0].node.dtype.name


@dataclass
class Program:
    """A compiled graph over flat lists of inputs and outputs.

    Slots of the pointer table are: inputs, outputs, constants, arena.
    """

    inputs: list[Tensor]
    outputs: list[Tensor]
    repeated_outputs: list[int]
    steps: list[Step]
    storage: Storage
    workspace: int
    copies: list[tuple[int, Key]]
    failures: dict[int, IndexCheck]
    """The check that failed, for each code that a kernel may return."""
    size_checks: list[SizeCheck] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, Library] = field(default_factory=dict)

    def code(self, sizes: Mapping[sympy.Symbol, int]) -> tuple[list[int], list[int], int]:
        """Return the driver's words for given sizes, the place of every arena buffer, and the bytes of the arena."""
        offsets, total = self.offsets(sizes)
        first = {"input": 0, "output": len(self.inputs), "constant": len(self.inputs) + len(self.outputs)}
        arena = first["constant"] + len(self.storage.constants)
        words: list[int] = []
        for step in self.steps:
            words += [self.libraries[step.symbol].address(step.symbol), len(step.buffers), len(step.sizes)]
            for kind, number in step.buffers:
                words += [arena, offsets[number]] if kind == "arena" else [first[kind] + number, 0]
            words += [size if isinstance(size, int) else int(size.subs(sizes)) for size in step.sizes]
        return words, offsets, total

    def offsets(self, sizes: Mapping[sympy.Symbol, int]) -> tuple[list[int], int]:
        """Return the place of every arena buffer (the workspace last), and the bytes of the arena."""
        lives = self.storage.arena
        amounts = {i: substitute(life.entries, sizes) * life.itemsize for i, life in enumerate(lives)}
        offsets, total = plan(lives, amounts)
        verify_plan(lives, amounts, offsets, total)
        return [*offsets, total], total + self.workspace


def build(inputs: Sequence[Tensor], outputs: Sequence[Tensor], updates: Mapping[Tensor, Tensor]) -> Program:
    """Compile outputs and new values of inputs, given the flat list of input variables."""
    ends = [*outputs, *updates.values()]
    order = topological_order(ends)
    # What is checked is what was written: simplifying and lowering may take operations away, but not their errors.
    checks = index_checks(order)
    prepared = prepare([*ends, *(check.index for check in checks)])
    ends = [_own_result(node) for node in prepared[: len(ends)]]
    indices = prepared[len(ends) :]
    program = _assemble(
        list(inputs),
        ends[: len(outputs)],
        dict(zip(updates, ends[len(outputs) :], strict=True)),
        unsettled(replace(check, index=index) for index, check in zip(indices, checks, strict=True)),
    )
    program.size_checks = size_checks(order)
    _compile(program)
    return program


def _own_result(node: Tensor) -> Tensor:
    """Return a node that has to be computed even if it is an input: callers get arrays of their own."""
    return make(Named("result"), (node,)) if isinstance(node.operation, (Variable, Constant)) else node


def _assemble(
    inputs: list[Tensor], outputs: list[Tensor], updates: dict[Tensor, Tensor], checks: list[IndexCheck]
) -> Program:
    plan_ = schedule(outputs, updates, checks)
    verify_schedule(plan_, outputs, updates)
    storage = assign_storage(plan_, inputs, outputs)
    verify_storage(plan_, storage)
    failures: dict[int, IndexCheck] = {}
    steps: list[Step] = []
    dtypes: set[str] = set()
    for step in plan_.steps:
        if isinstance(step, Nest):
            steps.append(_loops(lower_nest(step, storage.memory), step.roots))
        elif isinstance(step, Check):
            code = len(failures) + 1
            failures[code] = step.check
            check = _loops(lower_check(step, storage.memory, code), [step.root])
            check.checks = step.check.size
            steps.append(check)
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
        copies=copies,  # type: ignore[arg-type]
        failures=failures,
    )


def _loops(writer: Writer, roots: list[Root]) -> Step:
    nest = writer.finish()
    verify(nest)
    return Step(_symbol(nest), list(writer.buffers), list(writer.sizes), roots, nest)  # type: ignore[arg-type]


def _single(root: Root, storage: Storage, dtypes: set[str]) -> Step:
    node = root.node
    if isinstance(node.operation, Contraction):
        product = matrix_product(node)
        dtypes.add(product.dtype)
        keys: list[Any] = [storage.memory[x].buffer for x in (product.left.base, product.right.base, node)]
        workspace = ("arena", len(storage.arena))
        return Step(product_symbol(product.dtype), [*keys, workspace], product_sizes(product), [root], None, product)
    if isinstance(node.operation, (ScatterAdd, ScatterAlongAxis)):
        return _loops(lower_scatter(node, storage.memory), [root])
    return _loops(lower_recurrence(node, storage.memory), [root])


@cache
def _symbol(nest: LoopNest) -> str:
    """Return a name that equal kernels share."""
    return "k" + hashlib.blake2b(repr(nest).encode(), digest_size=12).hexdigest()


_linked: weakref.WeakValueDictionary[str, Library] = weakref.WeakValueDictionary()
"""The library in which each kernel of a live function is."""


def _compile(program: Program) -> None:
    """Emit, compile (or find in a cache) and link the kernels that no live function has linked yet."""
    texts: dict[str, str] = {}
    for step in program.steps:
        if step.symbol not in texts:
            texts[step.symbol] = (
                emit_kernel(step.nest, step.symbol) if step.nest is not None else _product_text(step.dtype)
            )
    program.texts = texts
    found = {symbol: _linked.get(symbol) for symbol in texts}
    new = [symbol for symbol, library in found.items() if library is None]
    library = link(object_codes([texts[symbol] for symbol in new]), new)
    for symbol in new:
        _linked[symbol] = found[symbol] = library
    program.libraries = {symbol: lib for symbol, lib in found.items() if lib is not None}


@cache
def _product_text(dtype: str) -> str:
    return gemm_module(dtype, host()) + emit_product(dtype)

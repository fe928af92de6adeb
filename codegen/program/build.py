"""Building: from a graph to a program, its machine code linked."""

from __future__ import annotations

import weakref
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from codegen.kernels.combine import combination
from codegen.kernels.contraction import MatrixProduct, matrix_product
from codegen.kernels.lapack import LAPACK, MatrixCall, matrix_call
from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.singles import lower_check, lower_recurrence, lower_scatter
from codegen.kernels.statements import Key
from codegen.kernels.writer import Writer
from codegen.llvm.cache import Module, object_codes
from codegen.llvm.driver import emit_kernel
from codegen.llvm.gemm import workspace_bytes
from codegen.llvm.gemm.product import product_module, product_sizes, product_symbol
from codegen.llvm.jit import Library, link
from codegen.llvm.lapack import addresses, call_sizes, call_symbol, lapack_module, scratch_bytes
from codegen.llvm.target import host
from codegen.program.checks import index_checks, size_checks, unsettled
from codegen.program.levels import Chain, Combine, arrange
from codegen.program.nest import Nest, Root
from codegen.program.prepare import prepare
from codegen.program.program import Call, Program, Strand
from codegen.program.refine import stored_as
from codegen.program.rows import cut_axis
from codegen.program.schedule import Check, Step, schedule
from codegen.program.storage import Storage, assign_storage
from codegen.program.structure import Lowering, symbol_of
from codegen.program.verify import verify_buffers, verify_levels, verify_schedule, verify_storage
from symgrad.families.contraction import Contraction
from symgrad.families.layout import Named
from symgrad.families.leaf import Constant, Variable
from symgrad.families.reduction import Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.graph import topological_order
from symgrad.shapes import product
from symgrad.tensor import Tensor, make


def build(
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    updates: Mapping[Tensor, Tensor],
    beside: Sequence[Module] = (),
) -> Program:
    """Compile outputs and new values of inputs, given the flat list of input variables.

    Modules that are needed besides are compiled at the same time, where there is anything to compile.
    """
    ends = [*outputs, *updates.values()]
    order = topological_order(ends)
    # What is checked is what was written: simplifying and lowering may take operations away, but not their errors.
    checks = index_checks(order)
    prepared = prepare([*ends, *(check.index for check in checks)])
    ends, indices = [_own_result(node) for node in prepared[: len(ends)]], prepared[len(ends) :]
    shown, new_values = ends[: len(outputs)], dict(zip(updates, ends[len(outputs) :], strict=True))
    stored = stored_as(shown)
    results = [stored[node] for node in shown]
    numbers = {node: i for i, node in enumerate(dict.fromkeys(results))}
    checks = unsettled(replace(check, index=index) for check, index in zip(checks, indices, strict=True))

    steps = schedule(results, new_values, checks)
    verify_schedule(steps, results, new_values)
    levels = arrange(steps.steps)
    verify_levels(steps, levels)
    storage = assign_storage(steps, levels, inputs, list(numbers))
    verify_storage(steps, levels, storage)

    lowering = Lowering()
    strands = [
        [Strand(chain, [_call(step, chain, storage, lowering) for step in chain.steps]) for chain in level]
        for level in levels
    ]
    calls = [call for level in strands for strand in level for call in strand.calls]
    for call in calls:
        if call.roots:
            verify_buffers(call.roots, call.buffers, storage)
    modules, libraries = _machine_code(calls, beside)
    place = {variable: i for i, variable in enumerate(inputs)}
    return Program(
        inputs=inputs,
        outputs=list(stored),
        results=[numbers[node] for node in results],
        levels=strands,
        storage=storage,
        copies=[(place[variable], storage.memory[value].buffer) for variable, value in steps.copies.items()],
        size_checks=size_checks(order),
        modules=modules,
        libraries=libraries,
    )


def _own_result(node: Tensor) -> Tensor:
    """Return a node that has to be computed even if it is an input: callers get arrays of their own."""
    return make(Named("result"), (node,)) if isinstance(node.operation, (Variable, Constant)) else node


# calls ----------------------------------------------------------------------------------------------------------------


def _call(step: Step | Combine, chain: Chain, storage: Storage, lowering: Lowering) -> Call:
    """Return the call that does a step of a chain."""
    if isinstance(step, Combine):
        return _combination(step, storage)
    if isinstance(step, Nest):
        cut = None if chain.chunks == 1 else cut_axis(step)
        parts = {node: storage.parts[node] for node in step.made if node in storage.parts}
        memory = storage.memory | parts if parts else storage.memory
        lowered = lowering.lower(step, memory, cut)
        own = [(node, memory[node]) for node in step.made if node in memory]
        pieces = {
            where.buffer: product([node.dtype.itemsize, *where.shape])
            for node, where in own
            if where.dropped or node in parts
        }
        return Call(lowered.symbol, lowered.buffers, lowered.sizes, tuple(step.roots), lowered.nest, pieces=pieces)
    if isinstance(step, Check):
        return replace(_loops(lower_check(step, storage.memory), step.roots), check=step.check)
    node = step.root.node
    if isinstance(node.operation, Contraction):
        return _product(step.root, storage)
    if isinstance(node.operation, LAPACK):
        return _lapack(step.root, storage)
    lower = lower_recurrence if isinstance(node.operation, LinearRecurrence) else lower_scatter
    return _loops(lower(node, storage.memory), step.roots)


def _combination(step: Combine, storage: Storage) -> Call:
    """Return the call that makes a result of its parts."""
    node = step.root.node
    assert isinstance(node.operation, Reduction)
    nest = combination(node.operation.kind, node.inputs[0].dtype.name)
    buffers = (storage.parts[node].buffer, storage.memory[node].buffer)
    return Call(symbol_of(nest), buffers, (product(node.shape), step.chain.chunks), (), nest)


def _loops(writer: Writer, roots: Sequence[Root]) -> Call:
    nest = writer.finish()
    return Call(symbol_of(nest), tuple(writer.buffers), tuple(writer.sizes), tuple(roots), nest)


def _product(root: Root, storage: Storage) -> Call:
    code = matrix_product(root.node)
    buffers = _with_workspace((code.left.base, code.right.base, root.node), storage)
    workspace = workspace_bytes(code.dtype, host())
    symbol = product_symbol(code.dtype, code.kernel)
    return Call(symbol, buffers, tuple(product_sizes(code)), (root,), code, workspace)


def _lapack(root: Root, storage: Storage) -> Call:
    call = matrix_call(root.node)
    buffers = _with_workspace([*(view.base for view in call.operands), root.node], storage)
    return Call(call_symbol(call), buffers, tuple(call_sizes(call)), (root,), call, scratch_bytes(call))


def _with_workspace(nodes: Iterable[Tensor], storage: Storage) -> tuple[Key, ...]:
    """Return the buffers of some nodes, and behind them the workspace, which is the last one of the arena."""
    return (*(storage.memory[node].buffer for node in nodes), ("arena", len(storage.arena)))


# machine code ---------------------------------------------------------------------------------------------------------

_linked: weakref.WeakValueDictionary[str, Library] = weakref.WeakValueDictionary()
"""The library in which each kernel of a live function is."""


def _machine_code(calls: Sequence[Call], beside: Sequence[Module]) -> tuple[list[Module], dict[str, Library]]:
    """Return the modules of all kernels, and the library that has each: a live function's, or a new one."""
    modules = {call.symbol: _module(call) for call in calls}
    found = {symbol: _linked.get(symbol) for symbol in modules}
    new = [symbol for symbol, library in found.items() if library is None]
    libraries = {symbol: library for symbol, library in found.items() if library is not None}
    if new:
        # Threads that need the same kernel at the same time link it twice, which does no harm.
        codes = object_codes([*(modules[symbol] for symbol in new), *beside])
        library = link(codes[: len(new)], new, _routines(calls, new))
        for symbol in new:
            _linked[symbol] = libraries[symbol] = library
    return list(modules.values()), libraries


def _routines(calls: Iterable[Call], symbols: Container[str]) -> dict[str, int]:
    """Return the addresses of what these kernels call. (SciPy is loaded only if there is anything.)"""
    dtypes = {call.code.dtype for call in calls if isinstance(call.code, MatrixCall) and call.symbol in symbols}
    return {symbol: address for dtype in sorted(dtypes) for symbol, address in addresses(dtype).items()}


def _module(call: Call) -> Module:
    match call.code:
        case LoopNest():
            write = partial(emit_kernel, call.code, call.symbol)
        case MatrixProduct():
            write = partial(product_module, call.code.dtype, call.code.kernel, host())
        case MatrixCall():
            write = partial(lapack_module, call.code.kernel, call.code.dtype)
    return Module(call.symbol, write)

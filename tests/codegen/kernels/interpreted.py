"""Whole programs run by the interpreter of kernels, which sees every access outside a buffer; products run by NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from codegen.kernels.contraction import matrix_product
from codegen.kernels.lapack import LAPACK, Pivots, matrix_call
from codegen.kernels.lower import lower_nest
from codegen.kernels.singles import lower_check, lower_recurrence, lower_scatter
from codegen.kernels.verify import verify
from codegen.kernels.writer import Writer
from codegen.program.levels import arrange
from codegen.program.prepare import prepare
from codegen.program.schedule import Check, Nest, schedule
from codegen.program.storage import assign_storage
from symgrad.bindings import bind
from symgrad.evaluate import evaluate_operation
from symgrad.families.contraction import Contraction
from symgrad.families.layout import Named
from symgrad.families.leaf import Constant, Leaf
from symgrad.families.linear_algebra import TriangularSolve
from symgrad.families.scan import LinearRecurrence
from symgrad.shapes import substitute
from symgrad.tensor import Tensor, make
from tests.codegen.kernels.interpreter import interpret
from tests.codegen.pivots import pivots

Array = np.ndarray[Any, Any]


def run(outputs: Sequence[Tensor], bindings: Mapping[Tensor, Array]) -> list[Array]:
    """Return the values of outputs."""
    prepared = [
        make(Named("result"), (node,)) if isinstance(node.operation, Leaf) else node for node in prepare(outputs)
    ]
    ends = list(dict.fromkeys(prepared))
    plan = schedule(ends, {})
    storage = assign_storage(plan, arrange(plan.steps), list(bindings), ends)
    arrays, sizes = bind(bindings)
    buffers: dict[tuple[str, int], Array] = {("input", i): x.ravel() for i, x in enumerate(arrays.values())}
    for i, node in enumerate(storage.constants):
        assert isinstance(node.operation, Constant)
        buffers["constant", i] = np.ravel(node.operation.value)
    shapes: dict[Tensor, tuple[int, ...]] = {}
    for node, memory in storage.memory.items():
        shapes[node] = tuple(substitute(size, sizes) for size in memory.shape)
        if memory.buffer not in buffers:
            # Whatever is read before it was written shows.
            buffers[memory.buffer] = np.full(int(np.prod(shapes[node])), 77, node.dtype)
    for step in plan.steps:
        if isinstance(step, Nest):
            writer = lower_nest(step, storage.memory)
        elif isinstance(step, Check):
            writer = lower_check(step, storage.memory)
        elif isinstance(step.root.node.operation, Contraction):
            _product(step.root.node, {node: buffers[m.buffer] for node, m in storage.memory.items()}, sizes)
            continue
        elif isinstance(step.root.node.operation, LAPACK):
            _lapack(step.root.node, {node: buffers[m.buffer] for node, m in storage.memory.items()}, sizes)
            continue
        else:
            recurrence = isinstance(step.root.node.operation, LinearRecurrence)
            writer = (lower_recurrence if recurrence else lower_scatter)(step.root.node, storage.memory)
        _run(writer, buffers, sizes)
    return [buffers[storage.memory[node].buffer].reshape(shapes[node]) for node in prepared]


def _run(writer: Writer, buffers: Mapping[tuple[str, int], Array], sizes: Mapping[Any, int]) -> None:
    nest = writer.finish()
    verify(nest)
    arrays = {f"b{number}": buffers[key] for key, number in writer.buffers.items()}
    code = interpret(nest, arrays, {name: substitute(size, sizes) for size, name in writer.sizes.items()})
    if code:
        raise IndexError(code)


def _lapack(node: Tensor, buffers: Mapping[Tensor, Array], sizes: Mapping[Any, int]) -> None:
    """Run a call into LAPACK with NumPy, on its operands as their strides say."""
    call = matrix_call(node)
    operands: list[Array] = []
    for x, view in zip(node.inputs, call.operands, strict=True):
        memory, shape = buffers[view.base], (call.batch, *x.shape[-2:])
        offset, *strides = (substitute(size, sizes) for size in (view.offset, view.batch, view.row, view.column))
        extents = [substitute(size, sizes) for size in shape]
        if 0 not in extents:
            ends = [offset, *((n - 1) * stride for n, stride in zip(extents, strides, strict=True))]
            assert sum(min(end, 0) for end in ends[1:]) + offset >= 0
            assert sum(max(end, 0) for end in ends[1:]) + offset < memory.size
        operands.append(as_strided(memory[offset:], extents, [stride * memory.itemsize for stride in strides]))
    operation = _OPERATIONS.get(call.kernel, node.operation)
    if isinstance(operation, Pivots):
        buffers[node][:] = pivots(operands[0]).ravel()
    else:
        buffers[node][:] = evaluate_operation(operation, operands, sizes, node).ravel()


_OPERATIONS = {
    f"solve.{'lower' if lower else 'upper'}{'.transposed' if transposed else ''}": TriangularSolve(lower, transposed)
    for lower in (False, True)
    for transposed in (False, True)
}


def _product(node: Tensor, buffers: Mapping[Tensor, Array], sizes: Mapping[Any, int]) -> None:
    """Run the matrix products of a contraction, one multiply-add after another, by their strides."""

    def number(size: Any) -> int:
        return size if isinstance(size, int) else int(size.subs(sizes))

    product = matrix_product(node)
    axes = [axis for group in product.groups for axis in group]
    extents = [number(axis.size) for axis in axes]
    left, right, output = buffers[product.left.base], buffers[product.right.base], buffers[node]
    if not product.adds:
        output[:] = 0
    for index in np.ndindex(*extents):
        a = number(product.left.offset) + sum(i * number(axis.left) for i, axis in zip(index, axes, strict=True))
        b = number(product.right.offset) + sum(i * number(axis.right) for i, axis in zip(index, axes, strict=True))
        c = sum(i * number(axis.output) for i, axis in zip(index, axes, strict=True))
        assert 0 <= a < left.size
        assert 0 <= b < right.size
        output[c] += left[a] * right[b]

"""Records: what each kernel of a program computes, in formulas and in figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.lapack import MatrixCall
from codegen.kernels.statements import Memory
from codegen.program.program import Call, Program
from codegen.program.sums import written_out
from symgrad.families.elementwise import Elementwise
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.leaf import Constant, Variable, variable
from symgrad.families.reduction import Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.graph import rebuild, topological_order
from symgrad.shapes import Shape, Size, format_shape, product
from symgrad.tensor import Tensor


@dataclass(frozen=True)
class KernelRecord:
    """A call of a kernel.

    `name` is unique in the program; calls with the same `symbol` share machine code. `results` and `reads` are names of
    tensors: variables by their own names, results of kernels by the kernel's. `loops` are the loops' sizes. `flops`
    counts one for each scalar operation and two for each multiply-add of a matrix product or of LAPACK (roughly),
    `bytes` all memory that is read and written, once; both are expressions where run-time sizes take part. A kernel
    that only checks indices has no results, and `checks` is the size they must be below.
    """

    name: str
    symbol: str
    results: tuple[str, ...]
    reads: tuple[str, ...]
    loops: tuple[Shape, ...]
    flops: Size
    bytes: Size
    expressions: tuple[Tensor, ...]
    checks: Size | None = None

    @cached_property
    def formula(self) -> str:
        """What the kernel computes, a line a result."""
        from symgrad.formula import formula

        texts = [formula(x) for x in self.expressions]
        if self.checks is not None:
            return f"check that {texts[0]} is a valid index below {self.checks}"
        return "\n".join(f"{name} = {text}" for name, text in zip(self.results, texts, strict=True))

    def __repr__(self) -> str:
        what = "a check of indices" if self.checks is not None else ", ".join(self.results)
        loops = " then ".join(format_shape(shape) for shape in self.loops)
        return f"<kernel {self.name}: {what} over {loops}, {self.flops} flops, {self.bytes} bytes>"


def records(program: Program) -> list[KernelRecord]:
    """Return one record for each call of a program, in order."""
    names: dict[Tensor, str] = {}
    calls = [call for call in program.calls if call.roots]
    for number, call in enumerate(calls):
        for i, root in enumerate(call.roots if call.check is None else ()):
            names[root.node] = f"k{number}" if len(call.roots) == 1 else f"k{number}_{i}"
    return [_record(number, call, names, program.storage.memory) for number, call in enumerate(calls)]


def _record(number: int, call: Call, names: Mapping[Tensor, str], memory: Mapping[Tensor, Memory]) -> KernelRecord:
    nodes = [root.node for root in call.roots]
    made = nodes if call.check is None else []
    read = [node for node in dict.fromkeys(node for root in call.roots for node in root.reads) if node not in made]
    leaves = {node: _leaf(node, names) for node in (*read, *made)}
    expressions = tuple(_expression(node, leaves) for node in nodes)
    return KernelRecord(
        name=f"k{number}",
        symbol=call.symbol,
        results=tuple(names[node] for node in made),
        reads=tuple(sorted({_name(node, names) for node in read})),
        loops=tuple(dict.fromkeys(root.domain for root in call.roots)),
        flops=_flops(call, expressions),
        bytes=_total(product(memory[node].shape) * node.dtype.itemsize for node in (*read, *made) if node in memory),
        expressions=expressions,
        checks=None if call.check is None else call.check.size,
    )


def _expression(node: Tensor, leaves: Mapping[Tensor, Tensor]) -> Tensor:
    """Return how a node is computed from the leaves, itself not among them."""
    return rebuild([node], written_out, {x: leaf for x, leaf in leaves.items() if x is not node})[node]


def _name(node: Tensor, names: Mapping[Tensor, str]) -> str:
    operation = node.operation
    return operation.name if isinstance(operation, Variable) else names.get(node, "constant")


def _leaf(node: Tensor, names: Mapping[Tensor, str]) -> Tensor:
    """Return what stands for a stored node in the formulas of other kernels."""
    if isinstance(node.operation, (Variable, Constant)):
        return node
    return variable(_name(node, names), node.shape, node.dtype)


def _total(amounts: Iterable[Any]) -> Size:
    total: Any = 0
    for amount in amounts:
        total = total + amount
    return total


def _flops(call: Call, expressions: Iterable[Tensor]) -> Size:
    if isinstance(call.code, MatrixProduct):
        return product([2, *(axis.size for axes in call.code.groups for axis in axes)])
    if isinstance(call.code, MatrixCall):
        return call.code.flops
    amounts: list[Size] = []
    for node in topological_order(expressions):
        match node.operation:
            case Elementwise():
                amounts.append(product(node.shape))
            case Reduction() | ScatterAdd() | ScatterAlongAxis():
                amounts.append(product(node.inputs[0].shape))
            case LinearRecurrence():
                amounts.append(product([2, *node.shape]))
            case _:
                pass
    return _total(amounts)

"""Records: what each kernel of a program computes, in formulas and in figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from symgrad.families.elementwise import Elementwise
from symgrad.families.leaf import Variable, variable
from symgrad.families.reduction import Reduction
from symgrad.graph import rebuild, topological_order
from symgrad.shapes import Shape, Size, format_shape, product
from symgrad.tensor import Tensor

if TYPE_CHECKING:
    from codegen.program.build import Program, Step


@dataclass(frozen=True)
class KernelRecord:
    """A call of a kernel.

    `name` is unique in the program; calls with the same `symbol` share machine code. `results` and `reads` are names of
    stored tensors: variables by their own names, results of other kernels by the kernel's. `loops` are the loops'
    sizes. `flops` counts one for each scalar operation and two for each multiply-add of a matrix product, `bytes` the
    memory that is read and written once; both are expressions where run-time sizes take part.
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
            return "\n".join(f"check that {text} is a valid index below {self.checks}" for text in texts)
        return "\n".join(f"{name} = {text}" for name, text in zip(self.results, texts, strict=True))

    def __repr__(self) -> str:
        loops = " then ".join(format_shape(shape) for shape in self.loops)
        return f"<kernel {self.name}: {', '.join(self.results)} over {loops}, {self.flops} flops, {self.bytes} bytes>"


def records(program: Program) -> list[KernelRecord]:
    """Return one record for each step of a program, in order."""
    names: dict[Tensor, str] = {}
    for number, step in enumerate(program.steps):
        for i, root in enumerate(step.roots if step.checks is None else ()):
            names.setdefault(root.node, f"k{number}" if len(step.roots) == 1 else f"k{number}_{i}")
    return [_record(number, step, names) for number, step in enumerate(program.steps)]


def _record(number: int, step: Step, names: dict[Tensor, str]) -> KernelRecord:
    nodes = [root.node for root in step.roots]
    read = {node for root in step.roots for node in root.reads if node not in nodes}
    leaves = {node: _leaf(node, names) for node in {*read, *names}}
    expressions: list[Tensor] = []
    for node in nodes:
        cut = {x: leaf for x, leaf in leaves.items() if x is not node}
        expressions.append(rebuild([node], lambda x: x, cut)[node])
    return KernelRecord(
        name=f"k{number}",
        symbol=step.symbol,
        results=tuple(names[node] for node in nodes) if step.checks is None else (),
        reads=tuple(sorted(_name(node, names) for node in read)),
        loops=tuple(dict.fromkeys(root.domain for root in step.roots)),
        flops=_flops(step, expressions),
        bytes=_total(product(node.shape) * node.dtype.itemsize for node in {*read, *nodes}),
        expressions=tuple(expressions),
        checks=step.checks,
    )


def _name(node: Tensor, names: dict[Tensor, str]) -> str:
    operation = node.operation
    return operation.name if isinstance(operation, Variable) else names.get(node, "constant")


def _leaf(node: Tensor, names: dict[Tensor, str]) -> Tensor:
    return node if isinstance(node.operation, Variable) else variable(_name(node, names), node.shape, node.dtype)


def _total(amounts: Iterable[Any]) -> Size:
    total: Any = 0
    for amount in amounts:
        total = total + amount
    return total


def _flops(step: Step, expressions: Iterable[Tensor]) -> Size:
    if step.product is not None:
        p = step.product
        return product([2, p.rows.size, p.columns.size, p.summed.size, *(axis.size for axis in p.loops)])
    seen: set[Tensor] = set()
    amounts: list[Any] = []
    for node in topological_order(expressions):
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node.operation, Elementwise):
            amounts.append(product(node.shape))
        elif isinstance(node.operation, Reduction):
            amounts.append(product(node.inputs[0].shape))
    return _total(amounts)

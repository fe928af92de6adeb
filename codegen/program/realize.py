"""Which nodes of a prepared graph get memory, and which are computed where they are used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from codegen.kernels.lapack import LAPACK, matrices
from codegen.llvm.elementary import FUNCTIONS as ELEMENTARY
from codegen.program.views import VIEWS, operand, view_base
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import BroadcastTo
from symgrad.families.leaf import Constant, Iota, SizeValue, Variable
from symgrad.families.reduction import Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.graph import users
from symgrad.shapes import Shape, same_shape
from symgrad.tensor import Tensor

OWN_KERNELS = (Contraction, ScatterAdd, ScatterAlongAxis, LinearRecurrence, *LAPACK)
"""The operations that are kernels of their own, not part of a nest of loops."""
_LEAVES = (Variable, Constant, Iota, SizeValue)
_LARGEST_CONE = 160
"""Work of a tree of operations computed in one place; beyond it an intermediate result is stored."""
_DEEPEST_CONE = 60
_MANY_READ = 4
"""A result that is made from entries of so many stored tensors is rather stored than made again."""
_WORTH_STORING = 8
"""Work that is rather done once and stored than done again."""


def is_source(node: Tensor) -> bool:
    """Return whether a node is in memory before the program starts: an input or an array constant."""
    operation = node.operation
    return isinstance(operation, Variable) or (isinstance(operation, Constant) and not operation.is_number)


def work_of(node: Tensor) -> int:
    """Return about how many instructions an entry of a node takes, given the entries it is made from."""
    operation = node.operation
    if isinstance(operation, Elementwise):
        return 8 if operation.function.name in ELEMENTARY else 1
    return 0 if isinstance(operation, (Constant, *VIEWS)) else 1


def operand_bases(node: Tensor) -> list[Tensor]:
    """Return the nodes whose memory a contraction or a call into LAPACK reads, through views or not."""
    operation = node.operation
    if isinstance(operation, Contraction):
        return [*(operand(x).base for x in node.inputs[:2]), *node.inputs[2:]]
    return [matrices(x).base for x in node.inputs] if isinstance(operation, LAPACK) else []


def realized_nodes(order: Sequence[Tensor], outputs: Sequence[Tensor]) -> set[Tensor]:
    """Return the nodes that are stored.

    Outputs, results of kernels of their own, operands of contractions and of LAPACK, and what is used, or repeated,
    often, and is dear: takes many instructions, or many entries to read.
    """
    result: set[Tensor] = set(outputs)
    often = _used_often(order, result)
    work: dict[Tensor, int] = {}
    depth: dict[Tensor, int] = {}
    read: dict[Tensor, frozenset[Tensor]] = {}
    """The stored tensors that a node is made from, of which an entry is read for each of its own."""
    for node in order:
        if is_source(node) or isinstance(node.operation, (Reduction, *OWN_KERNELS)):
            result.add(node)
        result.update(operand_bases(node))
        if isinstance(node.operation, (Gather, TakeAlongAxis, ScatterAdd, ScatterAlongAxis)):
            roots = (view_base(index) for index in node.inputs[1:])
            result.update(root for root in roots if not isinstance(root.operation, (Constant, Iota)))
        below = [x for x in node.inputs if x not in result]
        work[node] = work_of(node) + sum(work[x] for x in set(below))
        depth[node] = 1 + max((depth[x] for x in below), default=0)
        read[node] = _read(node, result, read)
        dear = work[node] >= _WORTH_STORING or len(read[node]) >= _MANY_READ
        dear = dear and not isinstance(node.operation, VIEWS)
        if (dear and node in often) or work[node] > _LARGEST_CONE or depth[node] > _DEEPEST_CONE:
            result.add(node)
    return result


def _read(node: Tensor, stored: Collection[Tensor], read: Mapping[Tensor, frozenset[Tensor]]) -> frozenset[Tensor]:
    found: set[Tensor] = set()
    for x in node.inputs:
        if x in stored:
            found |= {x} if same_shape(x.shape, node.shape) else set()
        elif len(found) < _MANY_READ:
            found |= read[x]
    return frozenset(found)


def _used_often(order: Sequence[Tensor], outputs: Collection[Tensor]) -> set[Tensor]:
    """Return the nodes that several others use, through views or not, or that broadcasting repeats."""
    used_by = users(order)
    uses: dict[Tensor, int] = {}
    for node in reversed(order):
        uses[node] = int(node in outputs)
        if isinstance(node.operation, _LEAVES):
            continue
        for user in set(used_by[node]):
            repeats = isinstance(user.operation, (Elementwise, BroadcastTo)) and _repeats(node.shape, user.shape)
            uses[node] += uses[user] if isinstance(user.operation, VIEWS) else 1
            uses[node] += repeats
    return {node for node, count in uses.items() if count > 1}


def _repeats(shape: Shape, wide: Shape) -> bool:
    """Return whether broadcasting to a wider shape repeats entries (a single number aside: loops keep it)."""
    ones = (1,) * (len(wide) - len(shape))
    return any(size != 1 for size in shape) and any(
        size == 1 and other != 1 for size, other in zip((*ones, *shape), wide, strict=True)
    )

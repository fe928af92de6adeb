"""Which nodes of a prepared graph get memory, and which are computed where they are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codegen.llvm.elementary import FUNCTIONS as ELEMENTARY
from codegen.program.views import VIEWS, operand, view_base
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.leaf import Constant, Iota, Variable
from symgrad.families.reduction import Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.graph import users
from symgrad.tensor import Tensor

_OWN_KERNELS = (Contraction, ScatterAdd, ScatterAlongAxis, LinearRecurrence)
_LARGEST_CONE = 160
"""Work of a tree of operations computed in one place; beyond it an intermediate result is stored."""
_DEEPEST_CONE = 60
_WORTH_STORING = 8


def is_source(node: Tensor) -> bool:
    """Return whether a node is in memory before the program starts: an input or an array constant."""
    operation = node.operation
    return isinstance(operation, Variable) or (isinstance(operation, Constant) and not operation.is_number)


def _work(node: Tensor) -> int:
    operation: Any = node.operation
    if isinstance(operation, Elementwise):
        return 8 if operation.function.name in ELEMENTARY else 1
    return 0 if isinstance(operation, (Constant, *VIEWS)) else 1


def realized_nodes(order: Sequence[Tensor], outputs: Sequence[Tensor]) -> set[Tensor]:
    """Return the nodes that are stored.

    Outputs, results of kernels of their own, operands of contractions, and what is dear and used often.
    """
    result: set[Tensor] = set(outputs)
    used_by = users(order)
    work: dict[Tensor, int] = {}
    depth: dict[Tensor, int] = {}
    for node in order:
        if is_source(node) or isinstance(node.operation, (Reduction, *_OWN_KERNELS)):
            result.add(node)
        if isinstance(node.operation, Contraction):
            result.update(operand(x).base for x in node.inputs)
        if isinstance(node.operation, (Gather, TakeAlongAxis, ScatterAdd, ScatterAlongAxis)):
            roots = (view_base(index) for index in node.inputs[1:])
            result.update(root for root in roots if not isinstance(root.operation, (Constant, Iota)))
        below = [x for x in node.inputs if x not in result]
        work[node] = _work(node) + sum(work[x] for x in set(below))
        depth[node] = 1 + max((depth[x] for x in below), default=0)
        if node in result:
            continue
        often = len(set(used_by[node])) > 1 and isinstance(node.operation, (Elementwise, Cast, Gather, TakeAlongAxis))
        if (often and work[node] >= _WORTH_STORING) or work[node] > _LARGEST_CONE or depth[node] > _DEEPEST_CONE:
            result.add(node)
    return result

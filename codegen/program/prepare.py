"""Preparation: a graph in the few operations that kernels are written in.

Named functions without machine code of their own are replaced by their bodies, softmax by exponentials and sums,
products without a sum by multiplications, one-hot scatters by comparisons, determinants by their pivots; reductions
get their axes in front or behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from codegen.kernels.lapack import Pivots
from codegen.kernels.scalar_functions import SIGNATURES
from codegen.llvm.elementary import FUNCTIONS as ELEMENTARY
from codegen.program.batches import join_slices
from codegen.program.parts import in_parts
from codegen.program.refine import REFINING
from codegen.program.sums import add_in_place
from symgrad.dtypes import is_float
from symgrad.errors import GraphError
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise, apply, cast
from symgrad.families.indexing import ScatterAlongAxis
from symgrad.families.layout import Named, broadcast_to, expand_dims, reshape, transpose
from symgrad.families.leaf import constant_number, iota, number, size_value
from symgrad.families.linear_algebra import Determinant
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.reduction import sum as sum_
from symgrad.functions import FUNCTIONS, Function
from symgrad.graph import rebuild
from symgrad.simplify import SIMPLIFYING, Rule, rewrite, simplify, stabilize
from symgrad.simplify.windows import GATHERING
from symgrad.tensor import Tensor, make


def prepare(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors stabilised, simplified and lowered to the operations of kernels."""
    plain = rebuild(tensors, _plain)
    simple = simplify(stabilize(plain[tensor] for tensor in tensors))
    gathered = join_slices(rewrite(simple, (*SIMPLIFYING, *GATHERING, *REFINING)))
    return add_in_place(rewrite(gathered, LOWERING))


def _plain(node: Tensor) -> Tensor:
    """Take names away, which are for people, and write out functions that a user has defined."""
    operation = node.operation
    if isinstance(operation, Named):
        return node.inputs[0]
    if isinstance(operation, Elementwise) and FUNCTIONS.get(operation.function.name) is not operation.function:
        return _written_out(node, operation.function)
    return node


def _machine_function(name: str) -> bool:
    """Return whether kernels have this scalar function themselves, with the arity of the formula book."""
    if name == "where" or name in ELEMENTARY:
        return True
    return name in SIGNATURES and SIGNATURES[name].arity == FUNCTIONS[name].arity


def _expand_function(node: Tensor) -> Tensor | None:
    operation: Any = node.operation
    function = operation.function
    return None if _machine_function(function.name) else _written_out(node, function)


def _written_out(node: Tensor, function: Function) -> Tensor:
    """Return a node with its function replaced by the body that defines it."""
    program = function.body
    if program is None:
        raise GraphError(f"the LLVM back end has no code for {function.name}; use backend='numpy'")
    return broadcast_to(cast(program.run(apply, node.inputs), node.dtype), node.shape)


def _power(node: Tensor) -> Tensor | None:
    """Small whole powers are multiplications: faster than the general power, and as exact."""
    x, exponent = node.inputs
    count = constant_number(exponent)
    if count is None or abs(count) not in (2, 3, 4) or not is_float(x.dtype):
        return None
    result = apply("square", x)
    if abs(count) == 3:
        result = apply("multiply", result, x)
    elif abs(count) == 4:
        result = apply("square", result)
    return result if count > 0 else apply("reciprocal", result)


def _shifted_exponentials(x: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest entry (0 if that is not finite), x minus it, and the exponential of that."""
    top = make(Reduction("max", axes, True), (x,))
    top = apply("where", apply("isfinite", top), top, 0)
    shifted = apply("subtract", x, top)
    return top, shifted, apply("exp", shifted)


def _normalization(node: Tensor) -> Tensor:
    operation: Any = node.operation
    if 0 in node.shape:
        return node.inputs[0]
    _, shifted, e = _shifted_exponentials(node.inputs[0], operation.axes)
    total = sum_(e, operation.axes, keepdims=True)
    if operation.kind == "softmax":
        return apply("divide", e, total)
    return apply("subtract", shifted, apply("log", total))


def _reduction(node: Tensor) -> Tensor | None:
    operation: Any = node.operation
    (x,) = node.inputs
    axes, rank = operation.axes, x.ndim
    if operation.kind == "logsumexp":
        if 0 in [x.shape[axis] for axis in axes]:
            return broadcast_to(number(-math.inf, node.dtype), node.shape)
        top, _, e = _shifted_exponentials(x, axes)
        return reshape(apply("add", apply("log", sum_(e, axes, keepdims=True)), top), node.shape)
    if not axes:
        return cast(x, node.dtype)
    last = axes == tuple(range(rank - len(axes), rank))
    first = axes == tuple(range(len(axes))) and operation.kind not in ("argmax", "argmin")
    if last or first:
        return None
    behind = [axis for axis in axes if all(after in axes for after in range(axis, rank))]
    if behind and operation.kind not in ("argmax", "argmin"):
        # Rows first, where they are made, and then over what is left of them.
        rows = make(Reduction(operation.kind, tuple(behind)), (x,))
        rest = tuple(axis for axis in axes if axis not in behind)
        return reshape(make(Reduction(operation.kind, rest), (rows,)), node.shape)
    kept = [axis for axis in range(rank) if axis not in axes]
    moved = transpose(x, [*kept, *axes])
    return reshape(make(Reduction(operation.kind, tuple(range(len(kept), rank))), (moved,)), node.shape)


def _contraction(node: Tensor) -> Tensor | None:
    """A product without a sum is a multiplication; one of integers is followed by a sum; a long sum goes in parts."""
    operation: Any = node.operation
    summed = [label for label in operation.left if label in operation.right and label not in operation.output]
    if summed and is_float(node.dtype):
        return in_parts(node)
    labels = [*operation.output, *summed]
    factors = [_spread(x, own, labels) for x, own in zip(node.inputs, (operation.left, operation.right), strict=True)]
    product = apply("multiply", *factors)
    return make(Reduction("sum", tuple(range(len(operation.output), len(labels)))), (product,)) if summed else product


def _spread(x: Tensor, own: Sequence[int], labels: Sequence[int]) -> Tensor:
    """Return `x` with its axes in the order of `labels`, and size 1 for the labels it does not have."""
    present = [label for label in labels if label in own]
    ordered = transpose(x, [list(own).index(label) for label in present])
    missing = tuple(i for i, label in enumerate(labels) if label not in own)
    return expand_dims(ordered, missing) if missing else ordered


def _one_hot(node: Tensor) -> Tensor | None:
    """Scattering one entry a row is a comparison of places, which fuses with its neighbours."""
    operation: Any = node.operation
    values, indices = node.inputs
    axis = operation.axis
    if values.shape[axis] != 1:
        return None
    size = operation.size
    places = reshape(iota(size), tuple(size if i == axis else 1 for i in range(node.ndim)))
    entries = size if isinstance(size, int) else cast(size_value(size), indices.dtype)
    wrapped = apply("where", apply("less", indices, 0), apply("add", indices, entries), indices)
    return apply("where", apply("equal", cast(places, indices.dtype), wrapped), values, 0)


def _determinant(node: Tensor) -> Tensor:
    """As in NumPy, a determinant comes from its logarithm: products of pivots on the way to it might overflow."""
    operation: Any = node.operation
    pivots = make(Pivots(), node.inputs)
    signs = apply("where", apply("less", pivots, 0), -1, apply("where", apply("equal", pivots, 0), 0, 1))
    last = (pivots.ndim - 1,)
    sign = cast(make(Reduction("prod", last), (cast(signs, node.dtype),)), node.dtype)
    logarithm = sum_(apply("log", apply("absolute", pivots)), last)
    if operation.kind == "det":
        return apply("multiply", sign, apply("exp", logarithm))
    return sign if operation.kind == "sign" else logarithm


LOWERING = (
    Rule("small powers", ("power",), _power, "a whole power is a product"),
    Rule("bodies of functions", tuple(FUNCTIONS), _expand_function, "kernels have few functions"),
    Rule("softmax", (Normalization,), _normalization, "an exponential, a sum and a quotient"),
    Rule("reductions", (Reduction,), _reduction, "kernels reduce leading or trailing axes"),
    Rule("products", (Contraction,), _contraction, "a product without a sum is a multiplication"),
    Rule("determinants", (Determinant,), _determinant, "determinants are functions of the same pivots"),
    Rule("one-hot", (ScatterAlongAxis,), _one_hot, "one entry a row is a comparison"),
)

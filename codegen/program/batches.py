"""Products of the slices of one tensor with the same operand: one product of the whole tensor, and slices of it.

`x[0] @ w`, `x[1] @ w`, ... read `w` once a product; `x @ w` reads it once, in larger tiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symgrad.families.contraction import Contraction
from symgrad.families.layout import Reshape, Slice, reshape
from symgrad.graph import replace, topological_order
from symgrad.shapes import same_shape
from symgrad.tensor import Tensor, make


def join_slices(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors with products of all slices of a tensor, along its first axis, made at once."""
    order = topological_order(tensors)
    groups: dict[tuple[Any, ...], dict[int, Tensor]] = {}
    for node in order:
        if type(node.operation) is not Contraction:
            continue
        for side in (0, 1):
            found = _slice_of(node.inputs[side])
            if found is not None:
                base, place = found
                groups.setdefault((base, side, node.inputs[1 - side], node.operation), {})[place] = node
    place_of: dict[Tensor, tuple[int, int]] = {}
    """The place of a product among those of its tensor, and which of its operands is the slice."""
    for (base, side, _, _), products in groups.items():
        if 1 < len(products) == base.shape[0]:
            for place, node in products.items():
                place_of.setdefault(node, (place, side))
    if not place_of:
        return list(tensors)

    def slice_of_product(node: Tensor, new: Mapping[Tensor, Tensor]) -> Tensor | None:
        if node not in place_of:
            return None
        place, side = place_of[node]
        operation: Any = node.operation
        whole = new[_sliced(node.inputs[side])]
        label = 1 + max((*operation.left, *operation.right), default=0)
        if side == 0:
            joined = Contraction((label, *operation.left), operation.right, (label, *operation.output))
            product = make(joined, (whole, new[node.inputs[1]]))
        else:
            joined = Contraction(operation.left, (label, *operation.right), (label, *operation.output))
            product = make(joined, (new[node.inputs[0]], whole))
        starts, steps = (place, *(0 for _ in node.shape)), (1,) * product.ndim
        return reshape(make(Slice(starts, steps, (1, *node.shape)), (product,)), node.shape)

    new = replace(tensors, slice_of_product)
    return [new[tensor] for tensor in tensors]


def _sliced(node: Tensor) -> Tensor:
    return node.inputs[0].inputs[0]


def _slice_of(node: Tensor) -> tuple[Tensor, int] | None:
    """Return the tensor that `node` is one entry of along the first axis, and the place of the entry."""
    if not isinstance(node.operation, Reshape):
        return None
    (part,) = node.inputs
    if not isinstance(part.operation, Slice):
        return None
    (base,) = part.inputs
    start, *others = part.operation.starts
    whole = part.shape == (1, *base.shape[1:]) and not any(others) and all(step == 1 for step in part.operation.steps)
    if not whole or not isinstance(start, int) or not same_shape(node.shape, base.shape[1:]):
        return None
    return base, start

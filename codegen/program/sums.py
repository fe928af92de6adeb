"""Sums of matrix products: each product adds to what is there, in the memory of the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symgrad.dtypes import Dtype
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise, apply
from symgrad.graph import replace, topological_order, users
from symgrad.shapes import Shape, same_shape
from symgrad.tensor import Tensor, make


@dataclass(frozen=True)
class MultiplyAdd(Contraction):
    """A contraction of the first two inputs plus the third, a product that nothing else needs: its memory is used."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return inputs[2].shape, inputs[2].dtype


def add_in_place(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors of a prepared graph with products that are added up as `MultiplyAdd`s.

    What is added is the same, in another order: so rounding may differ.
    """
    order = topological_order(tensors)
    used_by = users(order)
    ends = set(tensors)
    place = {node: i for i, node in enumerate(order)}

    def single(node: Tensor) -> bool:
        return len(used_by[node]) == 1 and node not in ends

    sums = [node for node in order if _is_sum(node)]
    inner = {node for node in sums if single(node) and _is_sum(used_by[node][0]) and _alike(node, used_by[node][0])}
    terms: dict[Tensor, tuple[list[Tensor], list[Tensor]]] = {}
    for node in sums:
        if node in inner:
            continue
        products: list[Tensor] = []
        others: list[Tensor] = []
        pending = list(node.inputs)
        while pending:
            term = pending.pop()
            if term in inner:
                pending += term.inputs
            elif type(term.operation) is Contraction and single(term) and _alike(term, node):
                products.append(term)
            else:
                others.append(term)
        if len(products) > 1:
            terms[node] = sorted(products, key=place.__getitem__), sorted(others, key=place.__getitem__)
    if not terms:
        return list(tensors)

    def total(node: Tensor, new: Mapping[Tensor, Tensor]) -> Tensor | None:
        if node not in terms:
            return None
        products, others = terms[node]
        result = new[products[0]]
        for term in products[1:]:
            product = new[term]
            operation = product.operation
            assert isinstance(operation, Contraction)
            operation = MultiplyAdd(operation.left, operation.right, operation.output)
            result = make(operation, (*product.inputs, result))
        for other in others:
            result = apply("add", result, new[other])
        return result

    new = replace(tensors, total)
    return [new[tensor] for tensor in tensors]


def written_out(node: Tensor) -> Tensor:
    """Return a `MultiplyAdd` as a product and a sum, which formulas know; anything else as it is."""
    operation = node.operation
    if not isinstance(operation, MultiplyAdd):
        return node
    product = make(Contraction(operation.left, operation.right, operation.output), node.inputs[:2])
    return apply("add", node.inputs[2], product)


def _is_sum(node: Tensor) -> bool:
    operation = node.operation
    return isinstance(operation, Elementwise) and operation.function.name == "add"


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and same_shape(a.shape, b.shape)

"""Diagonal matrices: what is known to be zero off the diagonal is computed on the diagonal only."""

from __future__ import annotations

from symgrad.dtypes import is_float
from symgrad.families.elementwise import Cast, Elementwise, apply
from symgrad.families.layout import (
    BroadcastTo,
    Diagonal,
    EmbedDiagonal,
    Reshape,
    ones,
    repeated_number,
    reshape,
    zeros_like,
)
from symgrad.families.leaf import Iota, constant_number
from symgrad.shapes import same_shape, same_size
from symgrad.simplify.monomials import Monomial, join, split
from symgrad.tensor import Tensor, make


def diagonal_of(x: Tensor) -> Tensor | None:
    """Return the diagonal if `x` is a square matrix written with zeros off it: diag(v) or an identity matrix."""
    if isinstance(x.operation, EmbedDiagonal) and x.ndim == 2:
        return x.inputs[0]
    return ones((x.shape[0],), x.dtype) if is_identity(x) else None


def is_identity(x: Tensor) -> bool:
    """Return whether `x` is written as np.eye writes it, or as diag(1)."""
    if isinstance(x.operation, EmbedDiagonal) and x.ndim == 2:
        (v,) = x.inputs
        return isinstance(v.operation, BroadcastTo) and constant_number(v.inputs[0]) == 1
    if not isinstance(x.operation, Cast) or x.ndim != 2 or not same_size(*x.shape) or not is_float(x.dtype):
        return False
    condition = x.inputs[0]
    if not isinstance(condition.operation, Elementwise) or condition.operation.function.name != "equal":
        return False
    column, row = (_uncast(side) for side in condition.inputs)
    return (
        isinstance(row.operation, Iota)
        and isinstance(column.operation, Reshape)
        and isinstance(_uncast(column.inputs[0]).operation, Iota)
        and same_shape(column.shape, (x.shape[0], 1))
    )


def _uncast(x: Tensor) -> Tensor:
    while isinstance(x.operation, Cast):
        (x,) = x.inputs
    return x


def on_the_diagonal(x: Tensor) -> Tensor:
    """Return the diagonal of what broadcasts to a square matrix, as it broadcasts to a vector."""
    if x.ndim < 2:
        return x
    if x.shape[1] == 1:
        return reshape(x, (x.shape[0],))
    if x.shape[0] == 1:
        return reshape(x, (x.shape[1],))
    return make(Diagonal(), (x,))


def product_with_diagonal(node: Tensor) -> Tensor | None:
    """diag(v) * x = diag(v * the diagonal of x)."""
    if node.ndim != 2 or not same_size(*node.shape):
        return None
    monomial = split(node)
    powers = monomial.tensors()
    found = next((x for x, e in powers.items() if e > 0 and x.ndim == 2 and diagonal_of(x) is not None), None)
    if found is None or (len(powers) == 1 and powers[found] == 1):
        return None
    product = Monomial(1, 1, {}, node.dtype)
    for x, e in powers.items():
        v = diagonal_of(x) if x.ndim == 2 else None
        product = product.times(split(on_the_diagonal(x) if v is None else v).to_the(e))
    on_diagonal = make(EmbedDiagonal(), (join(product, (node.shape[0],)),))
    return join(monomial.front().times(split(on_diagonal)), node.shape)


def diagonal_of_product(node: Tensor) -> Tensor | None:
    """diag(diag(v)) = v, and diag(A * B) = diag(A) * diag(B) where that takes less to compute."""
    (x,) = node.inputs
    if node.ndim != 1 or not is_float(node.dtype):
        return None
    v = diagonal_of(x)
    if v is not None:
        return v
    powers = split(x).tensors()
    if all(y.ndim == 2 and 1 not in y.shape for y in powers):
        return None
    product = split(x).front()
    for y, e in powers.items():
        product = product.times(split(on_the_diagonal(y)).to_the(e))
    return join(product, node.shape)


def chosen_diagonal(node: Tensor) -> Tensor | None:
    """where(c, diag(v), 0) = diag(where(c, v, 0))."""
    condition, a, b = node.inputs
    v = diagonal_of(a)
    if v is None or repeated_number(b) != 0 or node.ndim != 2 or not same_shape(node.shape, a.shape):
        return None
    chosen = apply("where", on_the_diagonal(condition), v, zeros_like(v))
    return make(EmbedDiagonal(), (chosen,))

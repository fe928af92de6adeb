"""Linear algebra on square matrices: inverses, determinants, solutions and triangular factors.

Every operation works on the last two axes; the axes before them are a batch. Derivatives are closed forms over the
same family (Giles, "An extended collection of matrix derivative results", 2008; Murray, arXiv:1602.07527, 2016), so
they can be differentiated again. An operation that reads one triangle of a matrix has no slope in the other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from symgrad.dtypes import Dtype, is_float
from symgrad.errors import DtypeError, ShapeError
from symgrad.families.contraction import einsum, matmul
from symgrad.families.elementwise import apply
from symgrad.families.layout import EmbedDiagonal, expand_dims, ones, reshape, swapaxes
from symgrad.families.pieces import tril, triu
from symgrad.families.reduction import any as any_
from symgrad.shapes import Shape, format_shape, same_shape, same_size
from symgrad.tensor import Operation, Tensor, make


def _check_square(x: Tensor, what: str) -> None:
    if x.ndim < 2 or not same_size(x.shape[-1], x.shape[-2]):
        raise ShapeError(f"{what} needs square matrices (..., n, n), not shape {format_shape(x.shape)}")
    if not is_float(x.dtype):
        raise DtypeError(f"{what} needs float32 or float64, not {x.dtype.name}")


def _check_system(inputs: tuple[Tensor, ...], what: str) -> None:
    a, b = inputs
    _check_square(a, what)
    if b.dtype != a.dtype or b.ndim != a.ndim or not same_shape(b.shape[:-1], a.shape[:-1]):
        raise ShapeError(
            f"{what} of {format_shape(a.shape)} and {format_shape(b.shape)}: the right-hand side must be (..., n, k)"
        )


@dataclass(frozen=True)
class Inverse(Operation):
    """The inverse of each matrix (..., n, n)."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_square(inputs[0], "inv")
        return inputs[0].shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        y = _or_identity(node, g) if guarded else node
        return (apply("negative", einsum("...ik,...lk->...il", einsum("...ji,...jk->...ik", y, g), y)),)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (t,) = tangents
        return None if t is None else apply("negative", matmul(matmul(node, t), node))


@dataclass(frozen=True)
class Determinant(Operation):
    """The determinant of each matrix (..., n, n), the logarithm of its absolute value, or its sign."""

    kind: Literal["det", "logabsdet", "sign"]

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_square(inputs[0], "det")
        return inputs[0].shape[:-2], inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        if self.kind == "sign":
            return (None,)
        (a,) = node.inputs
        g = expand_dims(g, (-2, -1))
        if guarded:
            a = _or_identity(a, g)
        if self.kind == "det":
            value = expand_dims(node, (-2, -1))
            g = apply("multiply_no_nan", value, g) if guarded else apply("multiply", g, value)
        return (apply("multiply", g, _transposed(make(Inverse(), (a,)))),)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (a,), (t,) = node.inputs, tangents
        if t is None or self.kind == "sign":
            return None
        change = einsum("...ij,...ji->...", make(Inverse(), (a,)), t)
        return apply("multiply", node, change) if self.kind == "det" else change


@dataclass(frozen=True)
class Solve(Operation):
    """The x (..., n, k) with a @ x = b, for a (..., n, n) and b (..., n, k) with the same leading axes."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_system(inputs, "solve")
        return inputs[1].shape, inputs[1].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        a, x = node.inputs[0], node
        if guarded:
            a, x = _or_identity(a, g), _or_zeros(x, g)
        u = make(self, (_transposed(a), g))
        return apply("negative", _columns_product(u, x)), u

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (a, _), (da, db) = node.inputs, tangents
        right = _difference(db, None if da is None else matmul(da, node))
        return None if right is None else make(self, (a, right))


@dataclass(frozen=True)
class Cholesky(Operation):
    """The lower triangle l with l @ l.T = a, zeros above; only the lower triangle of a (..., n, n) is read."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_square(inputs[0], "cholesky")
        return inputs[0].shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        # The entries above the diagonal are mirror images of those below, which get the slopes of both.
        factor = _or_identity(node, g) if guarded else node
        inner = _mirrored(einsum("...ji,...jk->...ik", factor, g))
        return (_lower_half(_between(inner, factor, TriangularSolve(lower=True, transposed=True))),)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (t,) = tangents
        if t is None:
            return None
        return matmul(node, _lower_half(_between(_mirrored(t), node, TriangularSolve(lower=True))))


@dataclass(frozen=True)
class TriangularSolve(Operation):
    """The x (..., n, k) with a @ x = b, or a.T @ x = b if `transposed`; only one triangle of a (..., n, n) is read."""

    lower: bool
    transposed: bool = False

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_system(inputs, "triangular solve")
        return inputs[1].shape, inputs[1].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        a, x = node.inputs[0], node
        if guarded:
            a, x = _or_identity(a, g), _or_zeros(x, g)
        u = make(TriangularSolve(self.lower, not self.transposed), (a, g))
        product = _columns_product(x, u) if self.transposed else _columns_product(u, x)
        return self._triangle(apply("negative", product)), u

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (a, _), (da, db) = node.inputs, tangents
        change = None
        if da is not None:
            change = einsum("...ji,...jk->...ik" if self.transposed else "...ij,...jk->...ik", self._triangle(da), node)
        right = _difference(db, change)
        return None if right is None else make(self, (a, right))

    def _triangle(self, a: Tensor) -> Tensor:
        return tril(a) if self.lower else triu(a)


def _transposed(a: Tensor) -> Tensor:
    return swapaxes(a, -1, -2)


def _difference(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if b is None:
        return a
    return apply("negative", b) if a is None else apply("subtract", a, b)


def _columns_product(u: Tensor, x: Tensor) -> Tensor:
    """Return u @ x.T; where both have one column only, nothing is summed."""
    if u.shape[-1] != 1:
        return einsum("...ik,...jk->...ij", u, x)
    return einsum("...i,...j->...ij", reshape(u, u.shape[:-1]), reshape(x, x.shape[:-1]))


def _mirrored(a: Tensor) -> Tensor:
    """Return the symmetric matrix that has the lower triangle of `a`."""
    return apply("add", tril(a), _transposed(tril(a, -1)))


def _lower_half(a: Tensor) -> Tensor:
    """Return the lower triangle with half the diagonal: added to its transpose, a symmetric `a` comes out again."""
    return apply("multiply", apply("add", tril(a), tril(a, -1)), 0.5)


def _between(symmetric: Tensor, factor: Tensor, solve: TriangularSolve) -> Tensor:
    """Return inv(l) @ symmetric @ inv(l).T, where `solve` of l = `factor` is by which both sides are divided."""
    return make(solve, (factor, _transposed(make(solve, (factor, symmetric)))))


# Behind a `where`, matrices that were not taken have cotangents that are all zero. -----------------------------------


def _in_use(g: Tensor) -> Tensor:
    return any_(apply("not_equal", g, 0), (-2, -1), keepdims=True)


def _or_identity(a: Tensor, g: Tensor) -> Tensor:
    """Return `a` with the identity for the matrices that were not taken: it can be inverted."""
    return apply("where", _in_use(g), a, make(EmbedDiagonal(), (ones(a.shape[-1:], a.dtype),)))


def _or_zeros(x: Tensor, g: Tensor) -> Tensor:
    return apply("where", _in_use(g), x, 0)


__all__ = ["Cholesky", "Determinant", "Inverse", "Solve", "TriangularSolve"]

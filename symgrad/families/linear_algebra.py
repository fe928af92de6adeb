"""Linear algebra on square matrices: inverses, determinants, solutions and triangular factors.

Every operation works on the last two axes; the axes before them are a batch. Derivatives are closed forms over the
same family (Giles, "An extended collection of matrix derivative results", 2008; Murray, arXiv:1602.07527, 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symgrad.dtypes import Dtype, is_float
from symgrad.errors import DtypeError, ShapeError
from symgrad.shapes import Shape, format_shape, same_shape, same_size
from symgrad.tensor import Operation, Tensor


def _check_square(x: Tensor, what: str) -> None:
    if x.ndim < 2 or not same_size(x.shape[-1], x.shape[-2]):
        raise ShapeError(f"{what} needs square matrices (..., n, n), not shape {format_shape(x.shape)}")
    if not is_float(x.dtype):
        raise DtypeError(f"{what} needs float32 or float64, not {x.dtype.name}")


def _check_right_side(a: Tensor, b: Tensor, what: str) -> None:
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


@dataclass(frozen=True)
class Determinant(Operation):
    """The determinant of each matrix (..., n, n), the logarithm of its absolute value, or its sign."""

    kind: Literal["det", "logabsdet", "sign"]

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_square(inputs[0], "det")
        return inputs[0].shape[:-2], inputs[0].dtype


@dataclass(frozen=True)
class Solve(Operation):
    """The x (..., n, k) with a @ x = b, for a (..., n, n) and b (..., n, k) with the same leading axes."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_right_side(*inputs, "solve")
        return inputs[1].shape, inputs[1].dtype


@dataclass(frozen=True)
class Cholesky(Operation):
    """The lower triangle l with l @ l.T = a, zeros above; only the lower triangle of a (..., n, n) is read."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_square(inputs[0], "cholesky")
        return inputs[0].shape, inputs[0].dtype


@dataclass(frozen=True)
class TriangularSolve(Operation):
    """The x (..., n, k) with a @ x = b, or a.T @ x = b if `transposed`; only one triangle of a (..., n, n) is read."""

    lower: bool
    transposed: bool = False

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        _check_right_side(*inputs, "triangular solve")
        return inputs[1].shape, inputs[1].dtype


__all__ = ["Cholesky", "Determinant", "Inverse", "Solve", "TriangularSolve"]

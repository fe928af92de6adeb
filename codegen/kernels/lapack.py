"""Linear algebra as batches of matrices: what is handed to a kernel that calls LAPACK, and what to say if it fails.

Determinants have no kernel of their own. They are made of the pivots of an elimination, which the logarithm, the sign
and the determinant of the same matrices share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from codegen.program.views import View, constant_or_size, operand, row_major_strides
from symgrad.dtypes import Dtype
from symgrad.errors import LinearAlgebraError
from symgrad.families.linear_algebra import Cholesky, Inverse, Solve, TriangularSolve
from symgrad.shapes import Shape, Size, product, same_size, substitute
from symgrad.tensor import Operation, Tensor, built_at


@dataclass(frozen=True)
class Pivots(Operation):
    """The pivots of eliminating each matrix (..., n, n) with exchanges of rows, and the sign of these: (..., n + 1).

    The product of them all is the determinant. If a pivot is zero, elimination stops there, and all are zero.
    """

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        (x,) = inputs
        return (*x.shape[:-2], x.shape[-1] + 1), x.dtype


LAPACK = (Cholesky, Inverse, Pivots, Solve, TriangularSolve)
"""The operations that are kernels calling LAPACK."""

_FAILURES: dict[type[Operation], tuple[str, str]] = {
    Cholesky: ("cholesky", "not positive definite"),
    Inverse: ("inv", "singular"),
    Solve: ("solve", "singular"),
    TriangularSolve: ("solve_triangular", "singular"),
}


def may_fail(node: Tensor) -> bool:
    """Return whether the values of a node's matrices may be such that NumPy raises."""
    return type(node.operation) in _FAILURES


@dataclass(frozen=True)
class Matrices:
    """A batch of matrices in the memory of `base`: where it starts and the strides along its axes, in entries."""

    base: Tensor
    offset: Size
    batch: Size
    row: Size
    column: Size

    @property
    def transposed(self) -> Matrices:
        """The same memory, rows read as columns."""
        return Matrices(self.base, self.offset, self.batch, self.column, self.row)


@dataclass(frozen=True)
class MatrixCall:
    """A call into LAPACK for each of `batch` matrices with `order` rows; the result has `columns` columns.

    Operands may be views; the result is in row-major order. `kernel` names what is computed: "cholesky", "inverse",
    "pivots", "solve", or "solve.lower" and its like (see `codegen.llvm.lapack`).
    """

    kernel: str
    dtype: str
    operands: tuple[Matrices, ...]
    output: Tensor
    batch: Size
    order: Size
    columns: Size

    @property
    def flops(self) -> Size:
        """The leading term of the number of multiplications, divisions and additions."""
        n, k = self.order, self.columns
        sixths = {"cholesky": 2 * n**3, "inverse": 16 * n**3, "pivots": 4 * n**3, "solve": 4 * n**3 + 12 * n * n * k}
        total: Any = self.batch * sixths.get(self.kernel, 6 * n * n * k)
        return total // 6 if isinstance(total, int) else total / 6

    def failure(self, number: int, sizes: Mapping[sympy.Symbol, int]) -> LinearAlgebraError:
        """Return the error to raise if matrix `number` (from 0) was not what the operation needs."""
        name, what = _FAILURES[type(self.output.operation)]
        batch = [substitute(size, sizes) for size in self.output.shape[:-2]]
        index = ", ".join(str(i) for i in np.unravel_index(number, batch)) if batch else ""
        which = f"matrix [{index}] of the batch" if batch else "the matrix"
        return LinearAlgebraError(f"{name}: {which} is {what}{built_at(self.output)}")


def matrix_call(node: Tensor) -> MatrixCall:
    """Return a node of linear algebra, whose operands are views of stored tensors, as a call."""
    operands = [matrices(x) for x in node.inputs]
    shape = node.inputs[0].shape
    match node.operation:
        case TriangularSolve(lower, transposed):
            if operands[0].row == 1 and operands[0].column != 1:
                # What lies in memory by columns is the transpose of what lies there by rows.
                operands[0], lower, transposed = operands[0].transposed, not lower, not transposed
            kernel = f"solve.{'lower' if lower else 'upper'}{'.transposed' if transposed else ''}"
        case operation:
            kernel = type(operation).__name__.lower()
    return MatrixCall(kernel, node.dtype.name, tuple(operands), node, product(shape[:-2]), shape[-1], node.shape[-1])


def matrices(node: Tensor) -> Matrices:
    """Return a node as matrices in the memory of what lies below it, or, where that cannot be, in its own."""
    for view in (operand(node), View(node, 0, row_major_strides(node.shape))):
        batch = _one_stride(node.shape[:-2], view.strides[:-2])
        if batch is not None:
            return Matrices(view.base, *map(constant_or_size, (view.offset, batch, *view.strides[-2:])))
    raise AssertionError(f"an array in row-major order has one stride for its batch: {node!r}")


def _one_stride(shape: Shape, strides: Sequence[Any]) -> Any:
    """Return the stride of some axes that are one axis in memory; None if they are not."""
    stride: Any = None
    for size, step in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if stride is not None and not same_size(stride, step * size):
            return None
        stride = step
    return 0 if stride is None else stride

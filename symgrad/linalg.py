"""Linear algebra on matrices: what `sg.linalg.inv`, ... are, and what `np.linalg.inv(X)` is sent to.

Matrices are the last two axes of a tensor, the axes before them a batch, as in `numpy.linalg`. Integers and bools are
converted to float64. A matrix that is singular, or not positive definite, is seen only when values are computed:
LinearAlgebraError, a `numpy.linalg.LinAlgError`, is raised then.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from symgrad.dtypes import FLOAT64, is_float
from symgrad.errors import GraphError, ShapeError
from symgrad.families.contraction import matmul, tensordot
from symgrad.families.contraction import outer as all_products
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import broadcast_to, expand_dims, squeeze, swapaxes
from symgrad.families.leaf import as_tensor
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.pieces import common_dtype
from symgrad.families.pieces import diagonal as diagonal_of_axes
from symgrad.families.reduction import max as max_
from symgrad.families.reduction import min as min_
from symgrad.families.reduction import sum as sum_
from symgrad.numpy_names import power
from symgrad.shapes import broadcast_shapes, format_shape, normalize_axes, normalize_axis, same_size
from symgrad.tensor import Operation, Tensor, make


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


def inv(a: Any) -> Tensor:
    """Return the inverse of each matrix, as np.linalg.inv.

    `a` has shape (..., n, n), and so has the result. The derivative of Y = inv(A) is -Y dA Y (Giles, 2008, 2.2.3).

    Raises ShapeError for what is not square; LinearAlgebraError at run time for a singular matrix.

    >>> import symgrad as sg
    >>> A = sg.variable("A", (2, 2))
    >>> sg.evaluate(inv(A), {A: [[2.0, 0.0], [0.0, 4.0]]})
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return make(Inverse(), (_matrices(a, "inv"),))


def det(a: Any) -> Tensor:
    """Return the determinant of each matrix, as np.linalg.det.

    `a` has shape (..., n, n), the result the shape of the batch; without rows the determinant is 1. The gradient is
    det(A) * inv(A).T (Jacobi's formula), computed by the inverse: where the matrix is singular, it raises
    LinearAlgebraError.

    >>> import symgrad as sg
    >>> A = sg.variable("A", (2, 2))
    >>> print(sg.formula(sg.grad(det(A), A)))
    det(A) * inv(A).T
    """
    return make(Determinant("det"), (_matrices(a, "det"),))


def slogdet(a: Any) -> SlogdetResult:
    """Return the sign of the determinant of each matrix and the logarithm of its absolute value, as np.linalg.slogdet.

    `a` has shape (..., n, n), both results the shape of the batch. A singular matrix has the sign 0 and the logarithm
    -inf. The gradient of the logarithm is inv(A).T; the sign has none.

    >>> import symgrad as sg
    >>> A = sg.variable("A", (2, 2))
    >>> sign, logabsdet = slogdet(A)
    >>> print(sg.formula(sg.grad(logabsdet, A)))
    inv(A).T
    """
    a = _matrices(a, "slogdet")
    return SlogdetResult(make(Determinant("sign"), (a,)), make(Determinant("logabsdet"), (a,)))


def solve(a: Any, b: Any) -> Tensor:
    """Return the x with a @ x = b, as np.linalg.solve.

    `a` has shape (..., n, n); `b` is a vector (n,) if it has one axis, and matrices (..., n, k) otherwise. Batches
    broadcast. The gradient by b is u = solve(a.T, g), that by a is -u @ x.T (Giles, 2008, 2.3.1).

    Raises ShapeError if the sizes do not fit; LinearAlgebraError at run time for a singular matrix.

    >>> import symgrad as sg
    >>> A, b = sg.variable("A", (2, 2)), sg.variable("b", (2,))
    >>> sg.evaluate(solve(A, b), {A: [[2.0, 0.0], [0.0, 4.0]], b: [1.0, 1.0]})
    array([0.5 , 0.25])
    """
    return _solved(Solve(), a, b, "solve")


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False) -> Tensor:
    """Return the x with a @ x = b, or with a.T @ x = b for trans=1, as scipy.linalg.solve_triangular.

    Only the upper triangle of `a` is read (the lower one with `lower`), and only it has a gradient. Shapes are those of
    `solve`; `trans` may also be "N" or "T" (2 and "C" are the same for real matrices).

    Raises ShapeError if the sizes do not fit; LinearAlgebraError at run time for a zero on the diagonal.

    >>> import symgrad as sg
    >>> L, b = sg.variable("L", (2, 2)), sg.variable("b", (2,))
    >>> sg.evaluate(solve_triangular(L, b, lower=True), {L: [[2.0, 9.0], [1.0, 1.0]], b: [2.0, 5.0]})
    array([1., 4.])
    """
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise GraphError(f'trans must be 0, 1, 2, "N", "T" or "C", not {trans!r}')
    return _solved(TriangularSolve(bool(lower), trans not in (0, "N")), a, b, "solve_triangular")


def cholesky(a: Any, *, upper: bool = False) -> Tensor:
    """Return the lower triangle L with L @ L.T = a (with `upper` its transpose), as np.linalg.cholesky.

    `a` has shape (..., n, n). Only its lower triangle is read (with `upper` the upper one): it gets the gradient of the
    symmetric matrix, the other one gets none (Murray, arXiv:1602.07527).

    Raises ShapeError for what is not square; LinearAlgebraError at run time for a matrix that is not positive definite.

    >>> import symgrad as sg
    >>> A = sg.variable("A", (2, 2))
    >>> sg.evaluate(cholesky(A), {A: [[4.0, 2.0], [2.0, 5.0]]})
    array([[2., 0.],
           [1., 2.]])
    """
    a = _matrices(a, "cholesky")
    if upper:
        return swapaxes(make(Cholesky(), (swapaxes(a, -1, -2),)), -1, -2)
    return make(Cholesky(), (a,))


def trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Return the sum of a diagonal of each matrix, as np.linalg.trace (np.trace takes the first two axes).

    >>> import symgrad as sg
    >>> trace(sg.variable("A", (5, 3, 3))).shape
    (5,)
    """
    entries = diagonal(x, offset=offset)
    return sum_(entries, -1) if dtype is None else cast(sum_(cast(entries, dtype), -1), dtype)


def diagonal(x: Any, *, offset: int = 0) -> Tensor:
    """Return a diagonal of each matrix, as np.linalg.diagonal."""
    return diagonal_of_axes(x, offset, -2, -1)


def matrix_transpose(x: Any) -> Tensor:
    """Return each matrix transposed, as np.linalg.matrix_transpose."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose needs two axes; the shape is {format_shape(x.shape)}")
    return swapaxes(x, -1, -2)


def outer(x1: Any, x2: Any) -> Tensor:
    """Return the products of all pairs of entries of two vectors, as np.linalg.outer."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError(f"outer needs two vectors, not shapes {format_shape(x1.shape)} and {format_shape(x2.shape)}")
    return all_products(x1, x2)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the norm of vectors or matrices, as np.linalg.norm.

    One axis means vectors along it, two axes mean matrices, None means all axes together. Without `ord` this is the
    root of the sum of squares over the axes, of whatever rank. Vectors also have the orders inf (largest absolute
    entry), -inf (smallest), 0 (entries that are not zero) and any other number p: sum(abs(x)**p)**(1/p). Matrices have
    "fro", 1 and -1 (largest and smallest sum of a column's absolute entries), inf and -inf (of a row's).

    Raises ShapeError for axes that do not fit, GraphError for an order that does not exist, or would need singular
    values ("nuc", 2 and -2 of matrices). The gradient at zero, where the root has a kink, is NaN.

    >>> import symgrad as sg
    >>> X = sg.variable("X", (2, 2))
    >>> sg.evaluate([norm(X), norm(X, axis=1), norm(X, 1)], {X: [[3.0, 4.0], [0.0, 5.0]]})
    [array(7.07106781), array([5., 5.]), array(9.)]
    """
    x = _floating(x)
    axes = _axes(axis, x)
    if ord is None and (axis is None or len(axes) in (1, 2)):
        return _root_of_squares(x, axes, keepdims)
    if len(axes) == 1:
        return _vector_norm(x, axes, ord, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, axes, ord, keepdims)
    raise ShapeError(f"norm with ord={ord!r} takes one axis (vectors) or two (matrices), not {len(axes)}")


def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """Return the norm of the vectors that the entries along axes (all by default) make up, as np.linalg.vector_norm.

    >>> import symgrad as sg
    >>> vector_norm(sg.variable("X", (2, 3, 4)), axis=(0, 2), ord=1).shape
    (3,)
    """
    x = _floating(x)
    return _vector_norm(x, normalize_axes(axis, x.ndim), ord, keepdims)


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """Return the norm of each matrix, as np.linalg.matrix_norm.

    >>> import symgrad as sg
    >>> matrix_norm(sg.variable("X", (2, 3, 4))).shape
    (2,)
    """
    x = _floating(x)
    return _matrix_norm(x, _axes((-2, -1), x), ord, keepdims)


# what norms are made of -----------------------------------------------------------------------------------------------


def _axes(axis: Any, x: Tensor) -> tuple[int, ...]:
    """Return axes in the order given: that of rows, then that of columns."""
    if axis is None:
        return tuple(range(x.ndim))
    axes = tuple(normalize_axis(i, x.ndim) for i in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(set(axes)) != len(axes):
        raise ShapeError(f"norm needs different axes, not {axis}")
    return axes


def _root_of_squares(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return apply("sqrt", sum_(apply("square", x), axes, keepdims))


def _vector_norm(x: Tensor, axes: tuple[int, ...], ord: Any, keepdims: bool) -> Tensor:
    if ord is None or ord == 2:
        return _root_of_squares(x, axes, keepdims)
    if not isinstance(ord, (int, float)) or isinstance(ord, bool):
        raise GraphError(f"vectors have no norm of the order {ord!r}; it is a number, which may be infinite")
    if ord == 0:
        return sum_(cast(apply("not_equal", x, 0), x.dtype), axes, keepdims)
    size = apply("absolute", x)
    if math.isinf(ord):
        return _largest(size, axes, keepdims) if ord > 0 else min_(size, axes, keepdims)
    return power(sum_(power(size, ord), axes, keepdims), 1 / ord)


def _matrix_norm(x: Tensor, axes: tuple[int, ...], ord: Any, keepdims: bool) -> Tensor:
    if ord in (None, "fro", "f"):
        return _root_of_squares(x, axes, keepdims)
    if ord in ("nuc", 2, -2):
        raise GraphError(f"the norm of the order {ord!r} of matrices needs their singular values: it is not supported")
    if ord not in (1, -1, math.inf, -math.inf):
        raise GraphError(f'matrices have no norm of the order {ord!r}; there are "fro", 1, -1, inf and -inf')
    sums = sum_(apply("absolute", x), axes[0] if abs(ord) == 1 else axes[1], keepdims=True)
    return _largest(sums, axes, keepdims) if ord > 0 else min_(sums, axes, keepdims)


def _largest(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """Return the largest of entries that are not negative; 0 for none, which is their sum."""
    return (sum_ if 0 in [x.shape[axis] for axis in axes] else max_)(x, axes, keepdims)


# operands -------------------------------------------------------------------------------------------------------------


def _floating(x: Any) -> Tensor:
    """Return an operand in the dtype `numpy.linalg` computes in."""
    x = as_tensor(x)
    return x if is_float(x.dtype) else cast(x, FLOAT64)


def _matrices(a: Any, what: str) -> Tensor:
    """Return an operand that is square matrices."""
    a = _floating(a)
    if a.ndim < 2 or not same_size(a.shape[-1], a.shape[-2]):
        raise ShapeError(f"{what} needs square matrices (..., n, n), not shape {format_shape(a.shape)}")
    return a


def _solved(operation: Operation, a: Any, b: Any, what: str) -> Tensor:
    """Return the solutions for right-hand sides: a vector, or matrices whose batch broadcasts against that of `a`."""
    a, b = common_dtype([_matrices(a, what), _floating(b)], what)
    n = a.shape[-1]
    is_vector = b.ndim == 1
    if not b.ndim or not same_size(b.shape[0 if is_vector else -2], n):
        raise ShapeError(
            f"{what} of {format_shape(a.shape)} and {format_shape(b.shape)}: "
            f"the right-hand side must be ({n},) or (..., {n}, k)"
        )
    columns = expand_dims(b, 1) if is_vector else b
    try:
        batch = broadcast_shapes(a.shape[:-2], columns.shape[:-2])
    except ShapeError as error:
        raise ShapeError(f"{what} of {format_shape(a.shape)} and {format_shape(b.shape)}: {error}") from None
    x = make(operation, (broadcast_to(a, (*batch, n, n)), broadcast_to(columns, (*batch, *columns.shape[-2:]))))
    return squeeze(x, -1) if is_vector else x


__all__ = [
    "SlogdetResult", "cholesky", "det", "diagonal", "inv", "matmul", "matrix_norm", "matrix_transpose", "norm", "outer",
    "slogdet", "solve", "solve_triangular", "tensordot", "trace", "vector_norm",
]  # fmt: skip

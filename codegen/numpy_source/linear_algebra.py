"""Linear algebra: the functions of np.linalg, and a helper for triangular systems, which NumPy lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codegen.numpy_source.code import Code, call, index
from codegen.numpy_source.form import Context, Form, Once
from symgrad.families.layout import BroadcastTo, Reshape
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.pieces import triangle_of
from symgrad.shapes import same_shape
from symgrad.tensor import Tensor


def inverse_form(node: Tensor, once: Once) -> Form:
    """Return the form of an inverse."""
    assert isinstance(node.operation, Inverse)
    return Form(node.inputs, lambda codes, context: call("np.linalg.inv", codes[0]))


def determinant_form(node: Tensor, once: Once) -> Form:
    """Return the form of a determinant, or of its sign or the logarithm of its absolute value."""
    operation = node.operation
    assert isinstance(operation, Determinant)
    if operation.kind == "det":
        return Form(node.inputs, lambda codes, context: call("np.linalg.det", codes[0]))
    part = "0" if operation.kind == "sign" else "1"
    return Form(node.inputs, lambda codes, context: index(call("np.linalg.slogdet", codes[0]), part))


def cholesky_form(node: Tensor, once: Once) -> Form:
    """Return the form of a Cholesky factor."""
    assert isinstance(node.operation, Cholesky)
    return Form(node.inputs, lambda codes, context: call("np.linalg.cholesky", codes[0]))


def solve_form(node: Tensor, once: Once) -> Form:
    """Return the form of the solutions of a linear system, whose matrix may be a triangle."""
    return Form(node.inputs, lambda codes, context: _solution(node.operation, codes, context))


def vector_solution_form(node: Tensor, once: Once) -> Form | None:
    """Return the form np.linalg.solve(A, b) with a vector b, if `node` is the only column of a solution."""
    (x,) = node.inputs
    operation = x.operation
    if not isinstance(operation, Solve) or not once(x) or not same_shape(node.shape, x.shape[:-1]):
        return None
    a, column = x.inputs
    if isinstance(column.operation, BroadcastTo) and column.inputs[0].ndim == 2:
        (column,) = column.inputs
    vector = column.inputs[0] if isinstance(column.operation, Reshape) else None
    if vector is None or vector.ndim != 1:
        return None
    return Form((a, vector), lambda codes, context: _solution(operation, codes, context))


def _solution(operation: Any, codes: Sequence[Code], context: Context) -> Code:
    if isinstance(operation, Solve):
        return call("np.linalg.solve", *codes)
    assert isinstance(operation, TriangularSolve)
    options = {"lower": str(operation.lower)} | ({"transposed": "True"} if operation.transposed else {})
    return call(context.helper("solve_triangular"), *codes, **options)


def triangle_form(node: Tensor, once: Once) -> Form | None:
    """Return the form np.tril(x, k) or np.triu(x, k), if `node` is a triangle."""
    found = triangle_of(node)
    if found is None:
        return None
    name, x, offset = found
    return Form((x,), lambda codes, context: call(f"np.{name}", codes[0], *([str(offset)] if offset else [])))

"""The notation of linear algebra, and of what is recognised as such: norms and triangles."""

from __future__ import annotations

from typing import Any

from symgrad.families.layout import BroadcastTo, Reshape
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.pieces import triangle_of
from symgrad.families.reduction import Reduction
from symgrad.formula.notation import Index, Number, Reduce, Tree, Word, call
from symgrad.formula.terms.context import Term, Terms, filled
from symgrad.shapes import Shape, broadcast_shapes, same_shape
from symgrad.tensor import Tensor


def _inverse(node: Tensor, terms: Terms) -> Term:
    return Term(call("inv", terms.full(node.inputs[0])), node.shape)


def _determinant(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    a = terms.full(node.inputs[0])
    if operation.kind == "det":
        return Term(call("det", a), node.shape)
    return Term(Index(parts=(call("slogdet", a), Number(0 if operation.kind == "sign" else 1))), node.shape)


def _cholesky(node: Tensor, terms: Terms) -> Term:
    return Term(call("cholesky", terms.full(node.inputs[0])), node.shape)


def _solve(node: Tensor, terms: Terms) -> Term:
    (a, a_shape), (b, b_shape) = (_matrices(x, terms) for x in node.inputs)
    batch = broadcast_shapes(a_shape[:-2], b_shape[:-2])
    return Term(_solution(node, a, b), (*batch, *node.shape[-2:]))


def _matrices(x: Tensor, terms: Terms) -> tuple[Tree, Shape]:
    """Return the notation of an operand whose batch broadcasts, and the shape of what it stands for."""
    loose = terms.loose_shape(x)
    if len(loose) > 1 and same_shape(loose[-2:], x.shape[-2:]):
        return terms.loose(x), loose
    return terms.full(x), x.shape


def _solution(node: Tensor, a: Tree, b: Tree) -> Tree:
    operation: Any = node.operation
    if isinstance(operation, Solve):
        return call("solve", a, b)
    options: dict[str, Tree] = {}
    if operation.transposed:
        options["trans"] = Number(1)
    if operation.lower:
        options["lower"] = Word("True")
    return call("solve_triangular", a, b, **options)


def vector_solution(node: Tensor, terms: Terms) -> Tree | None:
    """Return solve(A, b) with a vector b where `node` is the only column of the solutions for one column."""
    (x,) = node.inputs
    if not isinstance(terms.operation(x), (Solve, TriangularSolve)) or not same_shape(node.shape, x.shape[:-1]):
        return None
    a, columns = x.inputs
    number = terms.loose(columns)
    if isinstance(number, Number):
        return _solution(x, terms.full(a), filled(number, node.shape[-1:], node.dtype))
    if isinstance(terms.operation(columns), BroadcastTo) and same_shape(columns.inputs[0].shape[-2:], x.shape[-2:]):
        (columns,) = columns.inputs  # repeated for a batch only
    b = terms.without_unit_axis(columns)
    return None if b is None or b.ndim != 1 else _solution(x, terms.full(a), terms.full(b))


def norm(node: Tensor, terms: Terms) -> Term | None:
    """Return norm(x) where `node` is the root of a sum of squares over one axis, two, or all of them."""
    (total,) = node.inputs
    kept = isinstance(terms.operation(total), Reshape)
    summed = total.inputs[0] if kept else total
    operation = terms.operation(summed)
    if not isinstance(operation, Reduction) or operation.kind != "sum":
        return None
    (squares,) = summed.inputs
    if kept and not same_shape(total.shape, operation.kept_shape(squares.shape)):
        return None
    if terms.function(squares) != "square" or len(operation.axes) not in (1, 2, squares.ndim):
        return None
    (x,) = squares.inputs
    tree = Reduce("norm", operation.axes, x.ndim, operation.keepdims or kept, parts=(terms.full(x),))
    return Term(tree, node.shape)


def triangle(node: Tensor, terms: Terms) -> Term | None:
    """Return tril(x) or triu(x) where `node` is a triangle of x."""
    found = triangle_of(node)
    if found is None:
        return None
    word, x, offset = found
    return Term(call(word, terms.full(x), *([Number(offset)] if offset else [])), node.shape)


RULES = {
    Inverse: _inverse,
    Determinant: _determinant,
    Cholesky: _cholesky,
    Solve: _solve,
    TriangularSolve: _solve,
}

"""What each kind of gate does to the gradient, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import (
    BroadcastTo,
    Concatenate,
    Diagonal,
    Embed,
    EmbedDiagonal,
    Named,
    Reshape,
    Slice,
    Transpose,
)
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.families.windows import OverlapAdd, Windows
from symgrad.tensor import Operation

_ELEMENTWISE = {
    "add": "add distributes: each term gets the upstream gradient as it is",
    "subtract": "subtract distributes: the second term gets the upstream gradient with its sign changed",
    "negative": "a change of sign changes the sign of the gradient",
    "multiply": "multiply swaps: each factor gets the upstream gradient times the other factor",
    "maximum": "max routes: the larger argument gets the upstream gradient, the other nothing",
    "minimum": "min routes: the smaller argument gets the upstream gradient, the other nothing",
    "relu": "relu routes: the upstream gradient passes where the input is positive, nothing elsewhere",
    "where": "where routes: the branch that was taken gets the upstream gradient, the other nothing",
}
_REDUCTIONS = {
    "sum": "sum distributes: every term gets the upstream gradient",
    "max": "max routes: the largest entry gets the upstream gradient; entries that tie share it",
    "min": "min routes: the smallest entry gets the upstream gradient; entries that tie share it",
    "prod": "product: every factor gets the upstream gradient times the product of the others",
    "logsumexp": "log-sum-exp: its gradient is the softmax",
}
_DETERMINANTS = {
    "det": "determinant: downstream = upstream * det(A) * inv(A).T",
    "logabsdet": "log-determinant: downstream = upstream * inv(A).T",
}
_CHAIN = "chain rule entry by entry: downstream = upstream * local; the Jacobian is diagonal and never built"

_RULES: dict[type[Operation], str | Callable[[Any], str]] = {
    Elementwise: lambda operation: _ELEMENTWISE.get(operation.function.name, _CHAIN),
    Reduction: lambda operation: _REDUCTIONS.get(operation.kind, "constant between jumps: no gradient"),
    Normalization: lambda operation: (
        "softmax p: downstream = p * (upstream - sum(upstream * p))"
        if operation.kind == "softmax"
        else "log-softmax: downstream = upstream - softmax * sum(upstream)"
    ),
    Contraction: lambda operation: (
        f"{'matrix-multiply rule' if _is_matrix_product(operation) else 'product'}: each factor gets the upstream "
        "gradient times the other, transposed to fit"
    ),
    Cast: "another dtype, the same gradient",
    Named: "a name, the same gradient",
    Transpose: "transpose: the gradient is transposed back",
    Reshape: "reshape: the gradient is reshaped back",
    BroadcastTo: "copy adds up: the gradient is summed over the repeats",
    Slice: "slice: the gradient goes back to its place, zeros elsewhere",
    Embed: "padding: the gradient of the part that was put in",
    Concatenate: "join: every part gets its share of the gradient",
    Diagonal: "diagonal: the gradient goes back onto the diagonal, zeros elsewhere",
    EmbedDiagonal: "diagonal matrix: the diagonal of the gradient",
    Windows: "windows: the gradients of all windows that an entry is in add up",
    OverlapAdd: "adding up windows: every window gets the gradient of the places it covers",
    Gather: "picking: the gradient is added up where the entries were picked",
    TakeAlongAxis: "picking: the gradient is added up where the entries were picked",
    ScatterAdd: "adding up: the gradient is picked where the entries were added",
    ScatterAlongAxis: "adding up: the gradient is picked where the entries were added",
    LinearRecurrence: "recurrence: the gradient runs through the same recurrence from the other end",
    Inverse: "inverse Y: downstream = -Y.T @ upstream @ Y.T",
    Determinant: lambda operation: _DETERMINANTS.get(operation.kind, "constant between jumps: no gradient"),
    Solve: "solution x of A x = b: b gets u = solve(A.T, upstream), A gets -u @ x.T",
    Cholesky: "factor L: inv(L).T @ S @ inv(L), S the symmetric matrix with the lower triangle of L.T @ upstream; "
    "the lower triangle, which was read, gets the gradient of both",
    TriangularSolve: "solution x of A x = b: b gets u, the solution with A.T for upstream, the triangle that was read "
    "gets its part of -u @ x.T",
}


def _is_matrix_product(operation: Contraction) -> bool:
    """Return whether a contraction is a product of matrices, or of a matrix and a vector; stacks of them as well."""
    left, right, output = (set(labels) for labels in (operation.left, operation.right, operation.output))
    free = len(left - right), len(right - left)
    return len((left & right) - output) == 1 and max(free) == 1


def rule_of(operation: Operation) -> str:
    """Return in words what an operation does to the gradient that comes from above.

    >>> from symgrad.families.layout import Transpose
    >>> rule_of(Transpose((1, 0)))
    'transpose: the gradient is transposed back'
    """
    rule = _RULES[type(operation)]
    return rule if isinstance(rule, str) else rule(operation)

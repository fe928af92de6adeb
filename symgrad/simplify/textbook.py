"""Rules that bring a graph into the form textbooks print.

They keep values up to rounding for finite numbers, and may move work about: they are for reading, not for running.
"""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.families.contraction import Contraction
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import BroadcastTo, Diagonal, Embed, EmbedDiagonal, Reshape, Slice, Transpose
from symgrad.families.reduction import Reduction
from symgrad.families.windows import OverlapAdd, Windows
from symgrad.simplify import arithmetic, contraction, diagonals, layout, products, sums, symmetry
from symgrad.simplify.engine import Rewrite, Rule, rewrite
from symgrad.tensor import Tensor

_REPLACED = ("product", "quotient", "negation", "sum", "difference")
_PRODUCTS = ("multiply", "divide", "negative", "reciprocal", "square", "power")
_LINEAR = (
    BroadcastTo, Diagonal, Embed, EmbedDiagonal, Gather, OverlapAdd, Reshape, ScatterAdd, ScatterAlongAxis, Slice,
    TakeAlongAxis, Transpose, Windows,
)  # fmt: skip

RULES = (
    *layout.RULES,
    *(rule for rule in arithmetic.RULES if rule.name not in _REPLACED),
    *contraction.RULES,
    Rule(
        "diagonal choice",
        ("where",),
        diagonals.chosen_diagonal,
        "where(c, diag(v), 0) = diag(where(c, v, 0))",
    ),
    Rule("half at ties", ("where",), products.half_at_ties, "where(x > 0, k, where(x == 0, k / 2, 0)) = k * heaviside"),
    Rule("indicator", ("where",), products.indicator, "where(c, k, 0) = k * [c]"),
    Rule("nothing", ("multiply", "divide"), products.vanish, "0 * x = 0"),
    Rule("diagonal of a product", (Diagonal,), diagonals.diagonal_of_product, "diag(diag(v) * A) = v * diag(A)"),
    Rule("diagonal product", _PRODUCTS, diagonals.product_with_diagonal, "diag(v) * x = diag(v * x)"),
    Rule("distribution", _PRODUCTS, products.distribute, "(diag(v) - A) * x = diag(v * x) - A * x"),
    Rule("outer product", _PRODUCTS, products.outer_product, "u[:, None] * v = outer(u, v)"),
    Rule("one product", _PRODUCTS, products.multiply_out, "one number in front, one fraction bar"),
    Rule("one sum", ("add", "subtract"), sums.collect, "like terms are collected, what all share stands in front"),
    Rule(
        "numbers out of layout",
        _LINEAR,
        products.hoist,
        "numbers stand in front",
    ),
    Rule("kept axes", (Reduction,), products.drop_kept_axes, "a reduction over all axes is a single number"),
    Rule("known sum", (Reduction,), sums.known_sum, "sum(softmax(x)) = 1, sum(x - mean(x)) = 0"),
    Rule("numbers out of sums", (Reduction,), products.hoist_from_sum, "sum(c * x) = c * sum(x)"),
    Rule("sum of a product", (Reduction,), products.sum_of_product, "sum(a * b) = a @ b"),
    Rule("numbers out of products", (Contraction,), products.numbers_in_front, "(c * A) @ B = c * A @ B"),
    Rule("product with repeats", (Contraction,), products.without_repeats, "ones @ A sums over the rows of A"),
    Rule("product with a diagonal", (Contraction,), products.multiply_diagonal, "diag(v) @ A = v[:, None] * A"),
    Rule("product with an inverse", (Contraction,), products.cancel_inverse, "inv(A) @ A = eye"),
    Rule("symmetric operand", (Contraction,), symmetry.in_order, "S.T @ A = S @ A"),
    Rule("symmetric matrix", (Transpose,), symmetry.without_transpose, "S.T = S"),
    Rule("transpose of a product", (Transpose,), products.transpose_of_product, "(A.T * v).T = A * v[:, None]"),
)


def textbook(tensors: Iterable[Tensor], log: list[Rewrite] | None = None, keep: Iterable[Tensor] = ()) -> list[Tensor]:
    """Return tensors, in a list, that are equal for finite numbers, in the form a textbook would print.

    Rewrites that fire are added to `log`. Tensors in `keep` stay as they are.

    >>> from symgrad import grad, variable
    >>> A, x = variable("A", (3, 3)), variable("x", (3,))
    >>> textbook([x @ A + x @ A.T])
    [<(A + A.T) @ x: float64 (3,)>]
    """
    return rewrite(tensors, RULES, keep, log)

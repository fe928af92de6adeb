"""Products as textbooks write them: numbers in front, diagonal and identity matrices multiplied out, outer products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symgrad.dtypes import BOOL, is_float
from symgrad.families.contraction import contract
from symgrad.families.elementwise import Cast, apply, cast, function_name
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis
from symgrad.families.layout import (
    BroadcastTo,
    Diagonal,
    EmbedDiagonal,
    Transpose,
    broadcast_to,
    expand_dims,
    repeated_number,
    reshape,
    transpose,
    unrepeated,
    zeros_like,
)
from symgrad.families.leaf import number
from symgrad.families.linear_algebra import Inverse
from symgrad.families.reduction import Reduction
from symgrad.families.reduction import sum as sum_
from symgrad.numpy_names import eye
from symgrad.shapes import Shape, same_shape
from symgrad.simplify.arithmetic import is_plain_zero
from symgrad.simplify.diagonals import diagonal_of, is_identity
from symgrad.simplify.monomials import Monomial, join, product_of, split
from symgrad.simplify.sums import terms_of, write_sum
from symgrad.tensor import Tensor, make

Labels = Sequence[Any]
_MATRIX = 2
_PLACES = (EmbedDiagonal, ScatterAdd, ScatterAlongAxis)
"""Operations that put even a single number into places among zeros."""


def multiply_out(node: Tensor) -> Tensor | None:
    """Write an elementwise product in one order: the number, single numbers, tensors; then what divides."""
    return join(split(node), node.shape) if is_float(node.dtype) else None


def vanish(node: Tensor) -> Tensor | None:
    """0 * x = 0 and 0 / x = 0."""
    if not is_float(node.dtype):
        return None
    above = node.inputs if function_name(node) == "multiply" else node.inputs[:1]
    below = node.inputs[len(above) :]
    if any(repeated_number(x) == 0 for x in below):
        return None
    return zeros_like(node) if any(repeated_number(x) == 0 for x in above) else None


def distribute(node: Tensor) -> Tensor | None:
    """(diag(v) - A) * x = diag(v) * x - A * x: the first term stays diagonal."""
    if node.ndim != _MATRIX or not is_float(node.dtype):
        return None
    monomial = split(node)
    factors = monomial.tensors()
    for x, e in factors.items() if len(factors) > 1 else ():
        terms = terms_of(x) if e == 1 and x.ndim == _MATRIX and same_shape(x.shape, node.shape) else []
        if len(terms) < 2:
            continue
        if not any(diagonal_of(y) is not None for term in terms for y in term.tensors()):
            continue
        others = Monomial(1, 1, {y: n for y, n in factors.items() if y is not x}, node.dtype)
        written = write_sum([term.times(others) for term in terms])
        return join(monomial.front().times(split(written)), node.shape)
    return None


def outer_product(node: Tensor) -> Tensor | None:
    """u[:, None] * v = outer(u, v)."""
    if node.ndim != _MATRIX or 1 in node.shape:
        return None
    monomial = split(node)
    columns: list[Tensor] = []
    rows: list[Tensor] = []
    for x, e in monomial.tensors().items():
        if e != 1:
            return None
        if x.ndim == _MATRIX and x.shape[1] == 1:
            columns.append(reshape(x, (x.shape[0],)))
        elif x.ndim == 1 or x.shape[0] == 1:
            rows.append(reshape(x, (x.shape[-1],)))
        else:
            return None
    if not columns or not rows:
        return None
    pairs = contract(product_of(columns), "i", product_of(rows), "j", "ij")
    return join(monomial.front().times(split(pairs)), node.shape)


def hoist(node: Tensor) -> Tensor | None:
    """Take numbers out of an operation that is linear in its first input."""
    if not is_float(node.dtype):
        return None
    x, *others = node.inputs
    monomial = split(x)
    if monomial.is_plain or not (monomial.tensors() or isinstance(node.operation, _PLACES)):
        return None  # a number alone is written as one, wherever it is repeated
    moved = make(node.operation, (join(monomial.rest(), x.shape), *others))
    return join(monomial.front().times(split(moved)), node.shape)


def hoist_from_sum(node: Tensor) -> Tensor | None:
    """sum(c * x) = c * sum(x)."""
    operation: Any = node.operation
    return hoist(node) if operation.kind == "sum" else None


def drop_kept_axes(node: Tensor) -> Tensor | None:
    """A reduction over all axes is a single number, whether its axes are kept or not."""
    operation: Any = node.operation
    if not operation.keepdims or len(operation.axes) < node.ndim:
        return None
    return reshape(make(Reduction(operation.kind, operation.axes), node.inputs), node.shape)


def sum_of_product(node: Tensor) -> Tensor | None:
    """sum(a * b) = a @ b, and the sum over a diagonal matrix is its diagonal."""
    operation: Any = node.operation
    (x,) = node.inputs
    if operation.kind != "sum" or not is_float(x.dtype):
        return None
    v = diagonal_of(x)
    if v is not None:
        return reshape(sum_(v) if len(operation.axes) == _MATRIX else v, node.shape)
    monomial = split(x)
    factors = list(monomial.powers.items())
    if len(factors) != 2 or any(e != 1 for _, e in factors) or not monomial.is_plain:
        return None
    (a, left), (b, right) = (_axes(factor, x.shape) for factor, _ in factors)
    summed, covered = set(operation.axes), {*left, *right}
    if len(covered) < x.ndim or not summed <= set(left) & set(right) or (left == right and len(left) > 1):
        return None
    output = [axis for axis in range(x.ndim) if axis not in summed]
    return reshape(contract(a, left, b, right, output), node.shape)


def _axes(x: Tensor, shape: Shape) -> tuple[Tensor, list[int]]:
    """Return a factor without the axes that are repeated, and the axes of `shape` that it has."""
    offset = len(shape) - x.ndim
    kept = [i for i in range(x.ndim) if x.shape[i] != 1 or shape[offset + i] == 1]
    return reshape(x, tuple(x.shape[i] for i in kept)), [offset + i for i in kept]


def _labels(node: Tensor) -> tuple[Labels, Labels, Labels]:
    operation: Any = node.operation
    return operation.left, operation.right, operation.output


def numbers_in_front(node: Tensor) -> Tensor | None:
    """(c * A) @ B = c * A @ B."""
    left, right, output = _labels(node)
    a, b = (split(x) for x in node.inputs)
    if not is_float(node.dtype) or (a.is_plain and b.is_plain):
        return None
    x, y = (join(m.rest(), operand.shape) for m, operand in zip((a, b), node.inputs, strict=True))
    moved = contract(x, left, y, right, output)
    return join(a.front().times(b.front()).times(split(moved)), node.shape)


def without_repeats(node: Tensor) -> Tensor | None:
    """What repeats one operand along an axis only sums the other, or repeats the result."""
    for (x, own), (y, other) in _both_ways(node) if is_float(node.dtype) else ():
        if not isinstance(x.operation, BroadcastTo) and x.shape != ():
            continue
        (inner,) = x.inputs if x.shape != () else (x,)
        kept_x, axes = _axes(inner, x.shape) if x.shape != () else (x, [])
        kept = [own[axis] for axis in axes]
        output = _labels(node)[2]
        present = [label for label in output if label in kept or label in other]
        if not kept:
            summed = [i for i, label in enumerate(other) if label not in output]
            total = sum_(y, tuple(summed)) if summed else y
            remaining = [label for label in other if label in output]
            result = transpose(total, [remaining.index(label) for label in present])
            missing = tuple(i for i, label in enumerate(output) if label not in present)
            result = broadcast_to(expand_dims(result, missing) if missing else result, node.shape)
            number = split(kept_x)
            return join(number.times(split(result)), node.shape)
        result = contract(kept_x, kept, y, other, present)
        missing = tuple(i for i, label in enumerate(output) if label not in present)
        return broadcast_to(expand_dims(result, missing) if missing else result, node.shape)
    return None


def _both_ways(node: Tensor) -> list[tuple[tuple[Tensor, Labels], tuple[Tensor, Labels]]]:
    left, right, _ = _labels(node)
    a, b = node.inputs
    return [((a, left), (b, right)), ((b, right), (a, left))]


def multiply_diagonal(node: Tensor) -> Tensor | None:
    """diag(v) @ A = v[:, None] * A, and eye @ A = A."""
    output = _labels(node)[2]
    for (x, own), (y, other) in _both_ways(node):
        v = diagonal_of(x)
        if v is None or all(label in output for label in own):
            continue
        i, j = own
        if i in other and j in other:
            if i in output or j in output:
                continue
            # The sum over both is the sum over the diagonal.
            rest = [label for label in other if label not in own]
            y = make(Diagonal(), (transpose(y, [*(other.index(label) for label in (*rest, i, j))]),))
            return contract(v, [i], y, [*rest, i], output)
        kept, summed = (i, j) if j in other else (j, i)
        moved = [kept if label == summed else label for label in other]
        if set(moved) != set(output):
            return contract(v, [kept], y, moved, output)
        entries = transpose(y, [moved.index(label) for label in output])
        if is_identity(x):
            return entries
        behind = y.ndim - 1 - output.index(kept)
        return apply("multiply", reshape(v, (*v.shape, *(1,) * behind)), entries)
    return None


def cancel_inverse(node: Tensor) -> Tensor | None:
    """inv(A) @ A = eye."""
    output = _labels(node)[2]
    for (x, own), (y, other) in _both_ways(node):
        if isinstance(x.operation, Inverse) and x.inputs[0] is y and x.ndim == _MATRIX and len(output) == _MATRIX:
            summed = [label for label in own if label not in output]
            if len(summed) == 1 and own.index(summed[0]) != other.index(summed[0]):
                return cast(eye(node.shape[0]), node.dtype)
    return None


def transpose_of_product(node: Tensor) -> Tensor | None:
    """(A.T * v).T = A * v[:, None]: a transpose goes inside where it meets another."""
    (x,) = node.inputs
    if node.ndim != _MATRIX or not is_float(node.dtype):
        return None
    if diagonal_of(x) is not None:
        return x
    monomial = split(x)
    if len(monomial.powers) < 2 or not any(isinstance(y.operation, Transpose) for y in monomial.powers):
        return None
    return join(monomial.with_powers({_transposed(y): e for y, e in monomial.powers.items()}), node.shape)


def _transposed(x: Tensor) -> Tensor:
    if x.ndim == 0:
        return x
    if x.ndim == 1:
        return expand_dims(x, 1)
    return reshape(x, x.shape[::-1]) if 1 in x.shape else transpose(x)


def indicator(node: Tensor) -> Tensor | None:
    """where(c, k, 0) = k * [c] for a number k."""
    condition, a, b = node.inputs
    if not is_float(node.dtype) or repeated_number(b) != 0:
        return None
    value = unrepeated(a)
    if value.shape != ():
        return None
    return join(split(value).times(split(cast(condition, node.dtype))), node.shape)


def half_at_ties(node: Tensor) -> Tensor | None:
    """where(x > y, k, where(x == y, k / 2, 0)) = k * heaviside(x - y), which is 1/2 at 0: the slope of a maximum."""
    condition, a, rest = node.inputs
    sides = _sides(condition, "greater") or _sides(condition, "less")[::-1]
    if not sides or not is_float(node.dtype):
        return None
    otherwise = split(rest).powers
    for factor in otherwise:
        tie, value = _choice(factor)
        if tie is None or otherwise[factor] != 1 or set(_sides(tie, "equal")) != set(sides):
            continue
        others = split(rest).over(Monomial(1, 1, {factor: 1}, node.dtype)).times(split(value))
        ratio = split(a).over(others)
        if (ratio.number, ratio.divisor, ratio.powers) == (2, 1, {}):
            x, y = sides
            step = apply("heaviside", x if is_plain_zero(y) else apply("subtract", x, y))
            return join(split(a).times(split(step)), node.shape)
    return None


def _sides(condition: Tensor, name: str) -> tuple[Tensor, ...]:
    """Return the two sides of a comparison, if it is the one called so."""
    return condition.inputs if function_name(condition) == name else ()


def _choice(x: Tensor) -> tuple[Tensor | None, Tensor]:
    """Return condition and value of where(condition, value, 0) and of a condition that counts as 0 or 1."""
    if isinstance(x.operation, Cast) and x.inputs[0].dtype == BOOL:
        return x.inputs[0], number(1, x.dtype)
    if function_name(x) == "where":
        condition, value, other = x.inputs
        if repeated_number(other) == 0:
            return condition, value
    return None, x

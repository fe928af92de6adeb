"""Sums as textbooks write them: like terms collected, what all terms share in front, one sign."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Any

from symgrad.dtypes import is_float
from symgrad.families.contraction import Contraction, contract
from symgrad.families.elementwise import apply, function_name
from symgrad.families.layout import BroadcastTo, EmbedDiagonal, Reshape, ones_like, transpose, zeros_like
from symgrad.families.leaf import constant_number
from symgrad.families.reduction import Normalization
from symgrad.shapes import Shape, broadcast_shapes, is_static, same_shape
from symgrad.simplify.diagonals import diagonal_of
from symgrad.simplify.monomials import Monomial, Number, is_mean, join, one, reduced, split, times
from symgrad.tensor import Tensor, make

MOST_TERMS = 6
"""Longer sums are taken apart only so far, so that the work stays linear in the graph."""


def terms_of(node: Tensor) -> list[Monomial]:
    """Return the terms of a sum; one for anything else."""
    found: list[Monomial] = []
    stack: list[tuple[Tensor, int]] = [(node, 1)]
    while stack:
        x, sign = stack.pop()
        while isinstance(x.operation, BroadcastTo) and _is_sum(x.inputs[0]):
            (x,) = x.inputs
        if _is_sum(x) and len(found) + len(stack) < MOST_TERMS:
            a, b = x.inputs
            stack += [(b, -sign if function_name(x) == "subtract" else sign), (a, sign)]
            continue
        monomial = split(x)
        inner = _only_factor(monomial)
        if inner is not None and inner is not x and _is_sum(inner) and abs(monomial.number) == 1:
            stack.append((inner, sign if monomial.number > 0 else -sign))
            continue
        found.append(monomial.scaled(sign))
    return found


def _is_sum(x: Tensor) -> bool:
    return function_name(x) in ("add", "subtract") and is_float(x.dtype)


def _only_factor(monomial: Monomial) -> Tensor | None:
    ((x, e),) = monomial.powers.items() if len(monomial.powers) == 1 else ((None, 0),)
    return x if e == 1 and monomial.divisor == 1 else None


def collect(node: Tensor) -> Tensor | None:
    """Collect like terms, merge products with a common factor, and put what all terms share in front."""
    if not is_float(node.dtype):
        return None
    written = terms_of(node)
    collected = _collect_like(written)
    if collected is None:
        return None
    terms = [term for term in _merge_pairs(collected) if not _is_zero(term)]
    if not terms:
        return zeros_like(node)
    if len(terms) == 1:
        return join(terms[0], node.shape)
    common, rest = _take_out(terms)
    if len(terms) == len(written) and common == one(node.dtype) and _is_in_order(node, terms):
        return None
    return join(common.times(split(write_sum(rest))), node.shape)


def _is_in_order(node: Tensor, terms: Sequence[Monomial]) -> bool:
    """Return whether a sum, whose left operand is in its final form, is written as `write_sum` writes its terms."""
    last = split(node.inputs[1])
    sign = -1 if function_name(node) == "subtract" else 1
    return terms[0].number > 0 and last.number > 0 and terms[-1] == last.scaled(sign)


def known_sum(node: Tensor) -> Tensor | None:
    """sum(softmax(x)) = 1, and sum(x - mean(x)) = 0."""
    operation: Any = node.operation
    (x,) = node.inputs
    if operation.kind != "sum":
        return None
    factor = _only_factor(split(x))
    if factor is not x:
        return None
    sizes = [x.shape[axis] for axis in operation.axes]
    if x.operation == Normalization("softmax", operation.axes) and is_static(sizes) and 0 not in sizes:
        return ones_like(node)
    if function_name(x) == "subtract" and _is_mean_of(x.inputs[1], x.inputs[0], operation.axes):
        return zeros_like(node)
    return None


def _is_mean_of(mean: Tensor, x: Tensor, axes: tuple[int, ...]) -> bool:
    if not is_mean(mean):
        return False
    total = mean.inputs[0]
    while isinstance(total.operation, Reshape):
        (total,) = total.inputs
    same = total.inputs[0] is x and total.operation.axes == axes  # type: ignore[attr-defined]
    kept = same_shape(mean.shape, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return same and (kept or len(axes) == x.ndim)


def _collect_like(terms: list[Monomial]) -> list[Monomial] | None:
    """Add up terms with the same factors: x + x = 2 x. Return None where terms cancel: x - x need not be zero."""
    places: dict[Hashable, int] = {}
    result: list[Monomial] = []
    for term in terms:
        key = frozenset((_key(x), e) for x, e in term.powers.items())
        place = places.get(key)
        if place is not None:
            total = _add_numbers(result[place], term)
            if total[0] == 0 and term.powers:
                return None
            result[place] = Monomial(*total, result[place].powers, term.dtype)
            continue
        places[key] = len(result)
        result.append(term)
    return result


def _is_zero(term: Monomial) -> bool:
    return term.number == 0 or any(e == 1 and constant_number(x) == 0 for x, e in term.powers.items())


def _add_numbers(a: Monomial, b: Monomial) -> tuple[Number, int]:
    if isinstance(a.number, int) and isinstance(b.number, int):
        total = Fraction(a.number, a.divisor) + Fraction(b.number, b.divisor)
        return total.numerator, total.denominator
    return reduced(times(a.number / a.divisor + b.number / b.divisor, 1), 1)


def _key(x: Tensor) -> Hashable:
    """Return what equal products have in common, whichever operand stands first and however labels are numbered."""
    operation: Any = x.operation
    if not isinstance(operation, Contraction):
        return x
    operands = list(zip(x.inputs, (operation.left, operation.right), strict=True))
    forms: list[tuple[Any, ...]] = []
    for first, second in (operands, operands[::-1]):
        numbers = {label: i for i, label in enumerate(operation.output)}
        for label in (*first[1], *second[1]):
            numbers.setdefault(label, len(numbers))
        forms.append(tuple((id(x), tuple(numbers[label] for label in labels)) for x, labels in (first, second)))
    return min(forms)


def _merge_pairs(terms: list[Monomial]) -> list[Monomial]:
    """Merge pairs of terms that are linear in one common tensor: A @ u + B @ u = (A + B) @ u."""
    result: list[Monomial] = []
    for term in terms:
        for i, other in enumerate(result):
            merged = _merge(other, term)
            if merged is not None:
                result[i] = merged
                break
        else:
            result.append(term)
    return result


def _merge(a: Monomial, b: Monomial) -> Monomial | None:
    x, y = _mergeable(a), _mergeable(b)
    if x is None or y is None or x is y or not _are_alike(x, y) or a.scalars() != b.scalars():
        return None
    factor = b.front().over(a.front())
    merged = _merged_products(x, y, factor)
    merged = _merged_diagonals(x, y, factor) if merged is None else merged
    return None if merged is None else a.front().times(split(merged))


def _are_alike(x: Tensor, y: Tensor) -> bool:
    """Return whether two tensors may be merged at a glance: products with a common operand, or diagonal matrices."""
    if isinstance(x.operation, Contraction) and not any(operand in y.inputs for operand in x.inputs):
        return False
    return same_shape(x.shape, y.shape)


def _mergeable(term: Monomial) -> Tensor | None:
    """Return the one factor with axes, if it is linear in something else."""
    tensors = [(x, e) for x, e in term.powers.items() if x.shape != ()]
    if len(tensors) != 1 or tensors[0][1] != 1:
        return None
    x = tensors[0][0]
    return x if isinstance(x.operation, Contraction) or diagonal_of(x) is not None else None


def _added(x: Tensor, y: Tensor, factor: Monomial) -> Tensor:
    if factor.number < 0:
        return apply("subtract", x, join(split(y).times(factor.scaled(-1)), y.shape))
    return apply("add", x, join(split(y).times(factor), y.shape))


def _merged_diagonals(x: Tensor, y: Tensor, factor: Monomial) -> Tensor | None:
    a, b = diagonal_of(x), diagonal_of(y)
    return None if a is None or b is None else make(EmbedDiagonal(), (_added(a, b, factor),))


def _merged_products(x: Tensor, y: Tensor, factor: Monomial) -> Tensor | None:
    first: Any = x.operation
    second: Any = y.operation
    if not isinstance(first, Contraction) or not isinstance(second, Contraction):
        return None
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        common = x.inputs[i]
        if common is not y.inputs[j]:
            continue
        ours, shared = _labelled(x, i)
        theirs, shared_there = _labelled(y, j)
        p, q = x.inputs[1 - i], y.inputs[1 - j]
        if shared != shared_there or set(ours) != set(theirs) or len(set(ours)) < len(ours) or p.ndim < 1:
            continue
        fitted = transpose(q, [theirs.index(label) for label in ours])
        total = _added(p, fitted, factor)
        output = list(range(x.ndim))
        # A matrix stands before the vector it is applied to.
        if i == 0 and not (p.ndim > common.ndim):
            return contract(common, shared, total, ours, output)
        return contract(total, ours, common, shared, output)
    return None


def _labelled(x: Tensor, i: int) -> tuple[list[Any], list[Any]]:
    """Return the labels of the other operand and of operand i, numbered by the result and by operand i."""
    operation: Any = x.operation
    own = (operation.left, operation.right)[i]
    numbers: dict[int, Any] = {label: place for place, label in enumerate(operation.output)}
    for axis, label in enumerate(own):
        numbers.setdefault(label, f"summed {axis}")
    other = (operation.left, operation.right)[1 - i]
    return [numbers[label] for label in other], [numbers[label] for label in own]


def _take_out(terms: list[Monomial]) -> tuple[Monomial, list[Monomial]]:
    """Return what all terms share, and the terms without it."""
    first = terms[0]
    powers: dict[Tensor, int] = {}
    for x, e in first.powers.items():
        exponents = [term.powers.get(x, 0) for term in terms]
        if x.shape != ():
            # x + x**2 stays as it is written.
            if all(n == e for n in exponents):
                powers[x] = e
        elif min(exponents) > 0:
            powers[x] = min(exponents)
        elif max(exponents) < 0:
            powers[x] = max(exponents)
    number, divisor = _common_number(terms)
    sign = -1 if all(term.number < 0 for term in terms) else 1
    common = Monomial(number * sign, divisor, powers, first.dtype)
    return common, [term.over(common) for term in terms]


def _common_number(terms: list[Monomial]) -> tuple[Number, int]:
    """Return a positive number that may stand in front of all terms."""
    if all(isinstance(term.number, int) for term in terms):
        number = math.gcd(*(int(term.number) for term in terms))
        divisors = {term.divisor for term in terms}
        return number or 1, divisors.pop() if len(divisors) == 1 else 1
    sizes = {abs(term.number) for term in terms}
    return (sizes.pop(), 1) if len(sizes) == 1 else (1, 1)


def write_sum(terms: Sequence[Monomial]) -> Tensor:
    """Write terms one after another, a positive one first."""
    order = list(terms)
    if order[0].number < 0:
        i = next((i for i, term in enumerate(order) if term.number > 0), None)
        if i is not None:
            order.insert(0, order.pop(i))
    total: Tensor | None = None
    for term in order:
        natural = _natural_shape(term)
        if total is None:
            total = join(term, natural)
        elif term.number < 0:
            total = apply("subtract", total, join(term.scaled(-1), natural))
        else:
            total = apply("add", total, join(term, natural))
    assert total is not None
    return total


def _natural_shape(term: Monomial) -> Shape:
    return broadcast_shapes((), *(x.shape for x in term.powers))

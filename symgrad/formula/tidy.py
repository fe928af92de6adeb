"""Tidying notation as one would on paper: signs and numbers stand in front, once. Values change by rounding only."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symgrad.formula.notation import (
    ADD,
    HADAMARD,
    SCALE,
    SUBTRACT,
    Call,
    Fraction,
    Infix,
    MatrixProduct,
    Name,
    Negative,
    Number,
    Reduce,
    Size,
    Transpose,
    Tree,
    infix,
    with_parts,
)

_ONE = Number(1)


@dataclass(frozen=True)
class _Scaled:
    """number * rest / divisor; no divisor is 1, and no rest is 1."""

    number: float | int
    rest: Tree | None
    divisor: Tree | None = None

    @property
    def is_plain(self) -> bool:
        return self.number == 1 and self.divisor is None


def tidy(tree: Tree) -> Tree:
    """Return a tree, whose parts are tidy, with the numbers of its parts moved in front."""
    rule = _RULES.get(type(tree))
    return tree if rule is None else rule(tree)


def _split(tree: Tree) -> _Scaled:
    """Take a tree apart into a number in front, the rest, and a number below."""
    if isinstance(tree, Number) and not isinstance(tree.value, bool) and math.isfinite(tree.value):
        return _Scaled(tree.value, None)
    if isinstance(tree, Negative):
        inner = _split(tree.parts[0])
        return _Scaled(-inner.number, inner.rest, inner.divisor)
    if isinstance(tree, Infix) and tree.operator is SCALE:
        left, right = tree.parts
        if isinstance(left, Number) and not isinstance(left.value, bool) and math.isfinite(left.value):
            return _Scaled(left.value, right)
    if isinstance(tree, Fraction) and isinstance(tree.parts[1], (Number, Size)) and tree.parts[1] != Number(0):
        above = _split(tree.parts[0])
        if above.divisor is None:
            return _Scaled(above.number, above.rest, tree.parts[1])
    return _Scaled(1, tree)


def _join(scaled: _Scaled) -> Tree:
    """Write a number, a rest and a divisor together, with at most one sign, in front."""
    scaled = _reduced(scaled)
    size = abs(scaled.number)
    if scaled.rest is None:
        tree: Tree = Number(size)
    else:
        tree = scaled.rest if size == 1 else infix(SCALE, Number(size), scaled.rest)
    if scaled.divisor is not None:
        tree = Fraction(parts=(tree, scaled.divisor))
    return Negative(parts=(tree,)) if math.copysign(1, scaled.number) < 0 else tree


def _reduced(scaled: _Scaled) -> _Scaled:
    """Cancel a whole number above and below: 2 / (2 N) is 1 / N."""
    if not isinstance(scaled.divisor, Size) or isinstance(scaled.divisor.size, int):
        return scaled
    factor, size = scaled.divisor.size.as_coeff_Mul()
    if not factor.is_Integer or scaled.number % int(factor):
        return scaled
    return _Scaled(scaled.number // int(factor), scaled.rest, Size(size))


def _hoisted(make: Callable[[tuple[Tree, ...]], Tree], parts: tuple[Tree, ...]) -> Tree:
    """Return `make(parts)`, which is linear in every part, with their numbers in front; parts that are numbers stay."""
    number: float | int = 1
    divisor: Tree | None = None
    bare: list[Tree] = []
    for part in parts:
        scaled = _split(part)
        if scaled.rest is None or scaled.is_plain or (divisor is not None and scaled.divisor is not None):
            bare.append(part)
            continue
        number = _times(number, scaled.number)
        divisor = divisor or scaled.divisor
        bare.append(scaled.rest)
    return _join(_Scaled(number, make(tuple(bare)), divisor))


def _times(a: float | int, b: float | int) -> float | int:
    """Return a product of numbers, without the digits that only rounding has put there."""
    product = a * b
    return product if product in (a, b, -a, -b) or isinstance(product, int) else float(f"{product:.15g}")


def _linear(tree: Tree) -> Tree:
    return _hoisted(lambda parts: with_parts(tree, parts), tree.parts)


def _matrix_product(tree: MatrixProduct) -> Tree:
    """Numbers in front; the identity matrix changes nothing."""
    left, right = tree.parts
    if _is_identity(left):
        return right
    if _is_identity(right):
        return left
    return _linear(_transposed_once(tree) or tree)


def _transposed_once(tree: MatrixProduct) -> Tree | None:
    """C.T @ B.T @ A.T = (A @ B @ C).T, of three factors or more: A.T @ B.T is how books write two."""
    left, right = tree.parts
    if tree.ranks != (2, 2) or not all(_is_transposed(part) for part in tree.parts):
        return None
    if not any(isinstance(part, MatrixProduct) or isinstance(part.parts[0], MatrixProduct) for part in tree.parts):
        return None
    return Transpose(parts=(MatrixProduct((2, 2), parts=(_transpose_of(right), _transpose_of(left))),))


def _is_transposed(tree: Tree) -> bool:
    """Return whether a tree is a transposed matrix or a product of two."""
    if isinstance(tree, MatrixProduct):
        return tree.ranks == (2, 2) and all(isinstance(part, Transpose) for part in tree.parts)
    return isinstance(tree, Transpose) and not tree.stacked


def _transpose_of(tree: Tree) -> Tree:
    if isinstance(tree, Transpose):
        return tree.parts[0]
    left, right = tree.parts
    return MatrixProduct((2, 2), parts=(_transpose_of(right), _transpose_of(left)))


def _transpose(tree: Transpose) -> Tree:
    (x,) = tree.parts
    if isinstance(x, Transpose) and x.stacked == tree.stacked:
        return x.parts[0]
    return x if _is_identity(x) else _linear(tree)


def _is_identity(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function == "eye" and len(tree.parts) - len(tree.keywords) == 1


def _reduce(tree: Reduce) -> Tree:
    return _linear(tree) if tree.kind in ("sum", "mean") else tree


def _negative(tree: Negative) -> Tree:
    inner = _split(tree.parts[0])
    if inner.rest is None and inner.divisor is None:
        return tree if inner.number >= 0 else Number(-inner.number)
    return _join(_Scaled(-inner.number, inner.rest, inner.divisor))


def _infix(tree: Infix) -> Tree:
    if tree.operator is HADAMARD:
        return _linear(tree)
    if tree.operator is SCALE:
        return _scale(*tree.parts)
    if tree.operator in (ADD, SUBTRACT):
        return _sum(*tree.parts, subtract=tree.operator is SUBTRACT)
    return tree


def _scale(factor: Tree, tensor: Tree) -> Tree:
    """A number times a tensor; numbers in front of both become one."""
    a, b = _split(factor), _split(tensor)
    if (a.divisor is None) == (b.divisor is None) and (a.divisor is not None or (a.rest is None and b.rest is None)):
        return infix(SCALE, factor, tensor)
    rest = infix(SCALE, a.rest, b.rest) if a.rest is not None and b.rest is not None else a.rest or b.rest
    return _join(_Scaled(_times(a.number, b.number), rest, a.divisor or b.divisor))


def _sum(left: Tree, right: Tree, subtract: bool) -> Tree:
    """a + (-b) = a - b, (-a) + b = b - a, c * a + c * b = c * (a + b), x + x = 2 * x."""
    a, b = _split(left), _split(right)
    if subtract:
        b = _Scaled(-b.number, b.rest, b.divisor)
    if isinstance(a.rest, Name) and a.rest == b.rest and a.divisor == b.divisor and a.number + b.number != 0:
        return _join(_Scaled(a.number + b.number, a.rest, a.divisor))
    alike = a.divisor == b.divisor and abs(a.number) == abs(b.number) and not (abs(a.number) == 1 and a.divisor is None)
    if alike and a.rest is not None and b.rest is not None:
        total = _signed_sum(a.number > 0, a.rest, b.number > 0, b.rest)
        front = abs(a.number)
        if isinstance(total, Negative):
            front, total = -front, total.parts[0]
        return _join(_Scaled(front, total, a.divisor))
    return _signed_sum(a.number >= 0, _join(_positive(a)), b.number >= 0, _join(_positive(b)))


def _positive(a: _Scaled) -> _Scaled:
    return _Scaled(abs(a.number), a.rest, a.divisor)


def _signed_sum(left_plus: bool, left: Tree, right_plus: bool, right: Tree) -> Tree:
    if left_plus:
        return infix(ADD if right_plus else SUBTRACT, left, right)
    if right_plus:
        return infix(SUBTRACT, right, left)
    return Negative(parts=(infix(ADD, left, right),))


def _fraction(tree: Fraction) -> Tree:
    """A sign above or below stands in front; a number above stays there."""
    above, below = _split(tree.parts[0]), _split(tree.parts[1])
    if above.number >= 0 and below.number >= 0:
        return tree
    parts = tuple(_join(_positive(part)) for part in (above, below))
    fraction = Fraction(parts=parts)
    return fraction if (above.number < 0) == (below.number < 0) else Negative(parts=(fraction,))


_RULES: dict[type[Tree], Callable[[Any], Tree]] = {
    Negative: _negative,
    Infix: _infix,
    Fraction: _fraction,
    MatrixProduct: _matrix_product,
    Transpose: _transpose,
    Reduce: _reduce,
}

__all__ = ["tidy"]

"""The notation of elementwise operations: operators where there are any, else functions by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symgrad.dtypes import BOOL, is_float
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.layout import Reshape
from symgrad.families.leaf import Iota, SizeValue
from symgrad.families.reduction import Reduction
from symgrad.formula.notation import (
    ADD,
    COMPARISONS,
    HADAMARD,
    LOGIC,
    SCALE,
    SUBTRACT,
    Call,
    Fraction,
    Negative,
    Number,
    Operator,
    Power,
    Reduce,
    Size,
    Tree,
    Where,
    call,
    infix,
)
from symgrad.formula.terms.context import Term, Terms, dtype_option, identity_matrix, with_float
from symgrad.formula.terms.linear_algebra import norm, triangle
from symgrad.shapes import broadcast_shapes, product, same_size
from symgrad.tensor import Tensor


def _elementwise(node: Tensor, terms: Terms) -> Term:
    operation: Any = node.operation
    shape = broadcast_shapes(*(terms.loose_shape(x) for x in node.inputs))
    name: str = operation.function.name
    safe = name in _SAFE_WITH_NUMBERS or (name in ("divide", "reciprocal") and terms.number(node.inputs[-1]) != 0)
    if all(terms.is_number(x) for x in node.inputs) and not safe:
        # Python's own operators on two numbers raise where NumPy gives inf or NaN.
        numbers = (with_float(Number(terms.number(x) or 0), x.dtype) for x in node.inputs)
        return Term(Call(name, parts=tuple(numbers)), shape)
    recognise = _RECOGNISED.get(name)
    found = None if recognise is None else recognise(node, terms)
    if found is not None:
        return found
    rule = _FUNCTIONS.get(name)
    if rule is not None:
        return Term(rule(node, terms), shape)
    return Term(Call(_TEXT_NAMES.get(name, name), parts=_operands(node, terms)), shape)


def _operands(node: Tensor, terms: Terms) -> tuple[Tree, ...]:
    return tuple(terms.loose(x) for x in node.inputs)


def _mean(node: Tensor, terms: Terms) -> Term | None:
    """Return the mean where a sum is divided by the number of its terms."""
    total, count = node.inputs
    summed = total.inputs[0] if isinstance(terms.operation(total), Reshape) else total
    operation, written = terms.operation(summed), terms.found[total].tree
    if not isinstance(operation, Reduction) or not isinstance(written, Reduce) or written.kind != "sum":
        return None
    (x,) = summed.inputs
    entries = product(x.shape[axis] for axis in operation.axes)
    tree = terms.found[count].tree
    given = tree.size if isinstance(tree, Size) else tree.value if isinstance(tree, Number) else None
    if given is None or isinstance(given, bool) or entries == 0 or not _equal_counts(given, entries):
        return None
    reduced = Reduce("mean", operation.axes, x.ndim, written.keepdims, parts=(terms.full(x), Size(entries)))
    return Term(reduced, total.shape)


def _equal_counts(given: Any, entries: Any) -> bool:
    return given == entries if isinstance(given, float) else same_size(given, entries)


def _operator(operator: Operator) -> Callable[[Tensor, Terms], Tree]:
    return lambda node, terms: infix(operator, *_operands(node, terms))


def _multiply(node: Tensor, terms: Terms) -> Tree:
    a, b = node.inputs
    left, right = _operands(node, terms)
    if node.dtype == BOOL:
        return infix(LOGIC["logical_and"], left, right)
    if terms.loose_shape(a) == ():
        # Numbers stand first.
        return (
            infix(SCALE, right, left)
            if terms.loose_shape(b) == () and isinstance(right, Number)
            else infix(SCALE, left, right)
        )
    if terms.loose_shape(b) == ():
        return infix(SCALE, right, left)
    return infix(HADAMARD, _as_factor(a, b, terms), _as_factor(b, a, terms))


def _as_factor(x: Tensor, other: Tensor, terms: Terms) -> Tree:
    """Return a factor; a condition among floats counts as 0 or 1 by itself."""
    if isinstance(terms.operation(x), Cast) and x.inputs[0].dtype == BOOL and is_float(x.dtype):
        (condition,) = x.inputs
        beside = terms.operation(other)
        if not (isinstance(beside, Cast) and other.inputs[0].dtype == BOOL) and not _is_unit(x, terms):
            return terms.loose(condition)
    return terms.loose(x)


def _is_unit(x: Tensor, terms: Terms) -> bool:
    """Return whether a cast condition has a name of its own: an identity matrix or a one-hot matrix."""
    return isinstance(terms.found[x].tree, Call) and terms.found[x].tree.function in ("eye", "one_hot")  # type: ignore[attr-defined]


def _add(node: Tensor, terms: Terms) -> Tree:
    return infix(LOGIC["logical_or"] if node.dtype == BOOL else ADD, *_operands(node, terms))


def _minus_one(node: Tensor, terms: Terms) -> Tree:
    (x,) = _operands(node, terms)
    return Negative(parts=(x,))


def _divide(node: Tensor, terms: Terms) -> Tree:
    return Fraction(parts=_operands(node, terms))


def _square(node: Tensor, terms: Terms) -> Tree:
    return Power(parts=(*_operands(node, terms), Number(2)))


def _power(node: Tensor, terms: Terms) -> Tree:
    return Power(parts=_operands(node, terms))


def _reciprocal(node: Tensor, terms: Terms) -> Tree:
    return Fraction(parts=(Number(1), *_operands(node, terms)))


def _heaviside(node: Tensor, terms: Terms) -> Tree:
    return call("heaviside", *_operands(node, terms), Number(0.5))


def _where(node: Tensor, terms: Terms) -> Tree:
    return Where(parts=_operands(node, terms))


_RECOGNISED: dict[str, Callable[[Tensor, Terms], Term | None]] = {"divide": _mean, "sqrt": norm, "where": triangle}
"""Functions that are the last step of something with a name of its own."""
_FUNCTIONS: dict[str, Callable[[Tensor, Terms], Tree]] = {
    "add": _add,
    "subtract": _operator(SUBTRACT),
    "multiply": _multiply,
    "divide": _divide,
    "negative": _minus_one,
    "square": _square,
    "power": _power,
    "reciprocal": _reciprocal,
    "heaviside": _heaviside,
    "where": _where,
    **{name: _operator(operator) for name, operator in COMPARISONS.items()},
    **{name: _operator(operator) for name, operator in LOGIC.items()},
}
_SAFE_WITH_NUMBERS = frozenset({"add", "heaviside", "multiply", "negative", "subtract"})
_TEXT_NAMES = {"absolute": "abs"}


def _cast(node: Tensor, terms: Terms) -> Term:
    (x,) = node.inputs
    shape = terms.loose_shape(x)
    found = _identity_matrix(node, terms) or _one_hot(node, terms)
    if found is not None:
        return Term(found, node.shape)
    # Python's numbers take the dtype of the arrays they meet.
    if isinstance(terms.operation(x), SizeValue) and is_float(node.dtype):
        return Term(terms.loose(x), shape)
    number = terms.number(x)
    if number is not None and is_float(node.dtype):
        return Term(Number(int(number) if isinstance(number, bool) else number), shape)
    return Term(call(node.dtype.name if node.dtype != BOOL else "bool_", terms.loose(x)), shape)


def _equal_to_counter(node: Tensor, terms: Terms) -> tuple[Tensor, Tensor] | None:
    """Return a and the counter where the node is a[..., None] == arange(n), cast to a number."""
    (condition,) = node.inputs
    if terms.function(condition) != "equal":
        return None
    column, row = condition.inputs
    while isinstance(terms.operation(row), Cast):
        row = row.inputs[0]
    x = terms.without_unit_axis(column)
    return (x, row) if x is not None and isinstance(terms.operation(row), Iota) else None


def _identity_matrix(node: Tensor, terms: Terms) -> Tree | None:
    found = _equal_to_counter(node, terms)
    if found is None or not isinstance(terms.operation(found[0]), Iota):
        return None
    rows, columns = found[0].shape[0], found[1].shape[0]
    if same_size(rows, columns):
        return identity_matrix(rows, node.dtype)
    return call("eye", Size(rows), Size(columns), **dtype_option(node.dtype))


def _one_hot(node: Tensor, terms: Terms) -> Tree | None:
    found = _equal_to_counter(node, terms)
    if found is None:
        return None
    labels, classes = found
    return call("one_hot", terms.full(labels), Size(classes.shape[0]), **dtype_option(node.dtype))


RULES = {Elementwise: _elementwise, Cast: _cast}

"""Rules for arithmetic. All of them keep every value, NaN, infinities and signed zeros included, up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.dtypes import BOOL, is_float
from symgrad.families.elementwise import Cast, Elementwise, apply
from symgrad.families.layout import broadcast_to
from symgrad.families.leaf import constant_number, number
from symgrad.functions import FUNCTIONS
from symgrad.simplify.engine import Rule
from symgrad.tensor import Tensor


def _function(x: Tensor, name: str) -> bool:
    return isinstance(x.operation, Elementwise) and x.operation.function.name == name


def _fold(node: Tensor) -> Tensor | None:
    """Compute an operation on numbers."""
    numbers: list[float | int | bool] = []
    for x in node.inputs:
        value = constant_number(x)
        if value is None:
            return None
        numbers.append(value)
    from symgrad.evaluate import evaluate_operation

    arrays = [np.array(value, x.dtype) for value, x in zip(numbers, node.inputs, strict=True)]
    with np.errstate(all="ignore"):
        return number(evaluate_operation(node.operation, arrays, {}, node).item(), node.dtype)


def _multiply(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    for one, other in ((a, b), (b, a)):
        if constant_number(one) == 1 and node.dtype != BOOL:
            return broadcast_to(other, node.shape)
        if constant_number(one) == -1 and is_float(node.dtype):
            return apply("negative", other)
    for first, second in ((a, b), (b, a)):
        if _function(first, "negative"):
            return apply(
                "negative", apply("multiply", *((first.inputs[0], second) if first is a else (second, first.inputs[0])))
            )
    if a is b and is_float(node.dtype):
        return apply("square", a)
    return None


def _divide(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    if constant_number(b) == 1:
        return broadcast_to(a, node.shape)
    if _function(a, "negative"):
        return apply("negative", apply("divide", a.inputs[0], b))
    if constant_number(a) == 1 and node.shape == b.shape:
        return apply("reciprocal", b)
    return None


def _negative(node: Tensor) -> Tensor | None:
    (x,) = node.inputs
    if _function(x, "negative"):
        return x.inputs[0]
    value = constant_number(x)
    return number(-value, node.dtype) if value is not None and is_float(node.dtype) else None


def _add(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    if node.dtype == BOOL:
        return None
    if _function(b, "negative"):
        return apply("subtract", a, b.inputs[0])
    if _function(a, "negative"):
        return apply("subtract", b, a.inputs[0])
    if a is b and is_float(node.dtype):
        return apply("multiply", number(2, node.dtype), a)
    return None


def _subtract(node: Tensor) -> Tensor | None:
    a, b = node.inputs
    if _function(b, "negative"):
        return apply("add", a, b.inputs[0])
    # x - 0 is x; 0 - x is not -x for x = 0.
    return broadcast_to(a, node.shape) if is_plain_zero(b) else None


def is_plain_zero(x: Tensor) -> bool:
    """Return whether `x` is the number +0."""
    value = constant_number(x)
    return value is not None and value == 0 and not np.signbit(value)


def _power(node: Tensor) -> Tensor | None:
    from symgrad.numpy_names import power

    x, exponent = node.inputs
    result: Any = power(x, exponent) if constant_number(exponent) is not None else None
    return None if result is None else broadcast_to(result, node.shape)


def _where(node: Tensor) -> Tensor | None:
    condition, a, b = node.inputs
    value = constant_number(condition)
    if value is not None:
        return broadcast_to(a if value else b, node.shape)
    if _function(condition, "logical_not"):
        return apply("where", condition.inputs[0], b, a)
    return broadcast_to(a, node.shape) if a is b else None


RULES = (
    Rule("numbers", (*FUNCTIONS, Cast), _fold, "an operation on numbers is a number"),
    Rule("product", ("multiply",), _multiply, "1 * x = x, (-x) * y = -(x * y), x * x = x**2"),
    Rule("quotient", ("divide",), _divide, "x / 1 = x, (-x) / y = -(x / y)"),
    Rule("negation", ("negative",), _negative, "-(-x) = x"),
    Rule("sum", ("add",), _add, "x + (-y) = x - y, x + x = 2 * x"),
    Rule("difference", ("subtract",), _subtract, "x - (-y) = x + y, x - 0 = x"),
    Rule("power", ("power",), _power, "fixed powers have their own names"),
    Rule("choice", ("where",), _where, "a condition that is known, or alternatives that are equal"),
)

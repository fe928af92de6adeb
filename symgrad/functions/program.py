"""Scalar programs: SymPy expressions turned, once, into short lists of named functions to apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy

from symgrad.errors import GraphError


@dataclass(frozen=True, slots=True)
class Literal:
    """A number in a scalar program."""

    value: float | int | bool


Operand = int | Literal
"""A position (inputs first, then the results of the steps in order) or a number."""


@dataclass(frozen=True, slots=True)
class ScalarProgram:
    """`steps` applied one after another to `arity` inputs; `result` is the value of the whole."""

    arity: int
    steps: tuple[tuple[str, tuple[Operand, ...]], ...]
    result: Operand

    def run(self, apply: Callable[..., Any], inputs: Sequence[Any]) -> Any:
        """Return the result, `apply(function name, *operands)` doing each step; numbers arrive as Python numbers."""
        values = list(inputs)
        for name, operands in self.steps:
            values.append(apply(name, *[o.value if isinstance(o, Literal) else values[o] for o in operands]))
        return self.result.value if isinstance(self.result, Literal) else values[self.result]


class _Writer:
    """Writes the steps of one program; equal subexpressions become one step."""

    def __init__(self, symbols: Sequence[sympy.Symbol]) -> None:
        self.arity = len(symbols)
        self.known: dict[Any, Operand] = {symbol: i for i, symbol in enumerate(symbols)}
        self.steps: list[tuple[str, tuple[Operand, ...]]] = []
        self.numbers: dict[tuple[str, tuple[Operand, ...]], int] = {}

    def step(self, name: str, *operands: Operand) -> Operand:
        key = (name, operands)
        if key not in self.numbers:
            self.numbers[key] = self.arity + len(self.steps)
            self.steps.append(key)
        return self.numbers[key]

    def write(self, expr: Any) -> Operand:
        if expr not in self.known:
            self.known[expr] = self._write(expr)
        return self.known[expr]

    def _write(self, expr: Any) -> Operand:
        if expr in (sympy.true, sympy.false):
            return Literal(bool(expr))
        if expr.is_number and not expr.is_Relational and not expr.is_Boolean:
            return Literal(number(expr))
        if expr.is_Add:
            return self._sum(expr.args)
        if expr.is_Mul:
            return self.product(expr.args)
        if expr.is_Pow:
            return self._power(expr.base, expr.exp)
        if isinstance(expr, sympy.Piecewise):
            return self.choice([(self.write(case.args[0]), case.args[1]) for case in expr.args])
        name = head_name(type(expr))
        if name is None:
            raise GraphError(f"the scalar function {type(expr).__name__} in {expr} is not known to symgrad")
        operands = [self.write(argument) for argument in expr.args]
        if name in _ASSOCIATIVE:
            # SymPy keeps arguments in an order of its own; people write max(x, 0), the number last.
            operands.sort(key=lambda operand: isinstance(operand, Literal))
            result = operands[0]
            for operand in operands[1:]:
                result = self.step(name, result, operand)
            return result
        if name == "heaviside":
            operands = operands[:1]
        return self.step(name, *operands)

    def choice(self, cases: list[tuple[Operand, Any]]) -> Operand:
        """Return nested `where`s; where no condition holds, NaN (the last condition may be True)."""
        value, condition = cases[-1]
        result = (
            value
            if condition == sympy.true
            else self.step("where", self.write(condition), value, Literal(float("nan")))
        )
        for value, condition in reversed(cases[:-1]):
            result = self.step("where", self.write(condition), value, result)
        return result

    def _sum(self, terms: Sequence[Any]) -> Operand:
        positive = [term for term in terms if not _is_negative(term)]
        negative = [term for term in terms if _is_negative(term)]
        result = self.write(positive[0]) if positive else self.step("negative", self.write(-negative.pop(0)))
        for term in positive[1:]:
            result = self.step("add", result, self.write(term))
        for term in negative:
            result = self.step("subtract", result, self.write(-term))
        return result

    def product(self, factors: Sequence[Any], first: Operand | None = None) -> Operand:
        """Return the product of `factors` (and of `first`), negative powers gathered in one denominator."""
        numerator: list[Operand] = [] if first is None else [first]
        denominator: list[Operand] = []
        coefficient = sympy.Integer(1)
        for factor in factors:
            if factor.is_number:
                coefficient *= factor
            elif factor.is_Pow and factor.exp.is_number and factor.exp.is_negative:
                denominator.append(self.write(factor.base**-factor.exp))
            else:
                numerator.append(self.write(factor))
        if coefficient.is_extended_real is False:
            raise GraphError(f"the number {coefficient} is not real")
        negate = bool(coefficient.is_negative)
        coefficient = abs(coefficient)
        if coefficient.is_Rational:
            if coefficient.p != 1 or not numerator:
                numerator.insert(0, Literal(int(coefficient.p)))
            if coefficient.q != 1:
                denominator.insert(0, Literal(int(coefficient.q)))
        else:
            numerator.insert(0, Literal(number(coefficient)))
        result = self._chain(numerator)
        if denominator:
            result = self.step("divide", result, self._chain(denominator))
        return self.step("negative", result) if negate else result

    def _chain(self, factors: list[Operand]) -> Operand:
        result = factors[0]
        for factor in factors[1:]:
            result = self.step("multiply", result, factor)
        return result

    def _power(self, base: Any, exponent: Any) -> Operand:
        if base == sympy.E:
            return self.step("exp", self.write(exponent))
        if exponent.is_number and exponent.is_negative:
            return self.step("divide", Literal(1), self.write(base**-exponent))
        if exponent == 2:
            return self.step("square", self.write(base))
        if exponent == sympy.Rational(1, 2):
            return self.step("sqrt", self.write(base))
        return self.step("power", self.write(base), self.write(exponent))

    def finish(self, result: Operand) -> ScalarProgram:
        return ScalarProgram(self.arity, tuple(self.steps), result)


def number(expr: Any) -> float | int:
    """Return a SymPy number as the nearest Python number."""
    if expr.is_Integer:
        return int(expr)
    if not expr.is_real and expr is not sympy.nan and not expr.is_infinite:
        raise GraphError(f"the number {expr} is not real")
    return float(expr)


def _is_negative(term: Any) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def compile_expression(expr: Any, symbols: Sequence[sympy.Symbol]) -> ScalarProgram:
    """Return the program that computes `expr` from the values of `symbols`."""
    writer = _Writer(symbols)
    return writer.finish(writer.write(sympy.sympify(expr)))


def compile_product(expr: Any, symbols: Sequence[sympy.Symbol]) -> ScalarProgram | None:
    """Return the program for `expr` times a factor, which is the last input; None if the product is always zero.

    Cases are kept outside: a case that is zero gives exactly zero whatever the factor, and a case that is one gives
    the factor.
    """
    expr = sympy.sympify(expr)
    if expr == 0:
        return None
    writer = _Writer(symbols)
    factor: Operand = writer.arity
    writer.arity += 1

    def times(expr: Any) -> Operand:
        if expr == 0:
            return Literal(0)
        if isinstance(expr, sympy.Piecewise):
            return writer.choice([(times(case.args[0]), case.args[1]) for case in expr.args])
        if expr == 1:
            return factor
        if expr.is_number and not expr.is_Rational:
            return writer.step("multiply", factor, Literal(number(expr)))
        return writer.product(sympy.Mul.make_args(expr), first=factor)

    return writer.finish(times(expr))


_ASSOCIATIVE = frozenset({"maximum", "minimum", "logical_and", "logical_or", "logical_xor"})


@cache
def _sympy_heads() -> dict[Any, str]:
    """Return SymPy's own functions and the names they have here."""
    return {
        sympy.exp: "exp", sympy.log: "log", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
        sympy.asin: "arcsin", sympy.acos: "arccos", sympy.atan: "arctan", sympy.atan2: "arctan2",
        sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh",
        sympy.asinh: "arcsinh", sympy.acosh: "arccosh", sympy.atanh: "arctanh",
        sympy.erf: "erf", sympy.erfc: "erfc", sympy.erfinv: "erfinv", sympy.loggamma: "gammaln",
        sympy.polygamma: "polygamma",
        sympy.Abs: "absolute", sympy.sign: "sign", sympy.floor: "floor", sympy.ceiling: "ceil",
        sympy.Max: "maximum", sympy.Min: "minimum", sympy.Heaviside: "heaviside",
        sympy.StrictLessThan: "less", sympy.LessThan: "less_equal",
        sympy.StrictGreaterThan: "greater", sympy.GreaterThan: "greater_equal",
        sympy.Equality: "equal", sympy.Unequality: "not_equal",
        sympy.And: "logical_and", sympy.Or: "logical_or", sympy.Not: "logical_not", sympy.Xor: "logical_xor",
    }  # fmt: skip


def head_name(head: Any) -> str | None:
    """Return the name here of a SymPy function class, or None."""
    return getattr(head, "symgrad_name", None) or _sympy_heads().get(head)

"""Scalar programs: what SymPy expressions become."""

import math

import pytest
import sympy

from symgrad.errors import GraphError
from symgrad.functions.program import Literal, compile_expression, compile_product, head_name, number

x, y = sympy.symbols("x y", real=True)


def written(expr: object, *symbols: sympy.Symbol) -> str:
    """Return a program as nested calls."""
    program = compile_expression(expr, symbols or (x, y))
    names = [str(symbol) for symbol in symbols or (x, y)]
    return str(program.run(lambda name, *operands: f"{name}({', '.join(map(str, operands))})", names))


@pytest.mark.parametrize(
    ("expr", "program"),
    [
        (x - y, "subtract(x, y)"),
        (-x, "negative(x)"),
        (-x - y, "subtract(negative(x), y)"),
        (x / y, "divide(x, y)"),
        (1 / x, "divide(1, x)"),
        (2 * x / 3, "divide(multiply(2, x), 3)"),
        (-x / 2, "negative(divide(x, 2))"),
        (x**2, "square(x)"),
        (sympy.sqrt(x), "sqrt(x)"),
        (x**-2, "divide(1, square(x))"),
        (sympy.exp(-x), "exp(negative(x))"),
        (2**x, "power(2, x)"),
        (sympy.Max(x, y), "maximum(x, y)"),
        (sympy.Piecewise((x, x > 0), (y, True)), "where(greater(x, 0), x, y)"),
        (sympy.Piecewise((x, x > 0)), "where(greater(x, 0), x, nan)"),
        (sympy.Heaviside(x), "heaviside(x)"),
        (sympy.Integer(3), "3"),
        (sympy.true, "True"),
        (sympy.pi, str(math.pi)),
    ],
)
def test_expressions_become_calls(expr: object, program: str) -> None:
    assert written(expr) == program


def test_equal_subexpressions_are_one_step() -> None:
    program = compile_expression(sympy.sin(x) + sympy.exp(sympy.sin(x)), (x,))
    assert [name for name, _ in program.steps].count("sin") == 1


def test_a_product_keeps_cases_outside() -> None:
    program = compile_product(sympy.Piecewise((1, x > 0), (0, True)), (x,))
    assert program is not None
    assert program.arity == 2
    assert program.steps == (("greater", (0, Literal(0))), ("where", (2, 1, Literal(0))))


def test_a_product_with_one_is_the_factor_and_with_zero_nothing() -> None:
    one = compile_product(sympy.Integer(1), (x,))
    assert one is not None
    assert (one.steps, one.result) == ((), 1)
    assert compile_product(sympy.Integer(0), (x,)) is None


def test_products_gather_one_denominator() -> None:
    program = compile_product(1 / (x * y), (x, y))
    assert program is not None
    assert [name for name, _ in program.steps] == ["multiply", "divide"]


def test_numbers() -> None:
    assert number(sympy.Integer(3)) == 3
    assert number(sympy.Rational(1, 4)) == 0.25
    assert number(sympy.oo) == math.inf
    assert math.isnan(number(sympy.nan))
    with pytest.raises(GraphError, match="not real"):
        number(sympy.I)


def test_unknown_functions_are_named() -> None:
    with pytest.raises(GraphError, match="besselj"):
        compile_expression(sympy.besselj(0, x), (x,))
    assert head_name(sympy.besselj) is None
    assert head_name(sympy.sin) == "sin"


def test_numbers_come_last_in_extremes() -> None:
    x = sympy.Symbol("x", real=True)
    (step,) = compile_expression(sympy.Max(0, x), [x]).steps
    assert step == ("maximum", (0, Literal(0)))

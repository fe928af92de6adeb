"""Tests of the bridge to SymPy: both directions, and users' own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.functions import FUNCTIONS

S, T = sympy.symbols("s t")
X, Y = sg.variable("x", (3,)), sg.variable("y", (3,))
VALUES = {X: np.array([0.5, 1.0, 2.0]), Y: np.array([2.0, -0.5, 0.25])}


@pytest.mark.parametrize(
    "expression",
    [
        S + T - 3,
        S * T / (1 + S**2),
        sympy.exp(-S) * sympy.sin(T),
        sympy.sqrt(S) + S ** sympy.Rational(1, 3),
        sympy.Piecewise((S, S > T), (T, True)),
        sympy.Max(S, T, 1) + sympy.Abs(T),
        sympy.pi * S + sympy.E,
        sympy.log(S) / sympy.log(2),
        sympy.Integer(4),
    ],
)
def test_an_expression_becomes_a_graph_of_equal_value(expression: Any) -> None:
    tensor = sg.from_sympy(expression, {S: X, T: Y})
    wanted = [expression.subs({S: a, T: b}) for a, b in zip(VALUES[X], VALUES[Y], strict=True)]
    np.testing.assert_allclose(np.broadcast_to(sg.evaluate(tensor, VALUES), 3), np.array(wanted, float), rtol=1e-14)


def test_relations_become_truth_values() -> None:
    assert sg.from_sympy((S > T) & (T > 0), {S: X, T: Y}) == ((X > Y) & (Y > 0))


def test_shapes_broadcast_and_arrays_are_constants() -> None:
    assert sg.from_sympy(S * T, {S: X[:, None], T: np.ones(2)}).shape == (3, 2)
    assert sg.from_sympy(S * T, {S: X, T: 2.0}) == X * 2.0


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (S + sympy.Symbol("u"), "no tensor given for u"),
        (sympy.Sum(S, (T, 1, 3)), "Sum"),
        (sympy.Integral(sympy.Function("f")(S), S), "Integral"),
        (sympy.besselj(0, S), "besselj"),
        (sympy.Matrix([S, T]), "a scalar SymPy expression is needed"),
        (sympy.MatrixSymbol("A", 2, 2), "a scalar SymPy expression is needed"),
        (sympy.I * S, "not real"),
    ],
)
def test_what_has_no_counterpart_is_refused(expression: Any, message: str) -> None:
    with pytest.raises(sg.GraphError, match=message):
        sg.from_sympy(expression, {S: X, T: Y})


# SymPy's symbols are finite numbers.
NOT_FOR_SYMPY = {"isnan", "isinf", "isfinite", "multiply_no_nan"}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - NOT_FOR_SYMPY))
def test_every_function_becomes_an_expression_of_equal_value(name: str) -> None:
    function = FUNCTIONS[name]
    is_bool = function.signature == "logical"
    numbers = [0.7 * low + 0.3 * high for low, high in function.domain]
    symbols = [sg.variable(letter, (), "bool" if is_bool else "float64") for letter in "abc"[: function.arity]]
    values = {symbol: number > 0 if is_bool else number for symbol, number in zip(symbols, numbers, strict=True)}
    operands: list[Any] = list(symbols)
    if name == "where":
        operands[0] = symbols[0] > 0
    tensor = apply(function, *operands)
    expression = sg.to_sympy(tensor)
    assert expression.free_symbols
    found = expression.subs(
        {symbol: values[v] for v in symbols for symbol in expression.free_symbols if symbol.name == _name(v)}
    )
    assert float(bool(found) if found in (sympy.true, sympy.false) else found) == pytest.approx(
        float(sg.evaluate(tensor, values)), rel=1e-12
    )


def _name(variable: sg.Tensor) -> str:
    return variable.operation.name  # type: ignore[attr-defined]


def test_a_graph_comes_back_as_it_went() -> None:
    tensor = sg.tanh(X.named("h") * 2 + 1) / Y
    expression = sg.to_sympy(tensor)
    x, y = sympy.Symbol("x", real=True), sympy.Symbol("y", real=True)
    assert expression == sympy.tanh(2 * x + 1) / y
    back = sg.from_sympy(expression, {x: X, y: Y})
    np.testing.assert_allclose(sg.evaluate(back, VALUES), sg.evaluate(tensor, VALUES))


def test_derivatives_can_be_given_to_sympy() -> None:
    x = sympy.Symbol("x", real=True)
    expression = sg.to_sympy(sg.grad(sg.sum(sg.log(X) * X), X))
    assert sympy.simplify(expression - (sympy.log(x) + 1)) == 0


def test_an_entry_stands_for_all() -> None:
    n = sg.dim("n")
    z = sg.variable("z", (n, 3))
    assert sg.to_sympy((z + X) / n) == (sympy.Symbol("z", real=True) + sympy.Symbol("x", real=True)) / n
    assert sg.to_sympy(sg.cast(X > 0, "float64")).subs("x", 1) in (1, sg.to_sympy(sg.cast(X > 0, "float64")))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sg.sum(X), "not an elementwise function"),
        (lambda: X[:, None] * X, "not an elementwise function"),
        (lambda: X * np.arange(3.0), "not an elementwise function"),
        (lambda: sg.cast(X, "int64"), "not an elementwise function"),
        (lambda: sg.sum(X) * 0 + sg.variable("x", ()), "not an elementwise function"),
        (lambda: X * sg.variable("x", ()), "two variables are called 'x'"),
    ],
)
def test_graphs_that_mix_entries_are_refused(make: Callable[[], sg.Tensor], message: str) -> None:
    with pytest.raises(sg.GraphError, match=message):
        sg.to_sympy(make())


# users' functions -----------------------------------------------------------------------------------------------------


def test_everything_follows_from_the_definition() -> None:
    swish = sg.elementwise("swish", lambda x: x / (1 + sympy.exp(-x)))
    tensor = swish(X)
    np.testing.assert_allclose(sg.evaluate(tensor, VALUES), sg.evaluate(sg.nn.silu(X), VALUES))
    first = sg.grad(sg.sum(tensor), X)
    np.testing.assert_allclose(sg.evaluate(first, VALUES), sg.evaluate(sg.grad(sg.sum(sg.nn.silu(X)), X), VALUES))
    second, wanted = (sg.evaluate(sg.hessian(sg.sum(f(X)), X), VALUES) for f in (swish, sg.nn.silu))
    np.testing.assert_allclose(second, wanted, atol=1e-12)
    assert sg.formula(tensor) == "swish(x)"
    assert repr(tensor) == "<swish(x): float64 (3,)>"


def test_equal_applications_are_one_node_and_equal_definitions_are_two_functions() -> None:
    first, second = (sg.elementwise("twice", lambda x: 2 * x) for _ in range(2))
    assert first(X) is first(X)
    assert first(X) != second(X)


def test_arguments_broadcast_and_promote() -> None:
    blend = sg.elementwise("blend", lambda a, b, weight: weight * a + (1 - weight) * b)
    tensor = blend(sg.variable("p", (2, 1), "float32"), sg.variable("q", (3,), "float32"), 0.5)
    assert (tensor.shape, tensor.dtype) == ((2, 3), np.float32)
    assert blend.function.parameters == ("a", "b", "weight")
    assert sg.elementwise("half", lambda x: x / 2)(sg.variable("k", (3,), "int64")).dtype == np.float64


def test_stated_derivatives_values_and_kinks_are_used() -> None:
    clip = sg.elementwise(
        "clip1",
        lambda x: sympy.Max(-1, sympy.Min(x, 1)),
        derivatives=lambda x, y: (sympy.Piecewise((1, sympy.Abs(x) <= 1), (0, True)),),
        value=lambda x: sympy.Min(sympy.Max(x, -1), 1),
        kinks=lambda x: (x - 1, x + 1),
        domain=((-2.0, 2.0),),
    )
    np.testing.assert_array_equal(sg.evaluate(sg.grad(sg.sum(clip(X)), X), VALUES), [1, 1, 0])
    assert len(clip.function.kinks) == 2
    assert clip.function.domain == ((-2.0, 2.0),)


@pytest.mark.parametrize(
    ("name", "expression", "options", "message"),
    [
        ("not a name", lambda x: x, {}, "must be an identifier"),
        ("lambda", lambda x: x, {}, "must be an identifier"),
        ("exp", lambda x: x, {}, "symgrad has a function 'exp' already"),
        ("none", lambda: sympy.Integer(1), {}, "no arguments"),
        ("free", lambda x: x + sympy.Symbol("u"), {}, "free contains u"),
        ("bessel", lambda x: sympy.besselj(0, x), {}, "bessel = besselj"),
        ("matrix", lambda x: sympy.Matrix([x]), {}, "a scalar SymPy expression is needed"),
        ("domain", lambda x: x, {"domain": ((0, 1), (0, 1))}, "needs 1 intervals"),
    ],
)
def test_bad_definitions_are_refused_where_they_stand(
    name: str, expression: Callable[..., Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(sg.GraphError, match=message):
        sg.elementwise(name, expression, **options)


def test_wrong_derivatives_are_refused_where_they_stand() -> None:
    with pytest.raises(sg.GradientError, match="has 2 arguments but 1 derivatives"):
        sg.elementwise("pair", lambda x, y: x * y, derivatives=lambda x, y, z: (y,))


def test_the_number_of_operands_is_checked() -> None:
    with pytest.raises(sg.GraphError, match="twice takes 1 arguments, not 2"):
        sg.elementwise("twice", lambda x: 2 * x)(X, Y)

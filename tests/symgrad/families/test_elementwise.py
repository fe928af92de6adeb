"""Elementwise operations: promotion, broadcasting, casts, functions of one's own. Values are tested in tests/symgrad/functions."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.evaluate import numpy_function
from symgrad.families.elementwise import Elementwise, apply, cast
from symgrad.functions import FUNCTIONS, Function

DTYPES = ("bool", "int32", "int64", "float32", "float64")
BINARY = [f for f in FUNCTIONS.values() if f.arity == 2 and f.numpy and f.numpy.startswith("np.")]


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.name)
def test_mixed_dtypes_promote_as_in_numpy(function: Function) -> None:
    for left, right in product(DTYPES, DTYPES):
        x, y = sg.variable("x", (2,), left), sg.variable("y", (2,), right)
        with np.errstate(all="ignore"):
            try:
                wanted = numpy_function(str(function.numpy))(np.ones(2, left), np.ones(2, right)).dtype
            except TypeError:
                wanted = np.dtype("O")
        if wanted.name not in DTYPES:
            with pytest.raises(DtypeError):
                apply(function, x, y)
        else:
            assert apply(function, x, y).dtype == wanted, (left, right)


@pytest.mark.parametrize("number", [True, 2, 2.5])
@pytest.mark.parametrize("dtype", DTYPES)
def test_python_numbers_promote_weakly(dtype: str, number: Any) -> None:
    x, array = sg.variable("x", (2,), dtype), np.ones(2, dtype)
    assert (x * number).dtype == (array * number).dtype
    assert (number + x).dtype == (number + array).dtype
    assert sg.where(x > 0, x, number).dtype == np.where(array > 0, array, number).dtype


def test_broadcasting_is_numpys() -> None:
    for left, right in [((3, 1), (4,)), ((), (2, 3)), ((1,), (0,)), ((5, 1, 3), (2, 1)), ((0, 1), (1, 7))]:
        x, y = sg.variable("x", left), sg.variable("y", right)
        assert (x + y).shape == np.broadcast_shapes(left, right)
    with pytest.raises(ShapeError, match=r"multiply: shapes \(3,\) and \(4,\) cannot be broadcast together") as error:
        sg.variable("three", (3,)) * sg.variable("four", (4,))
    assert __file__ in str(error.value)


def test_casts() -> None:
    x = sg.variable("x", (4,))
    values = np.array([-1.5, 0.0, 2.7, np.nan])
    assert x.astype("float64") is x
    assert sg.evaluate(x.astype("bool"), {x: values}).tolist() == [True, False, True, True]
    assert sg.evaluate(x[:3].astype("int32"), {x: values}).tolist() == [-1, 0, 2]
    assert cast(2, "float32").dtype == "float32"
    with pytest.raises(DtypeError, match="a cast cannot have dtype float16"):
        x.astype("float16")


def test_casts_to_integers_stop_the_derivative() -> None:
    x = sg.variable("x", (3,))
    y = sg.sum(x.astype("int64") * x)
    at = {x: [1.5, 2.5, -3.5]}
    assert sg.evaluate(sg.grad(y, x), at).tolist() == [1, 2, -3]
    assert sg.evaluate(sg.jvp(y, x, [1.0, 1.0, 1.0]), at) == 0


def test_casts_between_floats_are_transparent_to_derivatives() -> None:
    x = sg.variable("x", (3,), "float32")
    gradient = sg.grad(sg.sum(x.astype("float64") ** 2), x)
    assert gradient.dtype == "float32"
    assert sg.evaluate(gradient, {x: [1.0, 2.0, 3.0]}).tolist() == [2, 4, 6]


def test_a_function_of_ones_own_has_everything_from_its_expression() -> None:
    bump = Function("bump", lambda x, width: sympy.exp(-((x / width) ** 2)))
    x, w = sg.variable("x", (3,)), sg.variable("w")
    y = apply(bump, x, w)
    at = {x: [0.0, 1.0, -2.0], w: 2.0}
    np.testing.assert_allclose(sg.evaluate(y, at), np.exp(-((np.array(at[x]) / 2) ** 2)))
    by_x, by_w = sg.evaluate(sg.grad(y.sum(), [x, w]), at)
    np.testing.assert_allclose(by_x, [0, -0.5 * np.exp(-0.25), 1 * np.exp(-1)])
    np.testing.assert_allclose(by_w, 2 * (1 * np.exp(-0.25) + 4 * np.exp(-1)) / 8)
    assert y is apply(bump, x, w)
    assert y.operation == Elementwise(bump)
    assert y is not apply(Function("bump", lambda x, width: x * width), x, w)


def test_the_number_of_arguments_is_checked() -> None:
    with pytest.raises(GraphError, match="exp takes 1 arguments, not 2"):
        apply("exp", 1.0, 2.0)


@pytest.mark.parametrize("wrong", [None, "a", [1, "b"], {"a": 1}, object(), 1j])
def test_operands_must_be_numbers(wrong: Any) -> None:
    x = sg.variable("x", (2,))
    with pytest.raises((DtypeError, ShapeError), match="add: "):
        sg.add(x, wrong)
    with pytest.raises((DtypeError, ShapeError, TypeError)):
        x + wrong


def test_arrays_and_lists_are_constants() -> None:
    x = sg.variable("x", (2,))
    assert x + [1.0, 2.0] is x + np.array([1.0, 2.0])
    assert np.array([1.0, 2.0]) + x is sg.constant([1.0, 2.0]) + x

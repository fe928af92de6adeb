"""Leaves: variables and constants, what makes them the same, and what cannot be one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.dtypes import BOOL, FLOAT32, FLOAT64, INT64
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.leaf import as_tensor, constant_number, number, size_value, symbols_of, variables_of
from symgrad.graph import topological_order

N = sg.dim("N")


def test_equal_declarations_are_the_same_variable() -> None:
    assert sg.variable("x", (2, 3)) is sg.variable("x", [2, np.int64(3)], np.float64)
    assert sg.variable("x", 4) is sg.variable("x", (4,))
    assert sg.variable("x", (N,)) is sg.variable("x", (sg.dim("N"),))
    different = [
        sg.variable("x", (2,)),
        sg.variable("x", (3,)),
        sg.variable("x", (2,), "float32"),
        sg.variable("y", (2,)),
        sg.variable("x", (2,), init="zeros"),
        sg.variable("x", (2,), init=[1.0, 2.0]),
        sg.variable("x", (2,), init=np.array([1.0, 3.0])),
        sg.variable("S", (2, 2)),
        sg.variable("S", (2, 2), symmetric=True),
    ]
    assert len(set(different)) == len(different)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("",), {}, GraphError, "non-empty string"),
        ((3,), {}, GraphError, "non-empty string, not 3"),
        (("x", (-1,)), {}, ShapeError, "cannot be negative"),
        (("x", (2.0,)), {}, ShapeError, "a size must be an int"),
        (("x", (True,)), {}, ShapeError, "a size must be an int"),
        (("x", "ab"), {}, ShapeError, "a size must be an int"),
        (("x", (N / 2,)), {}, ShapeError, "is not an integer"),
        (("x", (2,), "float16"), {}, DtypeError, "variable 'x' cannot have dtype float16; supported are float64"),
        (("x", (2,), "complex128"), {}, DtypeError, "cannot have dtype complex128"),
        (("x", (2,), "nonsense"), {}, DtypeError, "is not a dtype"),
        (("x", (2, 3)), {"symmetric": True}, ShapeError, "cannot be symmetric"),
        (("x", (2,)), {"init": {"no": "rule"}}, GraphError, "init of variable 'x'"),
        (("x", (2,)), {"init": "no rule"}, GraphError, "init of variable 'x'"),
    ],
)
def test_what_cannot_be_a_variable(
    arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        sg.variable(*arguments, **options)


def test_constants_are_compared_by_value() -> None:
    assert sg.constant([1.0, 2.0]) is sg.constant(np.array([1.0, 2.0]))
    assert sg.constant([1.0, 2.0]) is not sg.constant([1, 2])
    assert sg.constant(2.0) is sg.constant(np.float64(2)) is sg.constant(np.array(2.0))
    assert sg.constant(0.0) is not sg.constant(-0.0)
    assert sg.constant(np.nan) is sg.constant(float("nan"))
    assert sg.constant(1) is not sg.constant(True)
    assert sg.constant([[]]).shape == (1, 0)


def test_whole_numbers_are_one_constant_however_they_are_written() -> None:
    x = sg.variable("x")
    assert x * 2.0 is x * 2
    for value in (2, 2.0, np.float64(2.0)):
        assert repr(constant_number(sg.constant(value, "float32"))) == "2"
    assert repr(constant_number(sg.constant(-0.0))) == "-0.0"
    assert repr(constant_number(sg.constant(0.1, "float32"))) == "0.1"
    assert repr(constant_number(sg.constant(1e300))) == "1e+300"
    assert repr(constant_number(sg.constant(1, "bool"))) == "True"
    assert repr(constant_number(sg.constant(True, "int64"))) == "1"


def test_constants_do_not_change_with_the_array_they_came_from() -> None:
    array = np.array([1.0, 2.0])
    c = sg.constant(array)
    array[0] = 99
    assert sg.evaluate(c).tolist() == [1, 2]
    result = sg.evaluate(c)
    result[0] = 99
    assert sg.evaluate(c).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("value", "dtype", "error", "message"),
    [
        (object(), None, DtypeError, "must be a number or an array of numbers, not object"),
        (None, None, DtypeError, "not NoneType"),
        ("a", None, DtypeError, "not str"),
        ({"a": 1}, None, DtypeError, "not dict"),
        ([[1], [1, 2]], None, ShapeError, "regular array"),
        (1j, None, DtypeError, "complex128"),
        (np.float16(1), None, DtypeError, "float16"),
        (np.ones(2, "uint8"), None, DtypeError, "uint8"),
        (2.5, "int64", DtypeError, "2.5 is not of dtype int64"),
        (2, "bool", DtypeError, "2 is not of dtype bool"),
        (2**40, "int32", DtypeError, "does not fit in dtype int32"),
        (10**400, "float64", DtypeError, "does not fit in a float"),
        (sg.variable("x"), None, GraphError, "not symbolic tensors"),
    ],
)
def test_what_cannot_be_a_constant(value: Any, dtype: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.constant(value, dtype)


def test_arrays_of_other_byte_order_are_taken() -> None:
    assert sg.constant(np.array([1.0, 2.0], ">f8")) is sg.constant([1.0, 2.0])


def test_python_numbers_take_the_dtype_they_meet_and_arrays_do_not() -> None:
    x = sg.variable("x", (2,), "float32")
    assert (x * 0.1).dtype == (x * 3).dtype == (True * x).dtype == "float32"
    assert (x * np.float64(0.1)).dtype == (x * np.array([1, 2])).dtype == "float64"
    assert (np.float32(0.1) * x).dtype == "float32"
    n = sg.variable("n", (2,), "int32")
    assert (n + 1).dtype == "int32"
    assert (n + 1.5).dtype == "float64"
    with pytest.raises(DtypeError, match="does not fit in dtype int32"):
        n + 2**40


def test_run_time_sizes_are_numbers_in_arithmetic() -> None:
    x = sg.variable("x", (N,))
    at = {x: np.ones(4)}
    for expr, value in [(x.sum() / N, 1.0), (N * x, [4.0] * 4), (x + (N + 1), [6.0] * 4), (x - N, [-3.0] * 4)]:
        assert np.all(sg.evaluate(expr, at) == value)
    single = sg.variable("y", (N,), "float32")
    assert (single.sum() / N).dtype == (N * single).dtype == "float32"
    assert size_value(3) is sg.constant(3)
    assert size_value(N).dtype == "int64"


def test_sympys_numbers_are_python_numbers() -> None:
    x = sg.variable("x", (2,), "float32")
    assert x * sympy.Integer(2) is x * 2
    assert x * sympy.Rational(1, 2) is x * 0.5
    assert (sympy.pi * x).dtype == "float32"
    with pytest.raises(ShapeError, match="the size z is not an integer"):
        x * sympy.Symbol("z")
    with pytest.raises(DtypeError, match="not real"):
        x * sympy.I


def test_leaves_tell_what_they_are() -> None:
    x, y = sg.variable("x", (N, 2 * sg.dim("M"))), sg.variable("y", (3,))
    assert set(variables_of(topological_order([sg.sum(x) * y + 1]))) == {x, y}
    assert symbols_of(x.shape) == {N, sg.dim("M")}
    assert symbols_of(y.shape) == set()
    assert constant_number(sg.constant(2)) == 2
    assert constant_number(y) is constant_number(sg.constant([1.0])) is None
    assert as_tensor(y) is y
    assert number(1, FLOAT64) is not number(1, FLOAT32)
    assert number(1, INT64).dtype == INT64
    assert number(True, BOOL).dtype == BOOL

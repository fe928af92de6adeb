"""The five dtypes, and NumPy's promotion between them."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.dtypes import (
    BOOL,
    FLOAT32,
    FLOAT64,
    INT32,
    INT64,
    SUPPORTED,
    as_dtype,
    is_float,
    kind_of,
    promote,
    promote_to_float,
)
from symgrad.errors import DtypeError


@pytest.mark.parametrize("name", [float, "f8", np.float64, ">f8", np.dtype("float64")])
def test_one_dtype_has_many_names(name: Any) -> None:
    assert as_dtype(name) is FLOAT64


@pytest.mark.parametrize("name", ["float16", "uint8", "complex64", "U3", "O", "M8[s]"])
def test_other_dtypes_are_refused_by_name(name: str) -> None:
    message = f"a weight cannot have dtype {np.dtype(name).name}; supported are float64"
    with pytest.raises(DtypeError, match=re.escape(message)):
        as_dtype(name, "a weight")


def test_what_is_no_dtype() -> None:
    with pytest.raises(DtypeError, match="'float65' is not a dtype"):
        as_dtype("float65")


def test_promotion_is_numpys() -> None:
    for left, right in product(SUPPORTED, SUPPORTED):
        assert promote(left, right) == np.result_type(left, right)
    for dtype, number in product(SUPPORTED, (True, 2, 2.5)):
        assert promote(dtype, kind_of(number)) == np.result_type(dtype, number)
    assert promote(float) == FLOAT64
    assert promote(int, bool) == INT64


def test_kinds() -> None:
    assert kind_of(sg.variable("x", (), "int32")) is INT32
    assert [kind_of(value) for value in (True, 2, 2.5, sg.dim("N"))] == [bool, int, float, int]
    assert [is_float(dtype) for dtype in SUPPORTED] == [True, True, False, False, False]


def test_floating_functions_of_integers_are_float64() -> None:
    assert [promote_to_float(dtype, "exp") for dtype in (FLOAT32, FLOAT64, INT32, INT64)] == [FLOAT32] + [FLOAT64] * 3
    with pytest.raises(DtypeError, match="exp of a bool tensor: NumPy would compute in float16"):
        promote_to_float(BOOL, "exp")

"""Numbers and arrays come back from their source bit by bit."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from codegen.numpy_source.code import Binding, Code
from codegen.numpy_source.literals import array_source, natural_dtype, number_code, typed

DTYPES = ["float64", "float32", "int64", "int32", "bool"]
ENVIRONMENT = {"np": np, "base64": base64, "zlib": zlib}


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@given(st.sampled_from(["float64", "float32"]), st.floats())
def test_floats_come_back(dtype, value):
    with np.errstate(over="ignore"):
        wanted = np.array(value, dtype)
        text = number_code(value, wanted.dtype).text
        got = np.array(eval(text, ENVIRONMENT), dtype)
    assert got == wanted or (np.isnan(got) and np.isnan(wanted))
    assert np.isnan(wanted) or np.signbit(got) == np.signbit(wanted)


@given(st.sampled_from(DTYPES).flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=1, min_side=0, max_side=4))))
def test_arrays_come_back(array):
    got = eval(array_source(array), ENVIRONMENT)
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_arrays_are_packed(dtype):
    array = np.arange(3000).reshape(30, 100).astype(dtype)
    text = array_source(array)
    assert "zlib" in text
    assert same(eval(text, ENVIRONMENT), array)


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (2, "float32", "2"),
        (2.0, "float64", "2"),
        (0.1, "float32", "0.1"),
        (float(np.float32(0.1)), "float32", "0.1"),
        (-0.5, "float64", "-0.5"),
        (10**400 // 10**380, "int64", "100000000000000000000"),
        (1, "bool", "True"),
        (np.inf, "float64", "np.inf"),
        (2**60, "float64", "1.152921504606847e+18"),
    ],
)
def test_texts(value, dtype, text):
    assert number_code(value, np.dtype(dtype)).text == text


def test_negative_numbers_bind_as_signs():
    assert number_code(-1, np.dtype("int64")).binding is Binding.SIGN


def test_numbers_get_a_dtype_when_they_need_one():
    assert typed(number_code(0.5, np.dtype("float32")), np.dtype("float32")).text == "np.float32(0.5)"
    assert eval(typed(number_code(True, np.dtype("bool")), np.dtype("bool")).text, ENVIRONMENT).dtype == bool
    assert typed(Code("x"), np.dtype("float32")).text == "x"


@pytest.mark.parametrize("kind", [bool, int, float])
def test_natural_dtypes_are_numpys(kind):
    assert natural_dtype(kind) == np.array(kind(1)).dtype

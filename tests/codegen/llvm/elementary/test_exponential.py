import mpmath
import numpy as np
import pytest

DTYPES = ["float32", "float64"]
REFERENCES = {"exp": mpmath.exp, "exp2": lambda x: mpmath.power(2, x), "expm1": mpmath.expm1}
RANGES = {
    ("exp", "float32"): (-104.5, 89.5),
    ("exp", "float64"): (-746.5, 710.5),
    ("exp2", "float32"): (-151.5, 129.0),
    ("exp2", "float64"): (-1077.5, 1025.0),
    ("expm1", "float32"): (-20.0, 89.5),
    ("expm1", "float64"): (-40.0, 710.5),
}
"""From underflow to overflow, both included."""


BOUNDS = {"exp": 1.0, "exp2": 1.0, "expm1": 1.1}
"""In units in the last place."""


@pytest.mark.parametrize(("function", "dtype"), RANGES)
def test_error_is_bounded(function, dtype, points, worst_error):
    low, high = RANGES[function, dtype]
    x = np.concatenate([points(dtype, low, high), np.linspace(low, high, 600)])
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= BOUNDS[function]


@pytest.mark.parametrize(("dtype", "smallest", "least"), [("float32", -87.4, -104.0), ("float64", -708.4, -745.2)])
def test_exp_underflows_gradually(dtype, smallest, least, worst_error, compile_loop):
    x = np.linspace(least, smallest, 500)
    assert worst_error("exp", dtype, mpmath.exp, x).ulp <= 1
    assert np.all(compile_loop("exp", dtype)(x)[1:] > 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp2_of_integers_is_exact(dtype, compile_loop):
    info = np.finfo(dtype)
    x = np.arange(info.minexp - info.nmant, info.maxexp)
    np.testing.assert_array_equal(compile_loop("exp2", dtype)(x), np.ldexp(np.ones((), dtype), x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_expm1_is_relatively_accurate_near_zero(dtype, worst_error):
    x = np.array([[1], [-1]]) * 2.0 ** -np.linspace(0, 60, 400)
    assert worst_error("expm1", dtype, mpmath.expm1, x.ravel()).ulp <= BOUNDS["expm1"]


@pytest.mark.parametrize(("function", "dtype"), RANGES)
def test_special_values_are_numpys(function, dtype, special_values, assert_as_numpy):
    assert_as_numpy(function, dtype, getattr(np, function), special_values(dtype))

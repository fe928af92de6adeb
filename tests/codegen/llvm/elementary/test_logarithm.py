import mpmath
import numpy as np
import pytest

DTYPES = ["float32", "float64"]
REFERENCES = {
    "log": mpmath.log,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "log1p": mpmath.log1p,
}

BOUND = 1.1
"""Of the errors, in units in the last place."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", REFERENCES)
def test_error_is_bounded(function, dtype, points, worst_error):
    low = -1.0 + np.finfo(dtype).epsneg if function == "log1p" else np.finfo(dtype).smallest_subnormal
    x = np.concatenate([points(dtype, low, np.inf), points(dtype, max(low, -0.5), 3.0)])
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= BOUND


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["log", "log2", "log10"])
def test_error_is_bounded_near_the_zero(function, dtype, worst_error):
    distance = 2.0 ** -np.linspace(1, np.finfo(dtype).nmant, 300)
    x = np.concatenate([1 - distance, 1 + distance])
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= BOUND


@pytest.mark.parametrize("dtype", DTYPES)
def test_log1p_is_accurate_near_zero_and_near_its_pole(dtype, worst_error):
    distance = 2.0 ** -np.linspace(1, np.finfo(dtype).nmant, 300)
    x = np.concatenate([distance, -distance, distance - 1, np.linspace(0.4, 0.5, 300)])
    assert worst_error("log1p", dtype, mpmath.log1p, x).ulp <= BOUND


@pytest.mark.parametrize("dtype", DTYPES)
def test_logarithms_of_powers_of_the_base_are_integers(dtype, compile_loop):
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp - info.nmant, info.maxexp)
    np.testing.assert_array_equal(
        compile_loop("log2", dtype)(np.ldexp(np.ones((), dtype), exponents)), exponents.astype(dtype)
    )
    np.testing.assert_array_equal(compile_loop("log10", dtype)([1.0, 10.0, 100.0, 1000.0, 1e4]), [0, 1, 2, 3, 4])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", REFERENCES)
def test_special_values_are_numpys(function, dtype, special_values, assert_as_numpy):
    assert_as_numpy(function, dtype, getattr(np, function), special_values(dtype))

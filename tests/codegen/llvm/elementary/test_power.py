import mpmath
import numpy as np
import pytest

DTYPES = ["float32", "float64"]
RANGES = {"float32": (-151.0, 129.0), "float64": (-1077.0, 1025.0)}
"""Logarithms, to base 2, of powers from underflow to overflow."""


def exponents(x, dtype, seed):
    """Draw y such that x**y lies anywhere from underflow to overflow."""
    target = np.random.default_rng(seed).uniform(*RANGES[dtype], x.size)
    with np.errstate(over="ignore"):
        y = (target / np.log2(x.astype("longdouble"))).astype(dtype)
    return np.clip(y, -np.finfo(dtype).max, np.finfo(dtype).max)


@pytest.mark.parametrize("dtype", DTYPES)
def test_error_of_power_is_below_one_ulp(dtype, points, worst_error):
    x = points(dtype, np.finfo(dtype).smallest_subnormal, np.inf)
    x = x[x != 1]
    assert worst_error("power", dtype, mpmath.power, x, exponents(x, dtype, 1)).ulp <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_error_of_power_is_below_one_ulp_for_bases_near_one(dtype, worst_error):
    distance = 2.0 ** -np.linspace(1, np.finfo(dtype).nmant, 300)
    x = np.concatenate([1 - distance, 1 + distance]).astype(dtype)
    assert worst_error("power", dtype, mpmath.power, x, exponents(x, dtype, 2)).ulp <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_integer_powers_of_negative_bases(dtype, worst_error):
    x, y = np.meshgrid(-np.linspace(0.1, 9.7, 25), np.arange(-12.0, 13.0))
    assert worst_error("power", dtype, mpmath.power, x.ravel(), y.ravel()).ulp <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_exact_powers_are_exact(dtype, compile_loop):
    x, y = np.meshgrid(np.arange(1.0, 16.0), np.arange(0.0, 6.0))
    np.testing.assert_array_equal(compile_loop("power", dtype)(x, y), x**y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_powers_are_numpys(dtype, special_values, assert_as_numpy):
    """Among the exponents are the largest odd integer, its neighbours, and the largest that is not whole."""
    one = 2.0 ** (np.finfo(dtype).nmant + 1)
    numbers = [one, one - 1, one - 2, one / 2 - 0.5, 1 + np.finfo(dtype).eps, 1 - np.finfo(dtype).epsneg]
    values = np.concatenate([special_values(dtype), numbers, -np.array(numbers)])
    x, y = np.meshgrid(values, values)
    assert_as_numpy("power", dtype, np.power, x, y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cbrt_is_correctly_rounded_but_for_close_calls(dtype, points, worst_error):
    x = points(dtype, np.finfo(dtype).smallest_subnormal, np.inf, 1000)
    assert worst_error("cbrt", dtype, mpmath.cbrt, x).ulp <= 0.51


@pytest.mark.parametrize("dtype", DTYPES)
def test_cbrt_is_odd_and_exact_for_cubes(dtype, compile_loop):
    x = np.arange(-60.0, 61.0)
    np.testing.assert_array_equal(compile_loop("cbrt", dtype)(x**3), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_cube_roots_are_numpys(dtype, special_values, assert_as_numpy):
    assert_as_numpy("cbrt", dtype, np.cbrt, special_values(dtype))

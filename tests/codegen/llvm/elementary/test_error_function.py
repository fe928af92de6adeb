import mpmath
import numpy as np
import pytest
import scipy.special

DTYPES = ["float32", "float64"]
ERFC_ENDS = {"float32": 10.06, "float64": 27.24}
"""Where erfc has become less than half of the smallest subnormal number."""


@pytest.mark.parametrize("dtype", DTYPES)
def test_erf_is_right_to_two_ulp(dtype, points, worst_error):
    x = np.concatenate([points(dtype, -np.inf, np.inf, 300), points(dtype, -6.0, 6.0), points(dtype, 0.9, 1.1, 400)])
    assert worst_error("erf", dtype, mpmath.erf, x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfc_is_right_to_two_ulp_down_to_the_smallest_number(dtype, points, worst_error):
    end = ERFC_ENDS[dtype]
    x = np.concatenate([points(dtype, -7.0, end), points(dtype, -1.0, 1.0), np.linspace(0.9 * end, end + 0.1, 300)])
    assert worst_error("erfc", dtype, mpmath.erfc, x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfinv_is_right_to_three_ulp_up_to_its_poles(dtype, points, worst_error):
    distance = 2.0 ** -np.linspace(1, np.finfo(dtype).nmant + 1, 100)
    x = np.concatenate([points(dtype, -distance.max(), distance.max(), 200), 1 - distance, distance - 1])
    x = x[np.abs(x) < 1]
    assert worst_error("erfinv", dtype, mpmath.erfinv, x).ulp <= 3


@pytest.mark.parametrize("dtype", DTYPES)
def test_erf_is_odd_to_the_last_bit_and_at_most_one(dtype, points, compile_loop):
    x = points(dtype, 0.0, np.inf)
    erf = compile_loop("erf", dtype)
    np.testing.assert_array_equal(erf(-x), -erf(x))
    assert erf(x).max() == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["erf", "erfc", "erfinv"])
def test_special_values_are_scipys(function, dtype, special_values, assert_as_numpy):
    assert_as_numpy(function, dtype, getattr(scipy.special, function), special_values(dtype))

import mpmath
import numpy as np
import pytest

DTYPES = ["float32", "float64"]
LIMITS = {"float32": 104.5, "float64": 746.0}
"""Beyond, e**-x has become zero."""


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def logaddexp(x, y):
    return mpmath.log(mpmath.exp(x) + mpmath.exp(y))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reference", [sigmoid, softplus])
def test_error_is_bounded(reference, dtype, points, worst_error):
    limit = LIMITS[dtype]
    x = np.concatenate([points(dtype, -limit, limit), np.linspace(-limit, limit, 300), np.linspace(-4, 1, 900)])
    assert worst_error(reference.__name__, dtype, reference, x).ulp <= 1.75


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_underflows_gradually(dtype, compile_loop):
    x = np.linspace(-LIMITS[dtype], -np.log(np.finfo(dtype).max), 50)[1:]
    result = compile_loop("sigmoid", dtype)(x)
    np.testing.assert_array_equal(result, compile_loop("exp", dtype)(x))
    assert np.count_nonzero(result) >= 45


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype, compile_loop):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30])
    log_two = np.log(np.array(2, dtype))
    np.testing.assert_array_equal(compile_loop("sigmoid", dtype)(x), [np.nan, 1, 0, 0.5, 0.5, 1, 0])
    np.testing.assert_array_equal(
        compile_loop("softplus", dtype)(x), np.array([np.nan, np.inf, 0, log_two, log_two, 1e30, 0], dtype)
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp_of_positive_numbers_is_accurate(dtype, points, worst_error):
    x, y = points(dtype, 0.0, 40.0, 600), points(dtype, 0.0, 40.0, 600, seed=1)
    assert worst_error("logaddexp", dtype, logaddexp, x, y).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp_keeps_the_rounding_error_of_the_difference(dtype, worst_error):
    """With x near 0 the result is e**y nearly: its last digits are those of y - x."""
    x = np.random.default_rng(0).uniform(-1, 1, 300) * 1e-9
    y = np.random.default_rng(1).uniform(-16, -2, 300)
    assert worst_error("logaddexp", dtype, logaddexp, x, y).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp_near_its_zeros_is_as_accurate_as_its_terms(dtype, compile_loop):
    x = np.random.default_rng(0).uniform(-3, -0.1, 300).astype(dtype)
    y = np.log(-np.expm1(x.astype("float64"))).astype(dtype)
    result = compile_loop("logaddexp", dtype)(x, y)
    with mpmath.workprec(140):
        exact = [float(logaddexp(mpmath.mpf(a), mpmath.mpf(b))) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert np.all(np.abs(result - exact) <= 2 * np.spacing(np.maximum(np.abs(x), np.abs(y))))


@pytest.mark.parametrize("dtype", DTYPES)
def test_logaddexp_of_special_values_is_numpys(dtype, special_values, assert_as_numpy):
    x, y = np.meshgrid(special_values(dtype), special_values(dtype))
    assert_as_numpy("logaddexp", dtype, np.logaddexp, x, y)

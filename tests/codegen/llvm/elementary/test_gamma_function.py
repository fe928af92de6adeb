import mpmath
import numpy as np
import pytest
import scipy.special

DTYPES = ["float32", "float64"]
REFERENCES = {"gammaln": mpmath.loggamma, "digamma": mpmath.digamma, "trigamma": lambda x: mpmath.psi(1, x)}
SCIPY = {
    "gammaln": scipy.special.gammaln,
    "digamma": scipy.special.digamma,
    "trigamma": lambda x: scipy.special.polygamma(1, x),
}
DIGAMMA_ZERO = 1.4616321449683622


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", REFERENCES)
def test_error_for_positive_numbers_is_below_four_ulp(function, dtype, points, worst_error):
    x = np.concatenate([points(dtype, np.finfo(dtype).tiny, np.inf, 400), points(dtype, 0.01, 4.0, 400)])
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= 4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "zero"), [("gammaln", 1.0), ("gammaln", 2.0), ("digamma", DIGAMMA_ZERO)])
def test_error_is_below_four_ulp_near_the_positive_zeros(function, zero, dtype, worst_error):
    distance = 2.0 ** -np.linspace(1, np.finfo(dtype).nmant, 60)
    x = np.concatenate([zero - distance, zero + distance])
    x = x[x.astype(dtype) != zero]
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= 4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["gammaln", "digamma"])
def test_negative_numbers_cost_no_more_than_what_cancels(function, dtype, compile_loop):
    """The reflection formulas subtract, so errors are small beside the terms rather than beside the result."""
    x = np.random.default_rng(0).uniform(-20, 0, 300).astype(dtype)
    results = compile_loop(function, dtype)(x)
    with mpmath.workprec(140):
        for argument, result in zip(x.tolist(), results.tolist(), strict=True):
            mirrored = REFERENCES[function](1 - mpmath.mpf(argument))
            exact = mpmath.re(REFERENCES[function](mpmath.mpf(argument)))
            assert abs(result - exact) <= 4 * np.finfo(dtype).eps * (abs(exact) + abs(mirrored))


@pytest.mark.parametrize("dtype", DTYPES)
def test_error_of_trigamma_is_below_five_ulp_for_negative_numbers(dtype, worst_error):
    x = np.random.default_rng(0).uniform(-20, 0, 300)
    assert worst_error("trigamma", dtype, REFERENCES["trigamma"], x).ulp <= 5


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", REFERENCES)
def test_special_values_are_scipys(function, dtype, special_values, assert_as_numpy):
    x = special_values(dtype)
    # SciPy's gammaln is infinite at subnormal numbers, where it should be about 700.
    x = x[(np.abs(x) >= np.finfo(dtype).tiny) | (x == 0)]
    assert_as_numpy(function, dtype, lambda x: SCIPY[function](x).astype(dtype), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gammaln_of_subnormal_numbers_is_finite(dtype, worst_error):
    smallest = np.finfo(dtype).smallest_subnormal
    assert worst_error("gammaln", dtype, lambda x: -mpmath.log(abs(x)), [smallest, -smallest]).ulp <= 4

import mpmath
import numpy as np
import pytest

DTYPES = ["float32", "float64"]
REFERENCES = {
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
}
RANGES = {
    "sinh": {"float32": (-90.0, 90.0), "float64": (-711.0, 711.0)},
    "cosh": {"float32": (-90.0, 90.0), "float64": (-711.0, 711.0)},
    "tanh": {"float32": (-10.0, 10.0), "float64": (-22.0, 22.0)},
    "arcsinh": dict.fromkeys(DTYPES, (-np.inf, np.inf)),
    "arccosh": dict.fromkeys(DTYPES, (1.0, np.inf)),
    "arctanh": {"float32": (-1 + 2.0**-24, 1 - 2.0**-24), "float64": (-1 + 2.0**-53, 1 - 2.0**-53)},
}


BOUNDS = {"sinh": 1.0, "cosh": 1.0, "tanh": 1.4, "arcsinh": 1.3, "arccosh": 1.1, "arctanh": 1.4}
"""In units in the last place."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", REFERENCES)
def test_error_is_bounded(function, dtype, points, worst_error):
    low, high = RANGES[function][dtype]
    low_centre, high_centre = max(low, -2.0), min(high, 2.0)
    x = np.concatenate([points(dtype, low, high, 600), np.linspace(low_centre, high_centre, 900)])
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= BOUNDS[function]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "origin"), [("arccosh", 1.0), ("arctanh", -1.0), ("arctanh", 1.0)])
def test_error_is_bounded_near_the_edge(function, origin, dtype, worst_error):
    distance = 2.0 ** -np.linspace(1, np.finfo(dtype).nmant, 300)
    x = origin + distance if function == "arccosh" else origin * (1 - distance)
    assert worst_error(function, dtype, REFERENCES[function], x).ulp <= BOUNDS[function]


@pytest.mark.parametrize(
    ("function", "x"),
    [
        ("arccosh", [1.0313860177993774, 1.0308493375778198]),
        ("arctanh", [0.16690145, 0.46165863]),
        ("cosh", [7.993132, 5.922146]),
        ("sinh", [0.3532408, 8.676925]),
        ("tanh", [0.82773834, 3.9562726]),
    ],
)
def test_error_is_bounded_where_simpler_formulas_fail(function, x, worst_error):
    """The worst places of float32: without corrections for rounded intermediate results most are off by twice as much."""
    assert worst_error(function, "float32", REFERENCES[function], x).ulp <= BOUNDS[function]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["sinh", "tanh", "arcsinh", "arctanh"])
def test_odd_functions_are_odd_to_the_last_bit(function, dtype, points, compile_loop):
    x = points(dtype, 0.0, RANGES[function][dtype][1])
    loop = compile_loop(function, dtype)
    np.testing.assert_array_equal(loop(-x), -loop(x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", REFERENCES)
def test_special_values_are_numpys(function, dtype, special_values, assert_as_numpy):
    assert_as_numpy(function, dtype, getattr(np, function), special_values(dtype))

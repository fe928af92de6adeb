import itertools
import re

import mpmath
import numpy as np
import pytest

DTYPES = ["float32", "float64"]
CIRCULAR = {"sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan}
INVERSE = {"arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan}
HARDEST = {"float32": 16367173 * 2.0**72, "float64": 6381956970095103 * 2.0**797}
"""The numbers that come closest to a multiple of pi / 2, relative to their spacing (J.-M. Muller, table 11.1)."""


def neighbours(values, dtype):
    """The given real numbers rounded to the dtype, and the numbers next to them on either side."""
    rounded = np.asarray(values, dtype)
    return np.concatenate([rounded, np.nextafter(rounded, -np.inf), np.nextafter(rounded, np.inf)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", CIRCULAR)
def test_circular_functions_of_any_number_are_right_to_two_ulp(function, dtype, points, worst_error):
    x = np.concatenate([points(dtype, -np.inf, np.inf), points(dtype, -8.0, 8.0)])
    assert worst_error(function, dtype, CIRCULAR[function], x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", CIRCULAR)
def test_circular_functions_near_multiples_of_half_pi_are_right_to_two_ulp(function, dtype, worst_error):
    multiples = np.concatenate([np.arange(1, 100), np.geomspace(100, 2.0**40, 200).round()])
    x = np.concatenate([neighbours(multiples * (np.pi / 2), dtype), [HARDEST[dtype]]])
    assert worst_error(function, dtype, CIRCULAR[function], x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", CIRCULAR)
def test_both_reductions_are_good_where_one_takes_over(function, dtype, worst_error):
    limit = {"float32": 2.0**17, "float64": 2.0**32}[dtype]
    x = np.concatenate([neighbours([limit, -limit], dtype), limit * np.linspace(0.9, 1.1, 300)])
    assert worst_error(function, dtype, CIRCULAR[function], x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["sin", "cos"])
def test_sines_do_not_exceed_one(function, dtype, compile_loop):
    odd = np.arange(-2001, 2002, 2)
    x = neighbours((odd if function == "sin" else odd + 1) * (np.pi / 2), dtype)
    assert np.max(np.abs(compile_loop(function, dtype)(x))) == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", INVERSE)
def test_inverse_functions_are_right_to_two_ulp(function, dtype, points, worst_error):
    bound = np.inf if function == "arctan" else 1.0
    x = np.concatenate([points(dtype, -bound, bound), points(dtype, -1.0, 1.0), neighbours([0.5, -0.5], dtype)])
    assert worst_error(function, dtype, INVERSE[function], x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["sin", "tan", "arcsin", "arctan"])
def test_odd_functions_are_odd_to_the_last_bit(function, dtype, points, compile_loop):
    x = points(dtype, 0.0, 1.0 if function == "arcsin" else np.inf)
    loop = compile_loop(function, dtype)
    np.testing.assert_array_equal(loop(-x), -loop(x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_angle_of_a_point_is_right_to_two_ulp(dtype, points, worst_error):
    y, x = (
        np.concatenate([points(dtype, -np.inf, np.inf, 600, seed), points(dtype, -2.0, 2.0, 600, seed)])
        for seed in (1, 2)
    )
    assert worst_error("arctan2", dtype, mpmath.atan2, y, x).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_hypotenuse_is_right_to_two_ulp_at_every_scale(dtype, worst_error):
    info, random = np.finfo(dtype), np.random.default_rng(0)
    scale = 2.0 ** random.uniform(info.minexp - info.nmant, info.maxexp - 1, 1500)
    x, y = scale * random.uniform(0.5, 1, scale.size), scale * random.uniform(-1, 1, scale.size) ** 3
    assert worst_error("hypot", dtype, mpmath.hypot, x, y).ulp <= 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [*CIRCULAR, *INVERSE])
def test_special_values_are_numpys(function, dtype, special_values, assert_as_numpy):
    assert_as_numpy(function, dtype, getattr(np, function), special_values(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["arctan2", "hypot"])
def test_special_pairs_are_numpys(function, dtype, special_values, assert_as_numpy):
    pairs = np.array(list(itertools.product(special_values(dtype), repeat=2)))
    assert_as_numpy(function, dtype, getattr(np, function), pairs[:, 0], pairs[:, 1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", CIRCULAR)
def test_loops_call_the_guard_once_a_vector(function, dtype, compile_loop):
    loop = compile_loop(function, dtype).ir.split("@loop(", 1)[1].split("\n}", 1)[0]
    type = {"float32": "float", "float64": "double"}[dtype]
    lengths = re.findall(rf"call <(\d+) x {type}> @sg\.{function}\.guard\.{dtype}\.x\1\(", loop)
    assert lengths
    assert int(lengths[0]) * np.dtype(dtype).itemsize >= 16


@pytest.mark.parametrize(
    ("triple", "cpu", "bytes_of_vector"),
    [
        ("x86_64-unknown-linux-gnu", "x86-64-v3", 32),
        ("x86_64-unknown-linux-gnu", "znver4", 64),
        ("aarch64-unknown-linux-gnu", "generic", 16),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_guard_has_a_variant_for_the_widest_vectors_of_every_machine(
    dtype, triple, cpu, bytes_of_vector, compile_loop
):
    loop = compile_loop("sin", dtype).assembly_for(triple, cpu).split("\nloop:", 1)[1].split(".Lfunc_end", 1)[0]
    assert f"sg.sin.guard.{dtype}.x{bytes_of_vector // np.dtype(dtype).itemsize}" in loop

"""Measured slopes: right within the error they claim, for functions of all scales and kinds."""

import math

import numpy as np
import pytest

from symgrad.check.slopes import Slope, measure_noise, measure_slope

FUNCTIONS = {
    "sine": (lambda t: math.sin(1 + t), math.cos(1.0), 1e-11),
    "fast sine": (lambda t: math.sin(1e4 * (1 + t)), 1e4 * math.cos(1e4), 1e-7),
    "slow": (lambda t: math.sin(1 + 1e-6 * t), 1e-6 * math.cos(1.0), 1e-8),
    "tiny": (lambda t: 1e-200 * math.exp(t), 1e-200, 1e-11),
    "huge": (lambda t: 1e200 * math.exp(t), 1e200, 1e-11),
    "under an offset": (lambda t: 1e6 + math.sin(1 + t), math.cos(1.0), 1e-7),
    "quadratic": (lambda t: (1 + t) ** 2, 2.0, 1e-12),
    "near a pole": (lambda t: 1 / (1e-3 + t), -1e6, 1e-8),
    "near an end of the domain": (lambda t: math.sqrt(1e-6 + t) if t > -1e-6 else math.nan, 500.0, 1e-6),
    "near a kink": (lambda t: abs(t + 1e-6), 1.0, 1e-7),
    "in float32": (lambda t: float(np.sin(np.float32(1 + t))), math.cos(1.0), 1e-4),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_are_right_within_ten_times_their_error(name):
    line, wanted, precision = FUNCTIONS[name]
    slope = measure_slope(line, measure_noise(line))
    assert abs(slope.value - wanted) <= 10 * slope.error + 1e-15 * abs(wanted)
    assert 10 * slope.error <= precision * abs(wanted)
    assert slope.jump == 0


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_kink_shows_as_a_jump(size):
    def line(t):
        return size * (math.sin(t) + 2 * max(t, 0.0))

    slope = measure_slope(line, measure_noise(line))
    assert slope.value == pytest.approx(2 * size, rel=1e-6)
    assert slope.jump == pytest.approx(2 * size, rel=1e-6)


def test_a_constant_has_no_slope_at_all():
    assert measure_slope(lambda t: 3.0, 1e-16).value == 0


def test_a_function_without_values_has_no_slope():
    slope = measure_slope(lambda t: math.nan, 0.0)
    assert math.isnan(slope.value)
    assert math.isinf(slope.error)


def test_noise_is_measured():
    random = np.random.default_rng(0)

    def line(t):
        return math.sin(1 + t) + 1e-6 * random.standard_normal()

    assert 1e-7 < measure_noise(line) < 1e-5
    assert 1e-9 < measure_noise(lambda t: float(np.sin(np.float32(1 + t)))) < 1e-7
    assert measure_noise(lambda t: math.sin(1 + t)) < 1e-15
    assert measure_noise(abs) < 1e-20


def test_a_slope_by_another_unit():
    assert Slope(6.0, 2.0, 4.0).over(2.0) == Slope(3.0, 1.0, 2.0)

"""Comparisons: allowed is what errors explain, and nothing else."""

import math

import pytest

from symgrad.check.compare import Status, compare
from symgrad.check.slopes import Slope


@pytest.mark.parametrize(
    ("slope", "got", "rounding", "status"),
    [
        (Slope(1.0, 1e-10), 1.0, 0.0, Status.CORRECT),
        (Slope(1.0, 1e-10), 1.0 + 5e-10, 0.0, Status.CORRECT),
        (Slope(1.0, 1e-10), 1.0 + 1e-6, 0.0, Status.WRONG),
        (Slope(1.0, 1e-10), 1.0 + 1e-6, 1e-5, Status.CORRECT),
        (Slope(1e-9, 1e-20), 2e-9, 0.0, Status.WRONG),
        (Slope(1e9, 1e-3), -1e9, 0.0, Status.WRONG),
        (Slope(0.5, 1e-10, jump=1.0), 0.0, 0.0, Status.KINK),
        (Slope(0.5, 1e-10, jump=-1.0), 1.0, 0.0, Status.KINK),
        (Slope(0.5, 1e-10, jump=1.0), 1.1, 0.0, Status.WRONG),
        (Slope(1.0, 0.5), 2.0, 0.0, Status.UNRESOLVED),
        (Slope(math.nan, math.inf), 2.0, 0.0, Status.UNRESOLVED),
        (Slope(0.0, 1e-12), 1e-13, 0.0, Status.CORRECT),
    ],
)
def test_status(slope, got, rounding, status):
    assert compare(slope, got, rounding, natural=1.0, index=(0,)).status is status


def test_digits():
    assert compare(Slope(2.0, 1e-12), 2.0 + 2e-8, 1e-7, 1.0, None).digits == pytest.approx(8, abs=0.1)
    assert compare(Slope(2.0, 2e-6), 2.0, 0.0, 1.0, None).digits == pytest.approx(6, abs=0.1)
    assert compare(Slope(1.0, 1e-12), -1.0, 0.0, 1.0, None).digits == 0
    assert compare(Slope(0.0, 0.0), 0.0, 0.0, 1.0, None).digits > 15


def test_only_what_is_known_well_is_confirmed():
    assert compare(Slope(1.0, 1e-9), 1.0, 0.0, 1.0, None).confirmed
    assert not compare(Slope(1e-12, 1e-12), 1e-12, 0.0, 1.0, None).confirmed
    assert not compare(Slope(1.0, 1e-9), 2.0, 0.0, 1.0, None).confirmed

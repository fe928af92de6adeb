import mpmath
import numpy as np
import pytest

from codegen.llvm.elementary.huge_angle import HALF, RECIPROCAL_PI, half_turns, nearest

HARDEST = 6381956970095103 * 2.0**797
"""The float64 that comes closest to a multiple of pi / 2 (J.-M. Muller, Elementary Functions, table 11.1)."""


def test_the_digits_are_those_of_the_reciprocal_of_pi():
    with mpmath.workprec(64 * 19 + 32):
        assert int(mpmath.floor(mpmath.ldexp(1 / mpmath.pi, 64 * 19))) == RECIPROCAL_PI


@pytest.mark.parametrize("offset", [0, HALF])
def test_angles_are_reduced_to_the_last_place(offset, points, run_formula):
    x = np.concatenate([points("float64", 1.0, np.inf, 1000), [HARDEST]])

    def rest(b, x):
        return nearest(b, half_turns(b, x) + offset)[0]

    def parity(b, x):
        return b.cast("sitofp", nearest(b, half_turns(b, x) + offset)[1], "double")

    rests, parities = (run_formula(formula, "float64", x) for formula in (rest, parity))
    with mpmath.workprec(1400):
        for angle, r, k in zip(x.tolist(), rests.tolist(), parities.tolist(), strict=True):
            turns = mpmath.mpf(angle) / mpmath.pi + mpmath.mpf(offset) / 2**127
            whole = mpmath.nint(turns)
            exact = (turns - whole) * mpmath.pi
            assert abs(r - exact) <= 0.51 * np.spacing(float(abs(exact)))
            assert k == whole % 2

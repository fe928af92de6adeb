"""erf, erfc and erfinv."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import fast_two_sum, two_product, two_sum
from codegen.llvm.elementary.exponential import (
    EXP_FLOAT32,
    EXP_FLOAT64,
    falling_offset,
    log_two,
    scale_falling,
)

# Minimax polynomials (Remez, coefficients rounded to the format), with their errors in float32 and float64.

# erf(x) / x - c in powers of x**2 for x <= 1, with c = 2 / pi**(1/2) rounded: 2**-29.5 and 2**-56.6 of erf(x) / x.
ERF_FLOAT32 = (-6.000412e-08, -0.37612626, 0.11283589, -0.026854021, 0.0051887585, -0.0008014093, 7.86686e-05)
ERF_FLOAT64 = (
    7.094761048206109e-18,
    -0.3761263890318352,
    0.11283791670944286,
    -0.026866170643138777,
    0.005223977606464863,
    -0.000854832595213216,
    0.00012055294427897009,
    -1.4924731342253132e-05,
    1.6447392668460136e-06,
    -1.620846527893975e-07,
    1.3720768403231808e-08,
    -7.798374062578835e-10,
)
# erfc(x)**(1/4) in powers of x - 1 for x >= 1, weighted to make erf accurate: 2**-26.5 and 2**-54.6 of erf(x).
ROOT_ERFC_FLOAT32 = (
    0.6297695,
    -0.4154854,
    0.004324208,
    0.050810065,
    -0.0037291136,
    -0.005491512,
    0.0013275597,
    2.2065422e-05,
    -2.504745e-05,
)
ROOT_ERFC_FLOAT64 = (
    0.6297695139034098,
    -0.4154853221616312,
    0.00431572172676761,
    0.050890549425888644,
    -0.0040309794929771405,
    -0.004930829763064914,
    0.0007767949710068096,
    0.0002961157764141351,
    -7.340440431218614e-05,
    -9.499026366146666e-06,
    3.6214583933622215e-06,
    2.681524082036376e-07,
    -1.4167584317133522e-07,
    -6.276238888786529e-09,
    1.9244449778570863e-09,
    2.382559168797416e-09,
    -9.781155410187642e-10,
    1.7699465332913381e-10,
    -1.78835544281773e-11,
    9.896894024035086e-13,
    -2.356365719412781e-14,
)
# (x + 3/2) exp(x**2) erfc(x) in powers of 1 / (x + 3/2) - ERFCX_CENTRE, relative errors 2**-27.8 and 2**-54.9.
# Around these centres the first coefficient happens to be nearly a number of the format.
ERFCX_CENTRE = {"float32": 0.25220489501953125, "float64": 0.2500869035720825}
ERFCX_FLOAT32 = (
    0.8462846,
    1.3895584,
    0.95619684,
    -0.9256327,
    -1.5598998,
    1.8990316,
    2.4507217,
    -6.1427746,
    -0.4220814,
    16.099419,
    -22.724321,
    11.0813675,
)
ERFCX_FLOAT64 = (
    0.8433458534951197,
    1.385495599134585,
    0.9620369790603767,
    -0.9123246918841903,
    -1.5800416132322794,
    1.8668088708394786,
    2.5585105186952886,
    -6.1547311656889345,
    -1.2936247993306167,
    18.950043995930088,
    -19.818067315498702,
    -33.42834224663165,
    119.91538845513207,
    -83.74632435451467,
    -295.120853487916,
    896.679934093896,
    -644.7609676388872,
    -2353.5306641394423,
    7935.765952036607,
    -7514.076922652511,
    -17407.86953685135,
    68965.19581925464,
    -79143.66075952104,
    -72941.19222797678,
    374080.08371165016,
    -554961.9431312344,
    404317.13263262546,
    -122431.44341801397,
)

# erfinv(x) / x in powers of w - ERFINV_CENTRE, w = -log(1 - x**2) < ERFINV_NEAR: relative errors 2**-27.0 and 2**-55.2.
ERFINV_NEAR = {"float32": 5.0, "float64": 6.25}
ERFINV_CENTRE = {"float32": 0.814208984375, "float64": 1.0654296875}
ERFINV_FLOAT32 = (
    1.0814914,
    0.246005,
    0.0055934456,
    -0.002437251,
    6.263823e-05,
    4.271825e-05,
    -3.6025504e-06,
    -7.3479293e-07,
    1.5426014e-07,
    -8.61652e-09,
)
ERFINV_FLOAT64 = (
    1.143607554659313,
    0.24835871105724514,
    0.0037869313853668395,
    -0.0023485550772568502,
    0.0001123395160172776,
    3.6474487912490924e-05,
    -4.519670712553061e-06,
    -5.003704040367399e-07,
    1.2529271210245088e-07,
    4.06941985103665e-09,
    -2.9934070340940768e-09,
    6.825288341028657e-11,
    6.388063259713131e-11,
    -4.877258094155787e-12,
    -1.2080296033952079e-12,
    1.6866208347521657e-13,
    2.384027541268549e-14,
    -6.6989973876302325e-15,
    -1.2108514262893946e-17,
    2.0153759951035725e-16,
    -3.660811592207327e-17,
    3.3108322797232734e-18,
    -1.6091213962699735e-19,
    3.3756060090875642e-21,
)
# The same for greater w, in powers of w**(1/2) - ERFINV_FAR_CENTRE: relative errors 2**-26.2 and 2**-54.3.
ERFINV_FAR_CENTRE = {"float32": 3.08447265625, "float64": 3.504150390625}
ERFINV_FAR_FLOAT32 = (
    2.917654,
    1.0031202,
    0.0077325497,
    -0.0059572496,
    0.004325586,
    -0.002850247,
    0.001393401,
    -0.000258876,
    -0.00022067799,
    0.00012896291,
)
ERFINV_FAR_FLOAT64 = (
    3.339666747459157,
    1.0073959069862524,
    0.003251289800929991,
    -0.0020451384997881425,
    0.0010794587903692715,
    -0.0006692097541040054,
    0.0004242695657277919,
    -0.0002224888845960374,
    7.820877223150061e-05,
    -6.028736527331844e-06,
    -1.2959178796681505e-05,
    9.266817443489182e-06,
    -2.8744148402738928e-06,
    -1.1640385804589149e-07,
    5.612599110348357e-07,
    -2.6677332643929463e-07,
    4.455853793178826e-08,
    1.7886492526208958e-08,
    -1.4807298535319134e-08,
    4.597816247355173e-09,
    -2.734073972890322e-10,
    -4.181928633170971e-10,
    2.1897158443581818e-10,
    -5.723833649485167e-11,
    7.526661211637286e-12,
    1.0958345299163126e-13,
    -2.1607696644478227e-13,
    3.309899542493267e-14,
    -1.7934313471589835e-15,
)


def leading_by_horner(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    """Return a polynomial whose last three steps are Horner's: each rounds once."""
    first, second, third, *others = coefficients
    return b.polynomial(x, (first, second, third, b.polynomial(x, others)))


def erf(b: Builder, x: Value) -> Value:
    """erf x = x P(x**2) up to 1, and 1 - Q(x)**4 beyond: of a fourth root of erfc a polynomial is soon accurate."""
    magnitude = b.abs(x)
    slope = b.constant(2 / math.sqrt(math.pi))
    small = b.fma(magnitude, slope, magnitude * b.polynomial(x * x, b.choose(ERF_FLOAT32, ERF_FLOAT64)))
    far = b.at_most(magnitude, b.choose(4.0, 6.0)) - 1.0
    root = leading_by_horner(b, far, b.choose(ROOT_ERFC_FLOAT32, ROOT_ERFC_FLOAT64))
    square = root * root
    return b.copysign(b.select(magnitude < 1.0, small, b.fma(-square, square, 1.0)), x)


def erfc(b: Builder, x: Value) -> Value:
    """erfc x = exp(-x**2) u q(u) with u = 1 / (x + 3/2); erfc(-x) = 2 - erfc x.

    What u lacks goes to the exponent, together with what x**2 lacks: a relative change e of u makes one of about
    (1 + 1.3 u) e of u q(u), to a tenth of e for x > 0.1.
    """
    magnitude = b.at_most(b.abs(x), b.choose(10.5, 27.5))
    shifted = two_sum(1.5, magnitude)
    u = 1.0 / shifted.high
    lacking = b.fma(-u, shifted.low, b.fma(-u, shifted.high, 1.0))

    square = two_product(b, magnitude, magnitude)
    high, low = log_two(b)
    k, field = b.round_scaled(square.high, -1 / math.log(2), falling_offset(b))
    small = b.fma(-k, low, b.fma(lacking, b.fma(u, 1.3, 1.0), -square.low))
    r = fast_two_sum(b.fma(-k, high, -square.high), small)
    exponential = b.choose(EXP_FLOAT32, EXP_FLOAT64)
    tail = b.fma(r.high * r.high, b.polynomial(r.high, exponential), r.low)

    v = u - ERFCX_CENTRE[b.dtype]
    first, *others = b.choose(ERFCX_FLOAT32, ERFCX_FLOAT64)
    q = fast_two_sum(first, v * leading_by_horner(b, v, others))
    product = two_product(b, u, q.high)
    product_low = b.fma(u, q.low, product.low)
    rest = b.fma(product.high, tail, b.fma(product_low, r.high, product_low))
    result = scale_falling(b, product.high + b.fma(product.high, r.high, rest), field)
    return b.select(x < 0.0, 2.0 - result, result)


def erfinv(b: Builder, x: Value) -> Value:
    """erfinv x = x P(w) with w = -log(1 - x**2), or x Q(w**(1/2)) for great w (M. Giles, GPU Computing Gems, 2011)."""
    w = -b.call("log", b.fma(-x, x, 1.0))
    near = w < ERFINV_NEAR[b.dtype]
    first, *others = b.choose(ERFINV_FLOAT32, ERFINV_FLOAT64)
    far_first, *far_others = b.choose(ERFINV_FAR_FLOAT32, ERFINV_FAR_FLOAT64)
    v, far_v = w - ERFINV_CENTRE[b.dtype], b.sqrt(w) - ERFINV_FAR_CENTRE[b.dtype]
    rest, far_rest = v * leading_by_horner(b, v, others), far_v * leading_by_horner(b, far_v, far_others)
    inside = b.fma(x, b.select(near, first, b.constant(far_first)), x * b.select(near, rest, far_rest))
    return b.select(b.abs(x).equals(1.0), b.copysign(math.inf, x), inside)


FORMULAS: Mapping[str, Formula] = {"erf": erf, "erfc": erfc, "erfinv": erfinv}

"""gammaln, digamma and trigamma: the logarithm of |Gamma| and its first two derivatives.

Between 1 and FAR there is one polynomial, centred where its first coefficient happens to be nearly a number of the
format; beyond, what is left of the asymptotic series (Stirling's) is a polynomial of 1 / x**2. Numbers below 1 go up
by Gamma(x + 1) = x Gamma(x), negative ones to 1 - x by Gamma(x) Gamma(1 - x) = pi / sin(pi x) (NIST Digital Library of
Mathematical Functions, 5.5 and 5.11).

Near their zeros on the negative side gammaln and digamma are right to some units in the last place of what cancels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from codegen.llvm.elementary.builder import Builder, Formula, Value
from codegen.llvm.elementary.double_word import DoubleWord, fast_two_sum, two_product
from codegen.llvm.elementary.error_function import leading_by_horner
from codegen.llvm.elementary.exponential import log_two
from codegen.llvm.elementary.logarithm import log1p_tail, split_any
from codegen.llvm.elementary.trigonometric import sine_tail

FAR = 2.5

# Minimax polynomials (Remez, weighted for relative errors, coefficients rounded to the format).

# gammaln(x) / ((x - 1) (x - 2)): 2**-27.2 and 2**-55.7; FAR, x times what Stirling's formula lacks: 2**-27.2, 2**-58.0.
GAMMALN_CENTRE = {"float32": 1.7679443359375, "float64": 1.75079345703125}
GAMMALN_FLOAT32 = (
    0.44800952,
    -0.117902,
    0.04351156,
    -0.018437784,
    0.0084045455,
    -0.0040025897,
    0.0019857625,
    -0.0010114709,
    0.00044063476,
    -0.00019486994,
    0.00022030607,
    -0.00013733843,
)
GAMMALN_FLOAT64 = (
    0.4500445366236476,
    -0.11941097247161914,
    0.04447512483922061,
    -0.01902612972507082,
    0.008759623678938688,
    -0.004216231835193648,
    0.0020896528774067913,
    -0.0010571136850048405,
    0.0005428789105154578,
    -0.0002820146504893555,
    0.00014783352172058217,
    -7.806808376167096e-05,
    4.147731736677933e-05,
    -2.2135720573636625e-05,
    1.1868678626008509e-05,
    -6.444044438942775e-06,
    3.4936596988325138e-06,
    -1.7529175504918963e-06,
    9.293308625389044e-07,
    -7.51043248943835e-07,
    4.373196708344358e-07,
    3.463522330183373e-08,
    -3.76773071433565e-08,
    -1.56408489239806e-07,
    9.15548947136046e-08,
)
GAMMALN_FAR_FLOAT32 = (
    0.08333282,
    -0.0027619973,
    0.0006361629,
)
GAMMALN_FAR_FLOAT64 = (
    0.08333333333332603,
    -0.0027777777751864913,
    0.000793650450461836,
    -0.0005952141327300055,
    0.0008407246193120932,
    -0.0018881044636515068,
    0.005809841707121874,
    -0.02034292961487542,
    0.06646667884394937,
    -0.16986630495876784,
    0.2834292374505099,
    -0.22444733729259206,
)

# x digamma(x) / (x - DIGAMMA_ZERO): 2**-27.2 and 2**-55.1; FAR, x**2 (log x - 1/(2x) - digamma(x)): 2**-30.7, 2**-57.6.
DIGAMMA_CENTRE = {"float32": 1.75921630859375, "float64": 1.7581787109375}
DIGAMMA_FLOAT32 = (
    1.5044636,
    0.28629535,
    -0.050933626,
    0.012980248,
    -0.0038298876,
    0.0012074462,
    -0.00040230036,
    0.00016418709,
    -5.719281e-05,
)
DIGAMMA_FLOAT64 = (
    1.5041664394308172,
    0.286401198167044,
    -0.050974060112322195,
    0.012994027414880937,
    -0.003835812030656666,
    0.0012219070115486873,
    -0.00040685882285632687,
    0.00013924974563334514,
    -4.851705432115697e-05,
    1.7107170196157078e-05,
    -6.081437528473427e-06,
    2.1734574404026763e-06,
    -7.796545314297556e-07,
    2.824055473508189e-07,
    -1.0265391560632581e-07,
    3.4128316214090715e-08,
    -1.1553323310777465e-08,
    6.844139497049689e-09,
    -2.7981345523315677e-09,
)
DIGAMMA_FAR_FLOAT32 = (
    0.08333313,
    -0.008321849,
    0.0037517473,
    -0.0023457387,
)
DIGAMMA_FAR_FLOAT64 = (
    0.08333333333331634,
    -0.008333333325526358,
    0.00396825265574046,
    -0.004166551614803874,
    0.007569605596419378,
    -0.020872949151702756,
    0.07773911177720977,
    -0.33629856733904806,
    1.424587585331284,
    -5.079518211312424,
    13.376071921400943,
    -22.34335970563998,
    17.47139008723312,
)
# The zero of digamma, as a sum of two numbers of each format.
DIGAMMA_ZERO = {
    "float32": (1.4616321325302124, 1.2438149938918909e-08),
    "float64": (1.4616321449683622, 9.549995429965697e-17),
}

# x**2 trigamma(x): 2**-28.0 and 2**-54.6; FAR, x**3 (trigamma(x) - 1/x - 1/(2x**2)): 2**-27.4, 2**-55.5.
TRIGAMMA_CENTRE = {"float32": 1.7705078125, "float64": 1.75738525390625}
TRIGAMMA_FLOAT32 = (
    2.359627,
    0.95449096,
    0.022347666,
    -0.010611461,
    0.0049014655,
    -0.002215028,
    0.00094608846,
    -0.00038487226,
    0.00022671357,
    -0.000115125404,
)
TRIGAMMA_FLOAT64 = (
    2.347105516230053,
    0.9538989634070849,
    0.022770909051290183,
    -0.010873847418882773,
    0.005043818617459205,
    -0.0022814269849671717,
    0.0010096059313083035,
    -0.00043833462917951504,
    0.00018715489916552885,
    -7.874529558115727e-05,
    3.270832851720087e-05,
    -1.343302556775911e-05,
    5.456472794202567e-06,
    -2.1950680310655008e-06,
    8.893158116288923e-07,
    -3.5892789295487515e-07,
    1.2331694989764461e-07,
    -4.297335445120643e-08,
    3.2398407467463664e-08,
    -1.4665671860179881e-08,
)
TRIGAMMA_FAR_FLOAT32 = (
    0.16666548,
    -0.033253837,
    0.022099653,
    -0.017265683,
)
TRIGAMMA_FAR_FLOAT64 = (
    0.16666666666662885,
    -0.03333333330968759,
    0.02380951861794269,
    -0.03333275256767106,
    0.07571848456098519,
    -0.25136926509261914,
    1.1115174860509065,
    -5.787592579391095,
    30.57378673498589,
    -142.90774022085222,
    529.2709236711516,
    -1402.2978736140963,
    2319.7664320034646,
    -1782.9948246703757,
)

STIRLING = 0.41893853320467274
"""(log(2 pi) - 1) / 2, to more digits than the logarithm of a rounded 2 pi has."""


def reflected(b: Builder, x: Value) -> Value:
    """Return 1 - x for negative x, and x as it is."""
    return b.select(x < 0.0, 1.0 - x, x)


def distance_from_integer(b: Builder, x: Value) -> Value:
    """Return x less the nearest integer: exact, and at most 1/2."""
    return x - b.rint(x)


def sine_of_pi(b: Builder, x: Value) -> Value:
    """Return sin(pi x) / pi for |x| <= 1/2."""
    return b.fma(sine_tail(b, (x * math.pi) * (x * math.pi)), x, x)


def log_sum(b: Builder, x: Value) -> DoubleWord:
    """Return the logarithm of a positive number as a sum: k log(2) + f, rounded, and what is small beside it."""
    k, f = split_any(b, x)
    high, low = log_two(b)
    product = two_product(b, k, b.constant(high))
    total = fast_two_sum(product.high, f)
    return DoubleWord(total.high, b.fma(k, low, total.low + product.low) + log1p_tail(b, f))


def gammaln(b: Builder, x: Value) -> Value:
    """log |Gamma(x)|; infinite at the poles, and -inf at -inf, as SciPy has it."""
    v = reflected(b, x)
    log = log_sum(b, v)

    low = v < 1.0
    y = b.select(low, v + 1.0, v)
    polynomial = leading_by_horner(b, y - GAMMALN_CENTRE[b.dtype], b.choose(GAMMALN_FLOAT32, GAMMALN_FLOAT64))
    zeros = b.select(low, v, v - 1.0) * b.select(low, v - 1.0, v - 2.0)
    near = b.fma(zeros, polynomial, b.select(low, -(log.high + log.low), 0.0))

    u = 1.0 / v
    rest = b.polynomial(u * u, b.choose(GAMMALN_FAR_FLOAT32, GAMMALN_FAR_FLOAT64))
    far = b.fma(v - 0.5, log.high - 1.0, b.fma(v - 0.5, log.low, b.fma(u, rest, STIRLING)))

    result = b.select(v < FAR, near, far)
    sine = b.abs(sine_of_pi(b, distance_from_integer(b, x)))
    result = b.select(x < 0.0, -b.call("log", sine) - result, result)
    pole = sine.equals(0.0) & (x <= 0.0)
    return b.select(b.abs(x).equals(math.inf), x, b.select(pole, math.inf, result))


def digamma(b: Builder, x: Value) -> Value:
    """The derivative of log Gamma(x); -inf at 0, inf at -0, NaN at the other poles, as SciPy has it."""
    v = reflected(b, x)
    u = 1.0 / v

    low = v < 1.0
    y = b.select(low, v + 1.0, v)
    polynomial = leading_by_horner(b, y - DIGAMMA_CENTRE[b.dtype], b.choose(DIGAMMA_FLOAT32, DIGAMMA_FLOAT64))
    zero, zero_low = DIGAMMA_ZERO[b.dtype]
    offset = (v - b.select(low, zero - 1.0, b.constant(zero))) - zero_low
    near = offset * polynomial / y - b.select(low, u, 0.0)

    z = u * u
    rest = b.polynomial(z, b.choose(DIGAMMA_FAR_FLOAT32, DIGAMMA_FAR_FLOAT64))
    far = b.call("log", v) - b.fma(z, rest, 0.5 * u)

    result = b.select(v < FAR, near, far)
    r = distance_from_integer(b, x)
    cotangent = sine_of_pi(b, 0.5 - b.abs(r)) / sine_of_pi(b, r) * math.pi
    pole = b.select(r.equals(0.0), math.nan, cotangent)
    return b.select(x < 0.0, result - pole, result)


def trigamma(b: Builder, x: Value) -> Value:
    """The second derivative of log Gamma(x); infinite at the poles, and at -inf, as SciPy has it."""
    v = reflected(b, x)
    u = 1.0 / v
    z = u * u

    low = v < 1.0
    y = b.select(low, v + 1.0, v)
    polynomial = leading_by_horner(b, y - TRIGAMMA_CENTRE[b.dtype], b.choose(TRIGAMMA_FLOAT32, TRIGAMMA_FLOAT64))
    near = polynomial / (y * y) + b.select(low, z, 0.0)

    rest = b.polynomial(z, b.choose(TRIGAMMA_FAR_FLOAT32, TRIGAMMA_FAR_FLOAT64))
    far = b.fma(u, b.fma(z, rest, 0.5 * u), u)

    result = b.select(v < FAR, near, far)
    sine = sine_of_pi(b, distance_from_integer(b, x))
    result = b.select(x < 0.0, 1.0 / (sine * sine) - result, result)
    return b.select(x.equals(-math.inf), math.inf, result)


FORMULAS: Mapping[str, Formula] = {"gammaln": gammaln, "digamma": digamma, "trigamma": trigamma}

"""The scalar functions that take several LLVM instructions, as texts of LLVM functions that always inline.

In the texts $D is the dtype, $T its LLVM type, $S its suffix in the names of intrinsics, $N its bits and $MIN its least
integer. In conversions to integers $R is the dtype of the result, $N and $MIN are its bits and its least integer, and
$LIMIT is -$MIN as a float.
"""

from __future__ import annotations

import platform
from functools import cache
from string import Template

from codegen.kernels.scalar_functions import FLOATS, INTEGERS

_TYPES = {"float64": "double", "float32": "float", "int64": "i64", "int32": "i32"}
_SUFFIXES = {"float64": "f64", "float32": "f32", "int64": "i64", "int32": "i32"}

_FLOAT_DEFINITIONS = {
    # NumPy's divmod: the quotient is made from the exact remainder, and snapped to an integer.
    "floor_divide": """\
$T @sg.floor_divide.$D($T %a, $T %b) {
  %ratio = fdiv $T %a, %b
  %mod = frem $T %a, %b
  %multiple = fsub $T %a, %mod
  %quotient = fdiv $T %multiple, %b
  %inexact = fcmp une $T %mod, 0.0
  %b_negative = fcmp olt $T %b, 0.0
  %mod_negative = fcmp olt $T %mod, 0.0
  %opposite = xor i1 %b_negative, %mod_negative
  %below = and i1 %inexact, %opposite
  %one_less = fsub $T %quotient, 1.0
  %floored = select i1 %below, $T %one_less, $T %quotient
  %floor = call $T @llvm.floor.$S($T %floored)
  %excess = fsub $T %floored, %floor
  %above = fcmp ogt $T %excess, 0.5
  %one_more = fadd $T %floor, 1.0
  %snapped = select i1 %above, $T %one_more, $T %floor
  %zero = call $T @llvm.copysign.$S($T 0.0, $T %ratio)
  %is_zero = fcmp oeq $T %floored, 0.0
  %result = select i1 %is_zero, $T %zero, $T %snapped
  %by_zero = fcmp oeq $T %b, 0.0
  %value = select i1 %by_zero, $T %ratio, $T %result
  ret $T %value
}
""",
    "remainder": """\
$T @sg.remainder.$D($T %a, $T %b) {
  %mod = frem $T %a, %b
  %b_negative = fcmp olt $T %b, 0.0
  %mod_negative = fcmp olt $T %mod, 0.0
  %opposite = xor i1 %b_negative, %mod_negative
  %moved = fadd $T %mod, %b
  %adjusted = select i1 %opposite, $T %moved, $T %mod
  %zero = call $T @llvm.copysign.$S($T 0.0, $T %b)
  %is_zero = fcmp oeq $T %mod, 0.0
  %value = select i1 %is_zero, $T %zero, $T %adjusted
  ret $T %value
}
""",
    "sign": """\
$T @sg.sign.$D($T %a) {
  %positive = fcmp ogt $T %a, 0.0
  %negative = fcmp olt $T %a, 0.0
  %nan = fcmp uno $T %a, %a
  %zero_or_nan = select i1 %nan, $T %a, $T 0.0
  %not_positive = select i1 %negative, $T -1.0, $T %zero_or_nan
  %value = select i1 %positive, $T 1.0, $T %not_positive
  ret $T %value
}
""",
    "heaviside": """\
$T @sg.heaviside.$D($T %a, $T %b) {
  %negative = fcmp olt $T %a, 0.0
  %zero = fcmp oeq $T %a, 0.0
  %nan = fcmp uno $T %a, %a
  %step = select i1 %negative, $T 0.0, $T 1.0
  %number = select i1 %zero, $T %b, $T %step
  %value = select i1 %nan, $T %a, $T %number
  ret $T %value
}
""",
    "isinf": """\
i1 @sg.isinf.$D($T %a) {
  %magnitude = call $T @llvm.fabs.$S($T %a)
  %value = fcmp oeq $T %magnitude, 0x7FF0000000000000
  ret i1 %value
}
""",
    "isfinite": """\
i1 @sg.isfinite.$D($T %a) {
  %magnitude = call $T @llvm.fabs.$S($T %a)
  %value = fcmp olt $T %magnitude, 0x7FF0000000000000
  ret i1 %value
}
""",
    "signbit": """\
i1 @sg.signbit.$D($T %a) {
  %bits = bitcast $T %a to i$N
  %value = icmp slt i$N %bits, 0
  ret i1 %value
}
""",
}

# The divisors 0 and, for the least integer, -1 would trap: 1 stands in for them. Dividing by 1 is right for -1, where
# NumPy's quotient wraps and the remainder is 0; a quotient by 0 is 0.
_SAFE_DIVISION = """\
  %by_zero = icmp eq $T %b, 0
  %by_minus_one = icmp eq $T %b, -1
  %least = icmp eq $T %a, $MIN
  %overflows = and i1 %by_minus_one, %least
  %traps = or i1 %by_zero, %overflows
  %divisor = select i1 %traps, $T 1, $T %b
"""

_INTEGER_DEFINITIONS = {
    "floor_divide": f"""\
$T @sg.floor_divide.$D($T %a, $T %b) {{
{_SAFE_DIVISION}
  %quotient = sdiv $T %a, %divisor
  %multiple = mul $T %quotient, %divisor
  %mod = sub $T %a, %multiple
  %inexact = icmp ne $T %mod, 0
  %signs = xor $T %mod, %divisor
  %opposite = icmp slt $T %signs, 0
  %below = and i1 %inexact, %opposite
  %correction = sext i1 %below to $T
  %floored = add $T %quotient, %correction
  %value = select i1 %by_zero, $T 0, $T %floored
  ret $T %value
}}
""",
    "remainder": f"""\
$T @sg.remainder.$D($T %a, $T %b) {{
{_SAFE_DIVISION}
  %mod = srem $T %a, %divisor
  %inexact = icmp ne $T %mod, 0
  %signs = xor $T %mod, %divisor
  %opposite = icmp slt $T %signs, 0
  %below = and i1 %inexact, %opposite
  %correction = select i1 %below, $T %divisor, $T 0
  %value = add $T %mod, %correction
  ret $T %value
}}
""",
    "fmod": f"""\
$T @sg.fmod.$D($T %a, $T %b) {{
{_SAFE_DIVISION}
  %value = srem $T %a, %divisor
  ret $T %value
}}
""",
    "sign": """\
$T @sg.sign.$D($T %a) {
  %above = call $T @llvm.smax.$S($T %a, $T -1)
  %value = call $T @llvm.smin.$S($T %above, $T 1)
  ret $T %value
}
""",
    # The truncated quotient 1/a; NumPy's 1/0 is the least integer.
    "reciprocal": """\
$T @sg.reciprocal.$D($T %a) {
  %raised = add $T %a, 1
  %unit = icmp ult $T %raised, 3
  %zero = icmp eq $T %a, 0
  %truncated = select i1 %unit, $T %a, $T 0
  %value = select i1 %zero, $T $MIN, $T %truncated
  ret $T %value
}
""",
    # Shifts by the width or more push every bit out.
    "left_shift": """\
$T @sg.left_shift.$D($T %a, $T %b) {
  %fits = icmp ult $T %b, $N
  %count = select i1 %fits, $T %b, $T 0
  %shifted = shl $T %a, %count
  %value = select i1 %fits, $T %shifted, $T 0
  ret $T %value
}
""",
    "right_shift": """\
$T @sg.right_shift.$D($T %a, $T %b) {
  %fits = icmp ult $T %b, $N
  %most = sub $T $N, 1
  %count = select i1 %fits, $T %b, $T %most
  %value = ashr $T %a, %count
  ret $T %value
}
""",
    # Repeated squaring, for exponents that are not negative. The one loop here; a constant exponent unrolls it.
    "power": """\
$T @sg.power.$D($T %a, $T %b) {
entry:
  br label %loop
loop:
  %base = phi $T [ %a, %entry ], [ %squared, %loop ]
  %exponent = phi $T [ %b, %entry ], [ %halved, %loop ]
  %product = phi $T [ 1, %entry ], [ %next, %loop ]
  %odd = trunc $T %exponent to i1
  %factor = select i1 %odd, $T %base, $T 1
  %next = mul $T %product, %factor
  %squared = mul $T %base, %base
  %halved = lshr $T %exponent, 1
  %done = icmp eq $T %halved, 0
  br i1 %done, label %exit, label %loop
exit:
  ret $T %next
}
""",
}

# The conversion is undefined for what the integer cannot hold. x86 gives the least integer then, and ARM the nearest
# one (0 for NaN), and so does NumPy.
_CAST_TO_INTEGER = """\
i$N @sg.cast.$D.$R($T %a) {
  %magnitude = call $T @llvm.fabs.$S($T %a)
  %fits = fcmp olt $T %magnitude, $LIMIT
  %converted = fptosi $T %a to i$N
  %value = select i1 %fits, i$N %converted, i$N $MIN
  ret i$N %value
}
"""
_SATURATING_CAST_TO_INTEGER = """\
i$N @sg.cast.$D.$R($T %a) {
  %value = call i$N @llvm.fptosi.sat.i$N.$S($T %a)
  ret i$N %value
}
"""

_SATURATES = platform.machine().lower() in ("arm64", "aarch64")


def is_defined(function: str, dtype: str) -> bool:
    """Return whether `function` of operands of this dtype has a definition here."""
    return function in (_FLOAT_DEFINITIONS if dtype in FLOATS else _INTEGER_DEFINITIONS if dtype in INTEGERS else ())


@cache
def definition(function: str, dtype: str) -> str:
    """Return the text that defines ``@sg.<function>.<dtype>``."""
    text = (_FLOAT_DEFINITIONS if dtype in FLOATS else _INTEGER_DEFINITIONS)[function]
    return _define(text, dtype, bits=int(dtype[-2:]))


@cache
def cast_definition(dtype: str, result: str) -> str:
    """Return the text that defines ``@sg.cast.<dtype>.<result>``, from a float to an integer."""
    text = _SATURATING_CAST_TO_INTEGER if _SATURATES else _CAST_TO_INTEGER
    return _define(text, dtype, bits=int(result[-2:]), result=result)


def _define(text: str, dtype: str, bits: int, result: str = "") -> str:
    header, body = text.split("{", 1)
    text = f"define internal {header}alwaysinline nounwind willreturn memory(none) {{{body}"
    least = 2 ** (bits - 1)
    return Template(text).substitute(
        D=dtype, T=_TYPES[dtype], S=_SUFFIXES[dtype], N=bits, MIN=-least, LIMIT=float(least), R=result
    )

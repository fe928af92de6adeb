"""Scalar functions as LLVM IR: NumPy's meaning, exactly, for every dtype, without branches so that loops vectorise.

A function that is one LLVM instruction (or none) stands in a table of forms. One that takes several is an LLVM
function of its own, ``@sg.floor_divide.int64``, which always inlines: `codegen.llvm.scalar_definitions` has its text,
and `codegen.llvm.elementary` those of the transcendental functions. The texts are added to the modules that call them.

What NumPy leaves to the machine follows the machine here too: whether the greater of 0.0 and -0.0 has a sign, and what
a float becomes as an integer that cannot hold it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from codegen.kernels.scalar_functions import FLOATS
from codegen.llvm import elementary, scalar_definitions

TYPES = {"float64": "double", "float32": "float", "int64": "i64", "int32": "i32", "bool": "i1"}
"""The LLVM type of a scalar of each dtype in a register."""

_SUFFIXES = {"float64": "f64", "float32": "f32", "int64": "i64", "int32": "i32"}
_LOGICAL = frozenset({"logical_and", "logical_or", "logical_xor"})

# Forms: {t} is the type, {s} the suffix of intrinsics, {a} and {b} the operands, {flags} the fast-math flags of sums
# and products. `contract` lets a product and a sum round once, which the design allows everywhere outside the
# functions that must be exact. A form without a space is an operand, not an instruction.
#
# maximum and minimum carry `nsz`: NumPy itself returns either zero, by machine and position, and respecting the sign
# costs three more instructions a vector.

_FLOAT_FORMS = {
    "add": "fadd {flags} {t} {a}, {b}",
    "subtract": "fsub {flags} {t} {a}, {b}",
    "multiply": "fmul {flags} {t} {a}, {b}",
    "square": "fmul {flags} {t} {a}, {a}",
    "divide": "fdiv {t} {a}, {b}",
    "reciprocal": "fdiv {t} 1.0, {a}",
    "fmod": "frem {t} {a}, {b}",
    "negative": "fneg {t} {a}",
    "absolute": "call {t} @llvm.fabs.{s}({t} {a})",
    "sqrt": "call {t} @llvm.sqrt.{s}({t} {a})",
    "floor": "call {t} @llvm.floor.{s}({t} {a})",
    "ceil": "call {t} @llvm.ceil.{s}({t} {a})",
    "trunc": "call {t} @llvm.trunc.{s}({t} {a})",
    "rint": "call {t} @llvm.rint.{s}({t} {a})",
    "copysign": "call {t} @llvm.copysign.{s}({t} {a}, {t} {b})",
    "maximum": "call nsz {t} @llvm.maximum.{s}({t} {a}, {t} {b})",
    "minimum": "call nsz {t} @llvm.minimum.{s}({t} {a}, {t} {b})",
    "fmax": "call nsz {t} @llvm.maxnum.{s}({t} {a}, {t} {b})",
    "fmin": "call nsz {t} @llvm.minnum.{s}({t} {a}, {t} {b})",
    "equal": "fcmp oeq {t} {a}, {b}",
    "not_equal": "fcmp une {t} {a}, {b}",
    "less": "fcmp olt {t} {a}, {b}",
    "less_equal": "fcmp ole {t} {a}, {b}",
    "greater": "fcmp ogt {t} {a}, {b}",
    "greater_equal": "fcmp oge {t} {a}, {b}",
    "isnan": "fcmp uno {t} {a}, {a}",
    "logical_not": "fcmp oeq {t} {a}, 0.0",
}

_INTEGER_FORMS = {
    "add": "add {t} {a}, {b}",
    "subtract": "sub {t} {a}, {b}",
    "multiply": "mul {t} {a}, {b}",
    "square": "mul {t} {a}, {a}",
    "negative": "sub {t} 0, {a}",
    "absolute": "call {t} @llvm.abs.{s}({t} {a}, i1 false)",
    "maximum": "call {t} @llvm.smax.{s}({t} {a}, {t} {b})",
    "minimum": "call {t} @llvm.smin.{s}({t} {a}, {t} {b})",
    "fmax": "call {t} @llvm.smax.{s}({t} {a}, {t} {b})",
    "fmin": "call {t} @llvm.smin.{s}({t} {a}, {t} {b})",
    "bitwise_and": "and {t} {a}, {b}",
    "bitwise_or": "or {t} {a}, {b}",
    "bitwise_xor": "xor {t} {a}, {b}",
    "invert": "xor {t} {a}, -1",
    "floor": "{a}",
    "ceil": "{a}",
    "trunc": "{a}",
    "equal": "icmp eq {t} {a}, {b}",
    "not_equal": "icmp ne {t} {a}, {b}",
    "less": "icmp slt {t} {a}, {b}",
    "less_equal": "icmp sle {t} {a}, {b}",
    "greater": "icmp sgt {t} {a}, {b}",
    "greater_equal": "icmp sge {t} {a}, {b}",
    "isnan": "false",
    "isinf": "false",
    "isfinite": "true",
    "logical_not": "icmp eq {t} {a}, 0",
}

_BOOL_FORMS = {
    "add": "or i1 {a}, {b}",
    "multiply": "and i1 {a}, {b}",
    "maximum": "or i1 {a}, {b}",
    "minimum": "and i1 {a}, {b}",
    "fmax": "or i1 {a}, {b}",
    "fmin": "and i1 {a}, {b}",
    "absolute": "{a}",
    "floor": "{a}",
    "ceil": "{a}",
    "trunc": "{a}",
    "bitwise_and": "and i1 {a}, {b}",
    "bitwise_or": "or i1 {a}, {b}",
    "bitwise_xor": "xor i1 {a}, {b}",
    "invert": "xor i1 {a}, true",
    "equal": "icmp eq i1 {a}, {b}",
    "not_equal": "icmp ne i1 {a}, {b}",
    "less": "icmp ult i1 {a}, {b}",
    "less_equal": "icmp ule i1 {a}, {b}",
    "greater": "icmp ugt i1 {a}, {b}",
    "greater_equal": "icmp uge i1 {a}, {b}",
    "isnan": "false",
    "isinf": "false",
    "isfinite": "true",
    "logical_and": "and i1 {a}, {b}",
    "logical_or": "or i1 {a}, {b}",
    "logical_xor": "xor i1 {a}, {b}",
    "logical_not": "xor i1 {a}, true",
}

_ZEROS = {"float64": "0.0", "float32": "0.0", "int64": "0", "int32": "0"}

_CONVERSIONS = {
    ("float64", "float32"): "fptrunc",
    ("float32", "float64"): "fpext",
    ("int64", "float64"): "sitofp",
    ("int64", "float32"): "sitofp",
    ("int32", "float64"): "sitofp",
    ("int32", "float32"): "sitofp",
    ("bool", "float64"): "uitofp",
    ("bool", "float32"): "uitofp",
    ("int64", "int32"): "trunc",
    ("int32", "int64"): "sext",
    ("bool", "int64"): "zext",
    ("bool", "int32"): "zext",
}

_FORMS = {
    "float64": _FLOAT_FORMS,
    "float32": _FLOAT_FORMS,
    "int64": _INTEGER_FORMS,
    "int32": _INTEGER_FORMS,
    "bool": _BOOL_FORMS,
}


def literal(value: float | int | bool, dtype: str) -> str:
    """Return a number as an operand: floats by their bits, rounded to float32 where that is the dtype.

    >>> literal(1.0, "float64"), literal(True, "bool"), literal(-3, "int32")
    ('0x3FF0000000000000', 'true', '-3')
    """
    if dtype == "bool":
        return "true" if value else "false"
    if dtype not in FLOATS:
        return str(value)
    number = float(value)
    if dtype == "float32":
        number = _round_to_float32(number)
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def _round_to_float32(number: float) -> float:
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


class ScalarWriter:
    """Appends scalar instructions to the lines of one module, and knows which definitions the module needs for them."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._definitions: dict[str, None] = {}
        self._elementary: dict[tuple[str, str], None] = {}

    def apply(
        self, function: str, result: str, dtype: str, operands: Sequence[tuple[str, str]], reassociate: bool = False
    ) -> str:
        """Write ``result = function(*operands)`` and return the operand that holds the value (`result`, as a rule).

        `operands` are (LLVM operand, dtype) pairs. With `reassociate` a sum or product may be taken in any order.
        `-0.0` stays the neutral number of such a sum, so no licence to ignore the signs of zeros is needed.
        """
        if function == "cast":
            value, source = operands[0]
            return self.cast(result, value, source, dtype)
        if function == "where":
            (condition, _), (a, _), (b, _) = operands
            return self._form(result, f"select i1 {condition}, {TYPES[dtype]} {a}, {TYPES[dtype]} {b}")
        if function in _LOGICAL:
            operands = [
                (self.cast(f"{result}.{position}", value, source, "bool"), "bool")
                for position, (value, source) in enumerate(operands)
            ]
        source = operands[0][1]
        form = _FORMS[source].get(function)
        if form is None:
            return self._call(result, function, dtype, operands)
        flags = "reassoc contract" if reassociate else "contract"
        a, b = operands[0][0], operands[-1][0]
        return self._form(result, form.format(t=TYPES[source], s=_SUFFIXES.get(source), a=a, b=b, flags=flags))

    def cast(self, result: str, value: str, source: str, dtype: str) -> str:
        """Write the conversion of a value from one dtype to another, as `numpy.ndarray.astype` does it."""
        if source == dtype:
            return value
        old, new = TYPES[source], TYPES[dtype]
        if dtype == "bool":
            return self._form(
                result, f"{'fcmp une' if source in FLOATS else 'icmp ne'} {old} {value}, {_ZEROS[source]}"
            )
        if source in FLOATS and dtype not in FLOATS:
            self._definitions[scalar_definitions.cast_definition(source, dtype)] = None
            return self._form(result, f"call {new} @sg.cast.{source}.{dtype}({old} {value})")
        return self._form(result, f"{_CONVERSIONS[source, dtype]} {old} {value} to {new}")

    def definitions(self) -> str:
        """Return the text of the functions that the instructions written so far call."""
        return "\n".join([*self._definitions, elementary.module_text(self._elementary)])

    def _form(self, result: str, form: str) -> str:
        if " " not in form:
            return form
        self._lines.append(f"  {result} = {form}")
        return result

    def _call(self, result: str, function: str, dtype: str, operands: Sequence[tuple[str, str]]) -> str:
        source = operands[0][1]
        if scalar_definitions.is_defined(function, source):
            symbol = f"sg.{function}.{source}"
            self._definitions[scalar_definitions.definition(function, source)] = None
        else:
            symbol = elementary.symbol(function, source)
            self._elementary[function, source] = None
        arguments = ", ".join(f"{TYPES[source]} {value}" for value, source in operands)
        return self._form(result, f"call {TYPES[dtype]} @{symbol}({arguments})")

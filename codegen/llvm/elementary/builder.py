"""The notation elementary functions are written in: values of one LLVM function, and the operations on them.

A formula is a Python function ``formula(b, x, ...)`` of a `Builder` and one `Value` an argument. It computes with
Python's operators and the builder's methods, and returns the result. Every operation appends one LLVM instruction;
nothing here makes a branch, touches memory or sets a fast-math flag, so that a call inlined into a loop leaves a loop
that LLVM vectorises, and error-free transformations survive the optimiser.

    >>> def hypotenuse(b, x, y):
    ...     return b.sqrt(b.fma(x, x, y * y))
    >>> print(build("hypotenuse", hypotenuse, "float64").text, end="")
    define internal double @sg.hypotenuse.float64(double %x, double %y) alwaysinline nounwind willreturn memory(none) {
      %t0 = fmul double %y, %y
      %t1 = call double @llvm.fma.f64(double %x, double %x, double %t0)
      %t2 = call double @llvm.sqrt.f64(double %t1)
      ret double %t2
    }
"""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from codegen.llvm.elementary.formats import FORMAT_OF_INTEGER, FORMAT_OF_TYPE, FORMATS, float_literal

T = TypeVar("T")


LONGEST_CHAIN = 8
"""The most coefficients of a polynomial that is taken by Horner's rule alone."""


def symbol(function: str, dtype: str) -> str:
    """Return the LLVM name of an elementary function, ``sg.exp.float64``."""
    return f"sg.{function}.{dtype}"


class Value:
    """A scalar in the function being written: the result of an instruction, an argument, or a constant.

    Operators follow the type: floating-point for float and double, two's complement for i32 and i64. Python numbers
    beside a value take its type. ``<`` and its kin are false for NaN; ``>>`` shifts zeros in.
    """

    __slots__ = ("builder", "name", "type")

    def __init__(self, builder: Builder, type: str, name: str) -> None:
        self.builder = builder
        self.type = type
        self.name = name

    @property
    def is_float(self) -> bool:
        return self.type in FORMAT_OF_TYPE

    def _binary(self, instruction: str, left: Value | float, right: Value | float, result: str | None = None) -> Value:
        left, right = self.builder.constant(left, self.type), self.builder.constant(right, self.type)
        return self.builder.emit(result or self.type, f"{instruction} {self.type} {left.name}, {right.name}")

    def _arithmetic(self, float_name: str, integer_name: str, left: Value | float, right: Value | float) -> Value:
        return self._binary(float_name if self.is_float else integer_name, left, right)

    def _compare(self, ordered: str, integer: str, other: Value | float) -> Value:
        return self._binary(f"fcmp {ordered}" if self.is_float else f"icmp {integer}", self, other, "i1")

    def __add__(self, other: Value | float) -> Value:
        return self._arithmetic("fadd", "add", self, other)

    def __radd__(self, other: float) -> Value:
        return self._arithmetic("fadd", "add", other, self)

    def __sub__(self, other: Value | float) -> Value:
        return self._arithmetic("fsub", "sub", self, other)

    def __rsub__(self, other: float) -> Value:
        return self._arithmetic("fsub", "sub", other, self)

    def __mul__(self, other: Value | float) -> Value:
        return self._arithmetic("fmul", "mul", self, other)

    def __rmul__(self, other: float) -> Value:
        return self._arithmetic("fmul", "mul", other, self)

    def __truediv__(self, other: Value | float) -> Value:
        return self._binary("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Value:
        return self._binary("fdiv", other, self)

    def __neg__(self) -> Value:
        if self.is_float:
            return self.builder.emit(self.type, f"fneg {self.type} {self.name}")
        return 0 - self

    def __and__(self, other: Value | int) -> Value:
        return self._binary("and", self, other)

    def __or__(self, other: Value | int) -> Value:
        return self._binary("or", self, other)

    def __xor__(self, other: Value | int) -> Value:
        return self._binary("xor", self, other)

    def __invert__(self) -> Value:
        return self ^ -1

    def __lshift__(self, count: Value | int) -> Value:
        return self._binary("shl", self, count)

    def __rshift__(self, count: Value | int) -> Value:
        return self._binary("lshr", self, count)

    def __lt__(self, other: Value | float) -> Value:
        return self._compare("olt", "slt", other)

    def __le__(self, other: Value | float) -> Value:
        return self._compare("ole", "sle", other)

    def __gt__(self, other: Value | float) -> Value:
        return self._compare("ogt", "sgt", other)

    def __ge__(self, other: Value | float) -> Value:
        return self._compare("oge", "sge", other)

    def equals(self, other: Value | float) -> Value:
        """Compare; NaN equals nothing."""
        return self._compare("oeq", "eq", other)

    def differs(self, other: Value | float) -> Value:
        """Compare; NaN differs from everything."""
        return self._compare("une", "ne", other)

    def is_nan(self) -> Value:
        """Test a float for NaN."""
        return self._binary("fcmp uno", self, self, "i1")


class Builder:
    """Writes the body of one elementary function in one format.

    `format` is the function's own format; formulas that serve float32 and float64 read widths, biases and coefficient
    tables from it.
    """

    def __init__(self, dtype: str) -> None:
        self.format = FORMATS[dtype]
        self.lines: list[str] = []
        self.dependencies: dict[tuple[str, str], None] = {}

    @property
    def dtype(self) -> str:
        return self.format.dtype

    def emit(self, type: str, instruction: str) -> Value:
        """Append an instruction and name its result."""
        name = f"%t{len(self.lines)}"
        self.lines.append(f"{name} = {instruction}")
        return Value(self, type, name)

    def within(self, dtype: str) -> Builder:
        """Return a builder that writes into the same function, in another format: for a detour through float64."""
        view = Builder(dtype)
        view.lines, view.dependencies = self.lines, self.dependencies
        return view

    def choose(self, float32: T, float64: T) -> T:
        """Return what belongs to the function's format: a coefficient table, a threshold, a degree."""
        return float32 if self.dtype == "float32" else float64

    def constant(self, value: Value | float, type: str | None = None) -> Value:
        """Return a constant of the given type (by default the function's own), rounded to it; a value as it is."""
        if isinstance(value, Value):
            return value
        type = type or self.format.type
        if type in FORMAT_OF_TYPE:
            return Value(self, type, float_literal(float(value), type))
        if not isinstance(value, int):
            raise TypeError(f"{value!r} is not an integer, as {type} needs")
        return Value(self, type, str(value))

    # ---- floating-point instructions

    def _intrinsic(self, name: str, *arguments: Value | float) -> Value:
        type = next((argument.type for argument in arguments if isinstance(argument, Value)), self.format.type)
        operands = ", ".join(f"{type} {self.constant(argument, type).name}" for argument in arguments)
        return self.emit(type, f"call {type} @llvm.{name}.{FORMAT_OF_TYPE[type].suffix}({operands})")

    def fma(self, x: Value | float, y: Value | float, z: Value | float) -> Value:
        """Return x y + z, rounded once."""
        return self._intrinsic("fma", x, y, z)

    def sqrt(self, x: Value) -> Value:
        """Return the correctly rounded square root."""
        return self._intrinsic("sqrt", x)

    def abs(self, x: Value) -> Value:
        """Return |x|."""
        return self._intrinsic("fabs", x)

    def copysign(self, magnitude: Value | float, sign: Value) -> Value:
        """Return |magnitude| with the sign of `sign`."""
        return self._intrinsic("copysign", self.constant(magnitude, sign.type), sign)

    def rint(self, x: Value) -> Value:
        """Round to the nearest integer, ties to even."""
        return self._intrinsic("rint", x)

    def floor(self, x: Value) -> Value:
        """Round down to an integer."""
        return self._intrinsic("floor", x)

    def trunc(self, x: Value) -> Value:
        """Round towards zero to an integer."""
        return self._intrinsic("trunc", x)

    # ---- choices

    def select(self, condition: Value, then: Value | float, otherwise: Value | float) -> Value:
        """Return `then` where the condition holds, else `otherwise`; both are computed."""
        type = next((value.type for value in (then, otherwise) if isinstance(value, Value)), self.format.type)
        then, otherwise = self.constant(then, type), self.constant(otherwise, type)
        return self.emit(type, f"select i1 {condition.name}, {type} {then.name}, {type} {otherwise.name}")

    def at_least(self, x: Value, low: Value | float) -> Value:
        """Return max(x, low); NaN stays NaN when it is x."""
        low = self.constant(low, x.type)
        return self.select(low > x, low, x)

    def at_most(self, x: Value, high: Value | float) -> Value:
        """Return min(x, high); NaN stays NaN when it is x."""
        high = self.constant(high, x.type)
        return self.select(high < x, high, x)

    def clamp(self, x: Value, low: Value | float, high: Value | float) -> Value:
        """Return x limited to [low, high]; NaN stays NaN."""
        return self.at_most(self.at_least(x, low), high)

    # ---- conversions and bits

    def cast(self, instruction: str, x: Value, type: str) -> Value:
        """Convert by one of LLVM's cast instructions: fptosi, sitofp, zext, sext, trunc, fpext, fptrunc, bitcast."""
        return self.emit(type, f"{instruction} {x.type} {x.name} to {type}")

    def convert(self, x: Value, dtype: str) -> Value:
        """Return a float in another format, rounded to nearest."""
        target = FORMATS[dtype]
        if x.type == target.type:
            return x
        return self.cast("fpext" if target.width > FORMAT_OF_TYPE[x.type].width else "fptrunc", x, target.type)

    def bits(self, x: Value) -> Value:
        """Return the bit pattern of a float as an integer."""
        return self.cast("bitcast", x, FORMAT_OF_TYPE[x.type].integer)

    def from_bits(self, pattern: Value) -> Value:
        """Return the float that has the given bit pattern."""
        return self.cast("bitcast", pattern, FORMAT_OF_INTEGER[pattern.type].type)

    def bits_of(self, value: float) -> int:
        """Return the bit pattern of a Python number rounded to the function's format."""
        real, integer = self.choose(("<f", "<i"), ("<d", "<q"))
        return struct.unpack(integer, struct.pack(real, value))[0]

    def power_of_two(self, exponent: Value) -> Value:
        """Return 2**exponent for an integer that makes a normal number."""
        return self.with_exponent_field(exponent + FORMAT_OF_INTEGER[exponent.type].bias)

    def with_exponent_field(self, field: Value) -> Value:
        """Return the power of two whose biased exponent stands in the low bits of `field`; higher bits are ignored."""
        return self.from_bits(field << FORMAT_OF_INTEGER[field.type].fraction_bits)

    # ---- compositions

    def round_scaled(self, x: Value, scale: float, offset: int = 0) -> tuple[Value, Value]:
        """Return k, an integer nearest to x scale, as a float, and an integer whose low bits are those of k + offset.

        Adding 1.5 * 2**fraction_bits puts the rounded number into the low `fraction_bits - 1` bits of the sum: no
        conversion between floats and integers is needed, which AVX2 lacks for 64 bits. |k + offset| must stay below
        2**(fraction_bits - 2).
        """
        shift = 1.5 * 2.0 ** FORMAT_OF_TYPE[x.type].fraction_bits + offset
        shifted = self.fma(x, scale, shift)
        return shifted - shift, self.bits(shifted)

    def small_to_float(self, field: Value, offset: Value | float = 0.0) -> Value:
        """Return field - offset as a float, for an integer 0 <= field < 2**fraction_bits and a small offset."""
        format = FORMAT_OF_INTEGER[field.type]
        return self.from_bits(field | self.bits_of(2.0**format.fraction_bits)) - (offset + 2.0**format.fraction_bits)

    def polynomial(self, x: Value, coefficients: Sequence[Value | float]) -> Value:
        """Return c[0] + c[1] x + c[2] x**2 + ....

        Short ones by Horner's rule, the fewest operations. Long ones by Estrin's, neighbours first, then pairs of pairs
        with the powers x**2, x**4, ...: the chain of Horner's steps is longer than what a processor looks ahead.
        """
        terms = [self.constant(coefficient, x.type) for coefficient in coefficients]
        power = x
        while len(terms) > LONGEST_CHAIN:
            pairs = zip(terms[1::2], terms[::2], strict=False)
            terms = [self.fma(odd, power, even) for odd, even in pairs] + terms[len(terms) & ~1 :]
            power = power * power
        *rest, result = terms
        for term in reversed(rest):
            result = self.fma(result, power, term)
        return result

    def call(self, function: str, *arguments: Value) -> Value:
        """Call another elementary function, in the format of its arguments."""
        format = FORMAT_OF_TYPE[arguments[0].type]
        self.dependencies[function, format.dtype] = None
        operands = ", ".join(f"{argument.type} {argument.name}" for argument in arguments)
        return self.emit(format.type, f"call {format.type} @{symbol(function, format.dtype)}({operands})")


Formula = Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Definition:
    """The LLVM text of one function, the other elementary functions it calls, and its parts that no call names yet."""

    text: str
    dependencies: tuple[tuple[str, str], ...]
    kept: tuple[str, ...] = ()


def build(function: str, formula: Formula, dtype: str) -> Definition:
    """Write a formula as an LLVM function of the given dtype; arguments and result have that dtype."""
    b = Builder(dtype)
    type = b.format.type
    _, *names = inspect.signature(formula).parameters
    result = formula(b, *(Value(b, type, f"%{name}") for name in names))
    if result.type != type:
        raise TypeError(f"the formula of {function} returns {result.type}, not {type}")
    parameters = ", ".join(f"{type} %{name}" for name in names)
    header = f"define internal {type} @{symbol(function, dtype)}({parameters})"
    body = "".join(f"  {line}\n" for line in [*b.lines, f"ret {type} {result.name}"])
    text = f"{header} alwaysinline nounwind willreturn memory(none) {{\n{body}}}\n"
    return Definition(text, tuple(b.dependencies))

"""Guards: rare arguments take a slow formula, and loops are vectorised all the same.

A branch to the slow formula would be taken apart by LLVM's loop vectoriser into one test and one call a lane. So the
choice is hidden in a function that is not inlined, the guard: ``guard(x, y)`` is y, what the fast formula made of x,
unless |x| exceeds a limit; then it is the slow formula's value at x. The guard has variants for vectors, which the
vectoriser finds by the attribute ``vector-function-abi-variant`` of the call. They test all lanes at once, and return
y at once as a rule: a call, a comparison and a branch a vector. If a lane is rare, each half of the vector goes to the
guard half as wide.
"""

from __future__ import annotations

from dataclasses import dataclass

from codegen.llvm.elementary.builder import Builder, Definition, Formula, Value, symbol
from codegen.llvm.elementary.formats import FORMATS, Format, float_literal

LANES = {"float32": (2, 4, 8, 16), "float64": (2, 4, 8)}
"""The vectors there are variants for: up to 512 bits, and down to what stands beside another dtype in 128 bits."""

# The slow function is `optnone` as well: a guard compiles in a third less time, and that function runs a fifth longer.
_ATTRIBUTES = "noinline nounwind willreturn memory(none)"


@dataclass(frozen=True, slots=True)
class Guard:
    """Say that `formula`, always computed in float64, serves where |x| exceeds the limit of x's format."""

    function: str
    formula: Formula
    limits: dict[str, float]

    @property
    def name(self) -> str:
        """The name under which the guard is defined, beside its function's."""
        return f"{self.function}.guard"

    def apply(self, b: Builder, x: Value, y: Value) -> Value:
        """Return y, or the formula's value where |x| exceeds the limit."""
        type, callee = x.type, symbol(self.name, b.dtype)
        b.dependencies[self.name, b.dtype] = None
        variants = ",".join(f"_ZGV_LLVM_N{lanes}vv_{callee}({_variant(callee, lanes)})" for lanes in LANES[b.dtype])
        return b.emit(
            type, f'call {type} @{callee}({type} {x.name}, {type} {y.name}) "vector-function-abi-variant"="{variants}"'
        )

    def build(self, dtype: str) -> Definition:
        """Write the guard for arguments of one dtype, and its variants."""
        format, callee = FORMATS[dtype], symbol(self.name, dtype)
        limit = float_literal(self.limits[dtype], format.type)
        b = Builder(dtype)
        wide = b.within("float64")
        slow = b.convert(self.formula(wide, wide.convert(Value(b, format.type, "%x"), "float64")), dtype)
        body = "".join(f"  {line}\n" for line in b.lines)
        scalar = f"""\
define internal {format.type} @{callee}({format.type} %x, {format.type} %y) {_ATTRIBUTES} {{
  %magnitude = call {format.type} @llvm.fabs.{format.suffix}({format.type} %x)
  %rare = fcmp ogt {format.type} %magnitude, {limit}
  %unlikely = call i1 @llvm.expect.i1(i1 %rare, i1 false)
  br i1 %unlikely, label %slow, label %fast
slow:
  %result = call {format.type} @{callee}.slow({format.type} %x)
  ret {format.type} %result
fast:
  ret {format.type} %y
}}

define internal {format.type} @{callee}.slow({format.type} %x) cold optnone {_ATTRIBUTES} {{
{body}  ret {format.type} {slow.name}
}}
"""
        variants = [_variant_text(callee, lanes, format, limit) for lanes in LANES[dtype]]
        kept = tuple(_variant(callee, lanes) for lanes in LANES[dtype])
        return Definition("\n".join([scalar, *variants]), tuple(b.dependencies), kept)


def _variant(callee: str, lanes: int) -> str:
    return callee if lanes == 1 else f"{callee}.x{lanes}"


def _variant_text(callee: str, lanes: int, format: Format, limit: str) -> str:
    vector = f"<{lanes} x {format.type}>"
    return f"""\
define internal {vector} @{_variant(callee, lanes)}({vector} %x, {vector} %y) {_ATTRIBUTES} {{
  %magnitude = call {vector} @llvm.fabs.v{lanes}{format.suffix}({vector} %x)
  %rare = fcmp ogt {vector} %magnitude, splat ({format.type} {limit})
  %any = call i1 @llvm.vector.reduce.or.v{lanes}i1(<{lanes} x i1> %rare)
  %unlikely = call i1 @llvm.expect.i1(i1 %any, i1 false)
  br i1 %unlikely, label %slow, label %fast
slow:
{_halves(callee, lanes, format.type)}
  ret {vector} %result
fast:
  ret {vector} %y
}}
"""


def _halves(callee: str, lanes: int, scalar: str) -> str:
    """Return the instructions that take the two halves of %x and %y to the narrower guard, and join its results."""
    vector, middle = f"<{lanes} x {scalar}>", lanes // 2
    if lanes == 2:
        half = scalar
        parts = {f"{v}.{i}": f"extractelement {vector} %{v}, i64 {i}" for i in (0, 1) for v in "xy"}
        joined = f"""\
  %first = insertelement {vector} poison, {half} %r.0, i64 0
  %result = insertelement {vector} %first, {half} %r.1, i64 1"""
    else:
        half = f"<{middle} x {scalar}>"
        parts = {f"{v}.{i}": _shuffle(vector, f"%{v}", "poison", i * middle, middle) for i in (0, 1) for v in "xy"}
        joined = f"  %result = {_shuffle(half, '%r.0', '%r.1', 0, lanes)}"
    split = "".join(f"  %{name} = {instruction}\n" for name, instruction in parts.items())
    calls = "".join(
        f"  %r.{i} = call {half} @{_variant(callee, middle)}({half} %x.{i}, {half} %y.{i})\n" for i in (0, 1)
    )
    return split + calls + joined


def _shuffle(type: str, left: str, right: str, first: int, count: int) -> str:
    """Return the instruction that takes `count` lanes of two vectors, joined, from the first one on."""
    mask = ", ".join(f"i32 {first + i}" for i in range(count))
    return f"shufflevector {type} {left}, {type} {right}, <{count} x i32> <{mask}>"

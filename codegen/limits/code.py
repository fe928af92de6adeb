"""The machine code of the probes, as LLVM IR: multiply-adds in registers, streams through memory, exponentials.

A probe repeats the same work `rounds` times on arrays of its own, so that starting it costs nothing. The loops are
scalar where LLVM can be trusted to vectorise them.
"""

from __future__ import annotations

import math
import struct
from functools import cache

from codegen.llvm.jit import Library, compile_object, link
from codegen.llvm.target import host

CHAINS = 12
"""Independent sums of the multiply-adds: latency times throughput of today's cores, with registers to spare."""
_TYPES = {"float32": ("float", 4), "float64": ("double", 8)}


@cache
def library() -> Library:
    """Compile the probes for this machine."""
    texts = [*(multiply_adds(dtype) for dtype in _TYPES), stream(), triad(), exponentials(), no_operation(), ticks()]
    names = [f"multiply_adds_{dtype}" for dtype in _TYPES] + [
        "stream",
        "triad",
        "exponentials",
        "no_operation",
        "ticks",
    ]
    return link([compile_object(text) for text in texts], names)


def lanes(dtype: str) -> int:
    """How many numbers a vector register holds."""
    return host().lanes(_TYPES[dtype][1])


def multiply_adds(dtype: str) -> str:
    """`(rounds, out)`: in each round one multiply-add of vectors for each chain, all in registers."""
    vector = f"<{lanes(dtype)} x {_TYPES[dtype][0]}>"
    fma = f"@llvm.fma.v{lanes(dtype)}f{8 * _TYPES[dtype][1]}"
    start = "\n".join(f"%s{i} = phi {vector} [zeroinitializer, %entry], [%t{i}, %round]" for i in range(CHAINS))
    body = "\n".join(f"%t{i} = call {vector} {fma}({vector} %x, {vector} %x, {vector} %s{i})" for i in range(CHAINS))
    end = "\n".join(
        f"%p{i} = getelementptr {vector}, ptr %out, i64 {i}\nstore {vector} %t{i}, ptr %p{i}, align 8"
        for i in range(CHAINS)
    )
    return f"""
declare {vector} {fma}({vector}, {vector}, {vector})
define void @multiply_adds_{dtype}(i64 %rounds, ptr %out) {{
entry:
%x = load {vector}, ptr %out, align 8
br label %round
round:
%i = phi i64 [0, %entry], [%next, %round]
{start}
{body}
%next = add i64 %i, 1
%more = icmp slt i64 %next, %rounds
br i1 %more, label %round, label %done
done:
{end}
ret void
}}
"""


def stream() -> str:
    """`(rounds, read, n, updated, m, written, k, out)`: one pass over each of three arrays of 64-bit words a round."""
    return f"""
{_loop("read", "ptr %x, i64 %n", "i64", "%v = load i64, ptr %p", sum="%v")}
{_loop("update", "ptr %x, i64 %n", "i64", "%v = load i64, ptr %p", "%w = add i64 %v, 1", "store i64 %w, ptr %p")}
{_loop("write", "ptr %x, i64 %n, i64 %v", "i64", "store i64 %v, ptr %p")}
define void @stream(i64 %rounds, ptr %r, i64 %n, ptr %u, i64 %m, ptr %w, i64 %k, ptr %out) {{
entry:
br label %round
round:
%i = phi i64 [0, %entry], [%next, %round]
%sum = phi i64 [0, %entry], [%total, %round]
%part = call i64 @read(ptr %r, i64 %n)
%total = add i64 %sum, %part
%a = call i64 @update(ptr %u, i64 %m)
%b = call i64 @write(ptr %w, i64 %k, i64 %i)
%next = add i64 %i, 1
%more = icmp slt i64 %next, %rounds
br i1 %more, label %round, label %done
done:
store i64 %total, ptr %out
ret void
}}
"""


def triad() -> str:
    """`(rounds, x, y, z, n)`: z = 3 x + y over float64 numbers, so many times."""
    body = (
        "%v = load double, ptr %p",
        "%q = getelementptr double, ptr %y, i64 %i",
        "%s = load double, ptr %q",
        "%t = call double @llvm.fma.f64(double %v, double 3.0, double %s)",
        "%o = getelementptr double, ptr %z, i64 %i",
        "store double %t, ptr %o",
    )
    return (
        "declare double @llvm.fma.f64(double, double, double)\n"
        + _loop("pass", "ptr noalias %x, ptr noalias %y, ptr noalias %z, i64 %n", "double", *body)
        + _repeat("triad", "pass", "ptr %x, ptr %y, ptr %z, i64 %n")
    )


def exponentials() -> str:
    """`(rounds, x, y, n)`: y = exp(x) over float32 numbers in [-80, 80], so many times.

    exp(x) = 2^k exp(r), k the whole number nearest to x / log 2, and exp(r) by its Taylor polynomial of degree 6, which
    leaves out less than 1.3e-7 of it where |r| <= log(2) / 2. 2^k is made of bits. No other case is looked at: what a
    correct exp does besides makes it slower than this limit.
    """
    polynomial = ["%h6 = fadd float 0.0, " + _float(1 / math.factorial(6))]
    for i in range(5, -1, -1):
        value = _float(1 / math.factorial(i))
        polynomial.append(f"%h{i} = call float @llvm.fma.f32(float %h{i + 1}, float %r, float {value})")
    high = math.ldexp(round(math.ldexp(math.log(2), 12)), -12)  # times k it needs no rounding
    body = (
        "%v = load float, ptr %p",
        f"%quotient = fmul float %v, {_float(1 / math.log(2))}",
        "%k = call float @llvm.roundeven.f32(float %quotient)",
        f"%near = call float @llvm.fma.f32(float %k, float {_float(-high)}, float %v)",
        f"%r = call float @llvm.fma.f32(float %k, float {_float(high - math.log(2))}, float %near)",
        *polynomial,
        "%whole = fptosi float %k to i32",
        "%biased = add i32 %whole, 127",
        "%bits = shl i32 %biased, 23",
        "%power = bitcast i32 %bits to float",
        "%e = fmul float %h0, %power",
        "%o = getelementptr float, ptr %y, i64 %i",
        "store float %e, ptr %o",
    )
    return (
        "declare float @llvm.fma.f32(float, float, float)\ndeclare float @llvm.roundeven.f32(float)\n"
        + _loop("pass", "ptr noalias %x, ptr noalias %y, i64 %n", "float", *body)
        + _repeat("exponentials", "pass", "ptr %x, ptr %y, i64 %n")
    )


def no_operation() -> str:
    """A function for CPython's fast calls that looks at nothing and returns the object it was made with."""
    return """
declare void @Py_IncRef(ptr)
define ptr @no_operation(ptr %self, ptr %arguments, i64 %count) {
call void @Py_IncRef(ptr %self)
ret ptr %self
}
"""


def ticks() -> str:
    """A function that returns what the processor's clock shows."""
    return "define i64 @ticks() {\n%now = call i64 @llvm.readcyclecounter()\nret i64 %now\n}\n"


def _loop(name: str, parameters: str, kind: str, *body: str, sum: str = "0") -> str:
    """A function over the n elements of x: in the body %p is the address of element %i; returns the sum of `sum`."""
    lines = "\n".join(body)
    return f"""
define internal i64 @{name}({parameters}) noinline {{
entry:
%any = icmp sgt i64 %n, 0
br i1 %any, label %element, label %done
element:
%i = phi i64 [0, %entry], [%next, %element]
%before = phi i64 [0, %entry], [%after, %element]
%p = getelementptr {kind}, ptr %x, i64 %i
{lines}
%after = add i64 %before, {sum}
%next = add i64 %i, 1
%more = icmp slt i64 %next, %n
br i1 %more, label %element, label %done
done:
%total = phi i64 [0, %entry], [%after, %element]
ret i64 %total
}}
"""


def _repeat(name: str, once: str, parameters: str) -> str:
    """A function that calls another so many times."""
    return f"""
define void @{name}(i64 %rounds, {parameters}) {{
entry:
br label %round
round:
%i = phi i64 [0, %entry], [%next, %round]
%ignored = call i64 @{once}({parameters})
%next = add i64 %i, 1
%more = icmp slt i64 %next, %rounds
br i1 %more, label %round, label %done
done:
ret void
}}
"""


def _float(value: float) -> str:
    """A float32 constant in LLVM's notation: the bits of the nearest one, as a double."""
    rounded = struct.unpack("f", struct.pack("f", value))[0]
    return "0x" + struct.pack(">d", rounded).hex().upper()

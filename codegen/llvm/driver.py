"""The driver: one small machine-code function that runs any program.

A program is a list of int64 words, a record a step: the kernel's address, its number of buffers and of sizes, then for
each buffer the slot of a pointer table and a distance in bytes, then the sizes. Kernels have one form of call, `i32
kernel(ptr buffers, ptr sizes)`. So nothing has to be compiled for a program but its different kernels, and a deep
network compiles like a shallow one.
"""

from __future__ import annotations

from functools import cache

from codegen.kernels.contraction import MatrixProduct
from codegen.kernels.loop_nest import LoopNest
from codegen.llvm.cache import object_code
from codegen.llvm.jit import Library, link
from codegen.llvm.loops import emit
from symgrad.shapes import Size

MOST_PRODUCT_LOOPS = 6
"""Loops around one matrix product; unused ones have one turn."""

_DRIVER = """
define i64 @run(ptr %code, i64 %words, ptr %table, ptr %buffers) nounwind {
start:
  %end = getelementptr i64, ptr %code, i64 %words
  br label %step
step:
  %record = phi ptr [ %code, %start ], [ %next, %fine ]
  %number = phi i32 [ 1, %start ], [ %number.next, %fine ]
  %more = icmp ult ptr %record, %end
  br i1 %more, label %read, label %done
read:
  %kernel.at = load i64, ptr %record
  %kernel = inttoptr i64 %kernel.at to ptr
  %count.at = getelementptr i64, ptr %record, i64 1
  %count = load i64, ptr %count.at
  %sizes.at = getelementptr i64, ptr %record, i64 2
  %size.count = load i64, ptr %sizes.at
  %pairs = getelementptr i64, ptr %record, i64 3
  br label %buffer
buffer:
  %i = phi i64 [ 0, %read ], [ %i.next, %resolve ]
  %left = icmp slt i64 %i, %count
  br i1 %left, label %resolve, label %call
resolve:
  %twice = shl i64 %i, 1
  %slot.at = getelementptr i64, ptr %pairs, i64 %twice
  %slot = load i64, ptr %slot.at
  %distance.at = getelementptr i64, ptr %slot.at, i64 1
  %distance = load i64, ptr %distance.at
  %base.at = getelementptr ptr, ptr %table, i64 %slot
  %base = load ptr, ptr %base.at
  %address = getelementptr i8, ptr %base, i64 %distance
  %target = getelementptr ptr, ptr %buffers, i64 %i
  store ptr %address, ptr %target
  %i.next = add i64 %i, 1
  br label %buffer
call:
  %all = shl i64 %count, 1
  %sizes = getelementptr i64, ptr %pairs, i64 %all
  %next = getelementptr i64, ptr %sizes, i64 %size.count
  %status = call i32 %kernel(ptr %buffers, ptr %sizes)
  %ok = icmp eq i32 %status, 0
  br i1 %ok, label %fine, label %failed
fine:
  %number.next = add i32 %number, 1
  br label %step
failed:
  %step.number = zext i32 %number to i64
  %reason = zext i32 %status to i64
  %high = shl i64 %reason, 32
  %result = or i64 %high, %step.number
  ret i64 %result
done:
  ret i64 0
}
"""


@cache
def driver() -> Library:
    """Return the library with `i64 run(ptr code, i64 words, ptr table, ptr scratch for pointers)`.

    The table holds the addresses that the words name by their slots. It returns 0, or the number (from 1) of the step
    whose kernel returned something else, at which it stops; the upper 32 bits are what the kernel returned.
    """
    return link([object_code(_DRIVER)], ["run"])


def emit_kernel(nest: LoopNest, symbol: str) -> str:
    """Return the module of a loop nest with the driver's form of call, as `@symbol`."""
    body = f"{symbol}.loops"
    lines = [emit(nest, body), f"define i32 @{symbol}(ptr %buffers, ptr %sizes) nounwind {{"]
    arguments: list[str] = []
    for i in range(len(nest.buffers)):
        lines += [f"  %p{i} = getelementptr ptr, ptr %buffers, i64 {i}", f"  %b{i} = load ptr, ptr %p{i}"]
        arguments.append(f"ptr %b{i}")
    for i in range(len(nest.sizes)):
        lines += [f"  %q{i} = getelementptr i64, ptr %sizes, i64 {i}", f"  %n{i} = load i64, ptr %q{i}"]
        arguments.append(f"i64 %n{i}")
    # Inlining would only compile the loops a second time.
    lines += [f"  %status = call i32 @{body}({', '.join(arguments)}) noinline", "  ret i32 %status", "}", ""]
    return "\n".join(lines)


def emit_product(dtype: str) -> str:
    """Return the text of `@sg.product.<dtype>`: loops around a matrix product, in the driver's form of call.

    It goes behind the text of the matrix product itself.

    Buffers: left, right, output, workspace. Sizes: rows, columns, summed; the distances in bytes of the three matrices
    from their buffers; their row and column strides in entries; then for each of MOST_PRODUCT_LOOPS loops its number of
    turns, the three distances in bytes of a turn, and 1 if its turns add up.
    """
    lines = [
        f"define i32 @{product_symbol(dtype)}(ptr %buffers, ptr %sizes) nounwind {{",
        "start:",
    ]
    for i in range(4):
        lines += [f"  %p{i} = getelementptr ptr, ptr %buffers, i64 {i}", f"  %b{i} = load ptr, ptr %p{i}"]
    for i in range(12 + 5 * MOST_PRODUCT_LOOPS):
        lines += [f"  %q{i} = getelementptr i64, ptr %sizes, i64 {i}", f"  %n{i} = load i64, ptr %q{i}"]
    lines += [f"  %m{i}.0 = getelementptr i8, ptr %b{i}, i64 %n{3 + i}" for i in range(3)]
    # Where a sum runs over nothing in a loop, the product must still be made once, of nothing: it clears the output.
    empty = "false"
    for depth in range(MOST_PRODUCT_LOOPS):
        turns, adding = f"%n{12 + 5 * depth}", f"%n{16 + 5 * depth}"
        lines += [
            f"  %none{depth} = icmp ult i64 {turns}, {adding}",
            f"  %empty{depth} = or i1 {empty}, %none{depth}",
            f"  %turns{depth} = select i1 %none{depth}, i64 1, i64 {turns}",
        ]
        empty = f"%empty{depth}"
    lines.append(f"  %inner = select i1 {empty}, i64 0, i64 %n2")
    before, adds = "start", "0"
    for depth in range(MOST_PRODUCT_LOOPS):
        *distances, adding = (f"%n{13 + 5 * depth + k}" for k in range(4))
        lines += [
            f"  br label %head{depth}",
            f"head{depth}:",
            f"  %i{depth} = phi i64 [ 0, %{before} ], [ %i{depth}.next, %latch{depth} ]",
            f"  %more{depth} = icmp slt i64 %i{depth}, %turns{depth}",
            f"  br i1 %more{depth}, label %body{depth}, label %{f'latch{depth - 1}' if depth else 'done'}",
            f"body{depth}:",
        ]
        for i in range(3):
            lines += [
                f"  %d{i}.{depth} = mul i64 %i{depth}, {distances[i]}",
                f"  %m{i}.{depth + 1} = getelementptr i8, ptr %m{i}.{depth}, i64 %d{i}.{depth}",
            ]
        lines += [
            f"  %later{depth} = icmp ne i64 %i{depth}, 0",
            f"  %adding{depth} = icmp ne i64 {adding}, 0",
            f"  %both{depth} = and i1 %later{depth}, %adding{depth}",
            f"  %bit{depth} = zext i1 %both{depth} to i32",
            f"  %adds{depth} = or i32 {adds}, %bit{depth}",
        ]
        before, adds = f"body{depth}", f"%adds{depth}"
    last = MOST_PRODUCT_LOOPS
    matrices = ", ".join(f"ptr %m{i}.{last}, i64 %n{6 + 2 * i}, i64 %n{7 + 2 * i}" for i in range(3))
    lines.append(f"  call void @sg.gemm.{dtype}(i64 %n0, i64 %n1, i64 %inner, {matrices}, i32 {adds}, ptr %b3)")
    lines.append(f"  br label %latch{last - 1}")
    for depth in reversed(range(MOST_PRODUCT_LOOPS)):
        lines += [f"latch{depth}:", f"  %i{depth}.next = add i64 %i{depth}, 1", f"  br label %head{depth}"]
    lines += ["done:", "  ret i32 0", "}", ""]
    return "\n".join(lines)


def product_symbol(dtype: str) -> str:
    """Return the name of the matrix product of a dtype in the driver's form of call."""
    return f"sg.product.{dtype}"


def product_sizes(product: MatrixProduct) -> list[Size]:
    """Return the sizes of a call of `emit_product`'s kernel; they may be expressions of run-time sizes."""
    if len(product.loops) > MOST_PRODUCT_LOOPS:
        raise AssertionError(f"{len(product.loops)} loops around a matrix product; preparation leaves fewer")
    width = {"float64": 8, "float32": 4}[product.dtype]
    rows, columns, summed = product.rows, product.columns, product.summed
    sizes: list[Size] = [rows.size, columns.size, summed.size]
    sizes += [product.left.offset * width, product.right.offset * width, 0]
    sizes += [rows.left, summed.left, summed.right, columns.right, rows.output, columns.output]
    for axis, adds in zip(product.loops, product.adds, strict=True):
        sizes += [axis.size, axis.left * width, axis.right * width, axis.output * width, int(adds)]
    for _ in range(MOST_PRODUCT_LOOPS - len(product.loops)):
        sizes += [1, 0, 0, 0, 0]
    return sizes

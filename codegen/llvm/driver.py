"""The driver: one small machine-code function that runs any program.

A program is a list of int64 words, a record a step: the kernel's address, its number of buffers and of sizes, then for
each buffer the slot of a pointer table and a distance in bytes, then the sizes. Kernels have one form of call, `i32
kernel(ptr buffers, ptr sizes)`. So nothing has to be compiled for a program but its different kernels, and a deep
network compiles like a shallow one.
"""

from __future__ import annotations

from functools import cache

from codegen.kernels.loop_nest import LoopNest
from codegen.llvm.cache import object_code
from codegen.llvm.jit import Library, link
from codegen.llvm.loops import emit

_DRIVER = """
define i64 @run(ptr %code, i64 %words, ptr %table, i64 %arrays, ptr %buffers) nounwind {
start:
  %end = getelementptr i64, ptr %code, i64 %words
  br label %array
array:
  %k = phi i64 [ 0, %start ], [ %k.next, %open ]
  %object = icmp slt i64 %k, %arrays
  br i1 %object, label %open, label %step
open:
  %entry = getelementptr ptr, ptr %table, i64 %k
  %array.at = load ptr, ptr %entry
  %data.at = getelementptr i8, ptr %array.at, i64 OBJECT_HEAD
  %data = load ptr, ptr %data.at
  store ptr %data, ptr %entry
  %k.next = add i64 %k, 1
  br label %array
step:
  %record = phi ptr [ %code, %array ], [ %next, %fine ]
  %number = phi i32 [ 1, %array ], [ %number.next, %fine ]
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
    """Return the library with `i64 run(ptr code, i64 words, ptr table, i64 arrays, ptr scratch for pointers)`.

    It returns 0, or the number (from 1) of the step whose kernel returned something else, at which it stops; the upper
    32 bits are what the kernel returned.

    The first `arrays` entries of the table are addresses of NumPy array objects, in whose place the driver puts those
    of their data: in NumPy's stable binary interface the data pointer is the first field behind the object's head.
    (Asking for it in Python takes 2 us an array.)
    """
    return link([object_code(_DRIVER.replace("OBJECT_HEAD", str(object.__basicsize__)))], ["run"])


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

"""The driver: one small machine-code function that runs any program.

A program is a list of int64 words. It starts with HEADER of them: the number of levels; the slot of the arena in the
table of pointers; where in the arena the first thread's workspace starts, and the bytes of one; the most buffers that a
kernel gets; for how many threads there is a workspace (1 if others are not worth waking); and the address of the times
that calls have taken, in ticks of the processor's clock, by their numbers, or 0 if nobody asks. Then comes the place
(counted from the start) of each level. There stand the number of chunks that are shared out among the threads; the
number of all chunks, those for anybody behind the others; the place of each chunk; and the place where the last one
ends.

A chunk is a list of records, one a call: the kernel's address, the number of the call, those of its buffers and of its
sizes; for each buffer the slot of a pointer in the table (-1 is the thread's workspace) and a distance in bytes; the
sizes. Kernels have one form of call, `i32 kernel(ptr buffers, ptr sizes)`. So nothing has to be compiled for a program
but its different kernels, and a deep network compiles like a shallow one.
"""

from __future__ import annotations

from functools import cache

from codegen.kernels.loop_nest import LoopNest
from codegen.llvm import threads
from codegen.llvm.cache import Module, object_code
from codegen.llvm.jit import Library, link
from codegen.llvm.loops import emit

HEADER = 7
"""Words of a program before the places of its levels."""

TIMES = 6
"""Which of them is the address of the times."""

_TEXT = """
define internal i64 @chunk(
    ptr %record, ptr %end, ptr %table, ptr %workspace, ptr %buffers, ptr %times) nounwind {
start:
  %timed = icmp ne ptr %times, null
  br label %step
step:
  %at = phi ptr [ %record, %start ], [ %next, %made ]
  %more = icmp ult ptr %at, %end
  br i1 %more, label %read, label %done
read:
  %kernel = load ptr, ptr %at
  %number.at = getelementptr i64, ptr %at, i64 1
  %count.at = getelementptr i64, ptr %at, i64 2
  %count = load i64, ptr %count.at
  %size.count.at = getelementptr i64, ptr %at, i64 3
  %size.count = load i64, ptr %size.count.at
  %pairs = getelementptr i64, ptr %at, i64 4
  %all = shl i64 %count, 1
  %sizes = getelementptr i64, ptr %pairs, i64 %all
  %next = getelementptr i64, ptr %sizes, i64 %size.count
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
  %scratch = icmp slt i64 %slot, 0
  %shared = select i1 %scratch, i64 0, i64 %slot
  %base.at = getelementptr ptr, ptr %table, i64 %shared
  %base = load ptr, ptr %base.at
  %from = select i1 %scratch, ptr %workspace, ptr %base
  %address = getelementptr i8, ptr %from, i64 %distance
  %target = getelementptr ptr, ptr %buffers, i64 %i
  store ptr %address, ptr %target
  %i.next = add i64 %i, 1
  br label %buffer
call:
  br i1 %timed, label %measure, label %plain
plain:
  %plain.status = call i32 %kernel(ptr %buffers, ptr %sizes)
  br label %made
measure:
  %before = call i64 @llvm.readcyclecounter()
  %timed.status = call i32 %kernel(ptr %buffers, ptr %sizes)
  %after = call i64 @llvm.readcyclecounter()
  %taken = sub i64 %after, %before
  %call.number = load i64, ptr %number.at
  %time.at = getelementptr i64, ptr %times, i64 %call.number
  %earlier = atomicrmw add ptr %time.at, i64 %taken monotonic
  br label %made
made:
  %status = phi i32 [ %plain.status, %plain ], [ %timed.status, %measure ]
  %ok = icmp eq i32 %status, 0
  br i1 %ok, label %step, label %failed
failed:
  %number = load i64, ptr %number.at
  %reason = zext i32 %status to i64
  %high = shl i64 %reason, 32
  %result = or i64 %high, %number
  ret i64 %result
done:
  ret i64 0
}

define internal ptr @workspace(ptr %code, ptr %table, i64 %thread) nounwind alwaysinline {
  %slot.at = getelementptr i64, ptr %code, i64 1
  %slot = load i64, ptr %slot.at
  %arena.at = getelementptr ptr, ptr %table, i64 %slot
  %arena = load ptr, ptr %arena.at
  %start.at = getelementptr i64, ptr %code, i64 2
  %start = load i64, ptr %start.at
  %bytes.at = getelementptr i64, ptr %code, i64 3
  %bytes = load i64, ptr %bytes.at
  %distance = mul i64 %thread, %bytes
  %offset = add i64 %start, %distance
  %workspace = getelementptr i8, ptr %arena, i64 %offset
  ret ptr %workspace
}

define internal i64 @serial(ptr %code, ptr %table) nounwind {
start:
  %levels = load i64, ptr %code
  %most.at = getelementptr i64, ptr %code, i64 4
  %most = load i64, ptr %most.at
  %buffers = alloca ptr, i64 %most
  %times.at = getelementptr i64, ptr %code, i64 6
  %times = load ptr, ptr %times.at
  %workspace = call ptr @workspace(ptr %code, ptr %table, i64 0)
  br label %level
level:
  %i = phi i64 [ 0, %start ], [ %i.next, %next ]
  %more = icmp ult i64 %i, %levels
  br i1 %more, label %read, label %done
read:
  %place = add i64 %i, HEADER
  %level.at = getelementptr i64, ptr %code, i64 %place
  %start.word = load i64, ptr %level.at
  %level.words = getelementptr i64, ptr %code, i64 %start.word
  %count.at = getelementptr i64, ptr %level.words, i64 1
  %count = load i64, ptr %count.at
  %starts = getelementptr i64, ptr %level.words, i64 2
  %first = load i64, ptr %starts
  %record = getelementptr i64, ptr %code, i64 %first
  %last.at = getelementptr i64, ptr %starts, i64 %count
  %last = load i64, ptr %last.at
  %end = getelementptr i64, ptr %code, i64 %last
  ; The chunks of a level lie one behind the other.
  %status = call i64 @chunk(
      ptr %record, ptr %end, ptr %table, ptr %workspace, ptr %buffers, ptr %times)
  %ok = icmp eq i64 %status, 0
  br i1 %ok, label %next, label %failed
next:
  %i.next = add i64 %i, 1
  br label %level
failed:
  ret i64 %status
done:
  ret i64 0
}
"""


def text() -> str:
    """Return the module of the driver and the threads it runs programs on."""
    return threads.text(HEADER) + _TEXT.replace("HEADER", str(HEADER))


DRIVER = Module("driver", text)


@cache
def driver() -> Library:
    """Return the library of the driver, `i64 run(ptr code, ptr table)`, and of the threads it runs programs on.

    `run` returns 0, or the number (from 1) of the call whose kernel returned something else, at which it stops; the
    upper 32 bits are what the kernel returned.
    """
    return link([object_code(DRIVER)], ["run", *threads.EXPORTS])


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

"""Threads: a pool of parked workers that share out the chunks of a program.

The workers are threads of machine code. They hold no Python state, so they need no lock of the interpreter's. How they
share out a program's chunks is `codegen.llvm.sharing`'s. A caller that finds the pool in use runs alone.

Workers look for the next job for about a millisecond and then sleep, each on a lock of its own, until the next job
wakes them. After a fork the child has no workers, and starts new ones when it needs them.
"""

from __future__ import annotations

import sys

from codegen.llvm.sharing import SHARING
from codegen.llvm.target import host

MOST_THREADS = 256
EXPORTS = ("sg.threads.wanted", "sg.threads.started", "sg.threads.exited", "sg.threads.stop", "sg.threads.forget")
_LOOKS = 40_000
"""How often a worker looks for a job before it sleeps: about a millisecond."""

_LOOKS_BEFORE_YIELDING = 2_000
"""How often a thread looks whether others have ended a level before it offers its core to somebody else."""

_TEXT = """
@sg.threads.wanted = global i64 1
@sg.threads.started = global i64 0
@sg.threads.exited = global i64 0
@sg.threads.stopping = internal global i64 0
@owner = internal global i32 0
@serial.number = internal global i64 0
@job.code = internal global ptr null
@job.table = internal global ptr null
@job.threads = internal global i64 0
@open.line = internal global [16 x i64] zeroinitializer, align 128
@active.line = internal global [16 x i64] zeroinitializer, align 128
@parked = internal global [MOST x i32] zeroinitializer, align 128
@locks = internal global [MOST x ptr] zeroinitializer

declare ptr @PyThread_allocate_lock()
declare i32 @PyThread_acquire_lock(ptr, i32)
declare void @PyThread_release_lock(ptr)
declare i64 @PyThread_start_new_thread(ptr, ptr)
declare i32 @sched_yield()
PAUSE_DECLARATION

; A worker: waits for jobs, takes part in them, and sleeps in between.
define internal void @worker(ptr %argument) nounwind {
start:
  %thread = ptrtoint ptr %argument to i64
  %parked.at = getelementptr i32, ptr @parked, i64 %thread
  %lock.at = getelementptr ptr, ptr @locks, i64 %thread
  %lock = load ptr, ptr %lock.at
  br label %look
look:
  %last = phi i64 [ 0, %start ], [ %last, %idle ], [ %last, %again ], [ %job, %took.part ]
  %looks = phi i64 [ 0, %start ], [ %looks.next, %idle ], [ 0, %again ], [ 0, %took.part ]
  %stopping = load atomic i64, ptr @sg.threads.stopping acquire, align 8
  %stop = icmp ne i64 %stopping, 0
  br i1 %stop, label %exit, label %look.for.job
look.for.job:
  %job = load atomic i64, ptr @open.line seq_cst, align 8
  %is.new = call i1 @is_for(i64 %job, i64 %last, i64 %thread)
  br i1 %is.new, label %enter, label %wait
enter:
  %entered = atomicrmw add ptr @active.line, i64 1 seq_cst, align 8
  %still = load atomic i64, ptr @open.line seq_cst, align 8
  %same = icmp eq i64 %still, %job
  br i1 %same, label %work, label %left.early
work:
  %code = load ptr, ptr @job.code
  %table = load ptr, ptr @job.table
  %threads = load i64, ptr @job.threads
  %has.room = icmp ult i64 %thread, %threads
  br i1 %has.room, label %take.part, label %took.part
take.part:
  call void @participate(ptr %code, ptr %table, i64 %thread, i64 %threads)
  br label %took.part
took.part:
  %active = atomicrmw sub ptr @active.line, i64 1 seq_cst, align 8
  br label %look
left.early:
  %active.early = atomicrmw sub ptr @active.line, i64 1 seq_cst, align 8
  br label %again
again:
  br label %look
wait:
  PAUSE
  %looks.next = add i64 %looks, 1
  %tired = icmp uge i64 %looks.next, LOOKS
  br i1 %tired, label %park, label %idle
idle:
  br label %look
park:
  store atomic i32 1, ptr %parked.at seq_cst, align 4
  %late.job = load atomic i64, ptr @open.line seq_cst, align 8
  %late.new = call i1 @is_for(i64 %late.job, i64 %last, i64 %thread)
  %late.stopping = load atomic i64, ptr @sg.threads.stopping seq_cst, align 8
  %late.stop = icmp ne i64 %late.stopping, 0
  %stay = or i1 %late.new, %late.stop
  br i1 %stay, label %unpark, label %sleep
unpark:
  %flag = atomicrmw xchg ptr %parked.at, i32 0 seq_cst, align 4
  %mine = icmp eq i32 %flag, 1
  ; If somebody has taken the flag, he releases the lock: it must be taken back.
  br i1 %mine, label %again, label %sleep
sleep:
  %slept = call i32 @PyThread_acquire_lock(ptr %lock, i32 1)
  br label %again
exit:
  %exited = atomicrmw add ptr @sg.threads.exited, i64 1 seq_cst, align 8
  ret void
}

; Whether a job is one that this thread has not seen and may take part in.
define internal i1 @is_for(i64 %job, i64 %last, i64 %thread) nounwind alwaysinline {
  %some = icmp ne i64 %job, 0
  %new = icmp ne i64 %job, %last
  %wanted = load atomic i64, ptr @sg.threads.wanted monotonic, align 8
  %invited = icmp ult i64 %thread, %wanted
  %both = and i1 %some, %new
  %all = and i1 %both, %invited
  ret i1 %all
}

; Wakes a worker if it sleeps.
define internal void @wake(i64 %thread) nounwind {
start:
  %parked.at = getelementptr i32, ptr @parked, i64 %thread
  %sleeps = load atomic i32, ptr %parked.at seq_cst, align 4
  %maybe = icmp eq i32 %sleeps, 1
  br i1 %maybe, label %try, label %done
try:
  %flag = atomicrmw xchg ptr %parked.at, i32 0 seq_cst, align 4
  %mine = icmp eq i32 %flag, 1
  br i1 %mine, label %release, label %done
release:
  %lock.at = getelementptr ptr, ptr @locks, i64 %thread
  %lock = load ptr, ptr %lock.at
  call void @PyThread_release_lock(ptr %lock)
  br label %done
done:
  ret void
}

; Wakes so many workers, those that sleep.
define internal void @wake_all(i64 %workers) nounwind {
start:
  br label %next
next:
  %woken = phi i64 [ 0, %start ], [ %thread, %each ]
  %more = icmp ult i64 %woken, %workers
  br i1 %more, label %each, label %done
each:
  %thread = add i64 %woken, 1
  call void @wake(i64 %thread)
  br label %next
done:
  ret void
}

; Starts workers until there are `wanted` threads with the caller's; fewer if the system refuses.
define internal void @start_workers(i64 %wanted) nounwind {
start:
  %started = load i64, ptr @sg.threads.started
  br label %more
more:
  %have = phi i64 [ %started, %start ], [ %thread, %begin ]
  %thread = add i64 %have, 1
  %enough = icmp uge i64 %thread, %wanted
  br i1 %enough, label %done, label %lock
lock:
  %lock.new = call ptr @PyThread_allocate_lock()
  %none = icmp eq ptr %lock.new, null
  br i1 %none, label %refused, label %take
take:
  %taken = call i32 @PyThread_acquire_lock(ptr %lock.new, i32 1)
  %lock.at = getelementptr ptr, ptr @locks, i64 %thread
  store ptr %lock.new, ptr %lock.at
  %number = inttoptr i64 %thread to ptr
  %identity = call i64 @PyThread_start_new_thread(ptr @worker, ptr %number)
  %failed = icmp eq i64 %identity, -1
  br i1 %failed, label %refused, label %begin
begin:
  store i64 %thread, ptr @sg.threads.started
  br label %more
refused:
  store atomic i64 %thread, ptr @sg.threads.wanted monotonic, align 8
  br label %done
done:
  ret void
}

define i64 @run(ptr %code, ptr %table) nounwind {
start:
  %room.at = getelementptr i64, ptr %code, i64 5
  %room = load i64, ptr %room.at
  %small = icmp ule i64 %room, 1
  br i1 %small, label %alone, label %ask
ask:
  %wanted = load atomic i64, ptr @sg.threads.wanted monotonic, align 8
  %one = icmp ule i64 %wanted, 1
  br i1 %one, label %alone, label %claim
claim:
  %claimed = cmpxchg ptr @owner, i32 0, i32 1 acq_rel monotonic
  %owned = extractvalue { i32, i1 } %claimed, 1
  br i1 %owned, label %share, label %alone
alone:
  %status = call i64 @serial(ptr %code, ptr %table)
  ret i64 %status
share:
  %threads = call i64 @llvm.umin.i64(i64 %wanted, i64 %room)
  call void @start_workers(i64 %threads)
  store ptr %code, ptr @job.code
  store ptr %table, ptr @job.table
  store i64 %threads, ptr @job.threads
  store i64 -1, ptr @failure
  call void @open_level(i64 0, i64 %threads)
  store atomic i64 1, ptr @ended.line monotonic, align 8
  %number = load i64, ptr @serial.number
  %job = add i64 %number, 1
  store i64 %job, ptr @serial.number
  store atomic i64 %job, ptr @open.line seq_cst, align 8
  %started = load i64, ptr @sg.threads.started
  %invited = sub i64 %threads, 1
  %workers = call i64 @llvm.umin.i64(i64 %started, i64 %invited)
  call void @wake_all(i64 %workers)
  call void @participate(ptr %code, ptr %table, i64 0, i64 %threads)
  store atomic i64 0, ptr @open.line seq_cst, align 8
  br label %leaving
leaving:
  %looks = phi i64 [ 0, %share ], [ %looks.next, %again ]
  %active = load atomic i64, ptr @active.line seq_cst, align 8
  %left = icmp eq i64 %active, 0
  br i1 %left, label %over, label %wait
wait:
  PAUSE
  %looks.next = add i64 %looks, 1
  %patient = icmp ult i64 %looks.next, YIELDING
  br i1 %patient, label %again, label %yield
yield:
  %yielded = call i32 @sched_yield()
  br label %again
again:
  br label %leaving
over:
  %worst = load i64, ptr @failure
  store atomic i32 0, ptr @owner release, align 4
  %sound = icmp eq i64 %worst, -1
  %status.worst = call i64 @llvm.fshl.i64(i64 %worst, i64 %worst, i64 32)
  %result = select i1 %sound, i64 0, i64 %status.worst
  ret i64 %result
}

; Lets all workers leave for good.
define void @sg.threads.stop() nounwind {
start:
  store atomic i64 1, ptr @sg.threads.wanted monotonic, align 8
  store atomic i64 1, ptr @sg.threads.stopping seq_cst, align 8
  %started = load i64, ptr @sg.threads.started
  call void @wake_all(i64 %started)
  ret void
}

; What a child has to forget after a fork: its parent's workers, and a job that another thread of the parent was at.
define void @sg.threads.forget() nounwind {
  store i64 0, ptr @sg.threads.started
  store i64 0, ptr @sg.threads.exited
  store atomic i64 0, ptr @open.line seq_cst, align 8
  store atomic i64 0, ptr @active.line seq_cst, align 8
  call void @llvm.memset.p0.i64(ptr @parked, i8 0, i64 PARKED_BYTES, i1 false)
  store atomic i32 0, ptr @owner seq_cst, align 4
  ret void
}
"""


def text(header: int) -> str:
    """Return the LLVM IR of the pool, which goes into one module with the driver's."""
    architecture = host().triple.partition("-")[0]
    declaration, pause = _PAUSES.get(architecture, ("", ""))
    replaced = {
        "PAUSE_DECLARATION": declaration,
        "PAUSE": pause,
        "HEADER": str(header),
        "LOOKS": str(_LOOKS),
        "sched_yield": "SwitchToThread" if sys.platform == "win32" else "sched_yield",
        "YIELDING": str(_LOOKS_BEFORE_YIELDING),
        "PARKED_BYTES": str(4 * MOST_THREADS),
        "SHARES": str(MOST_THREADS + 1),
        "MOST": str(MOST_THREADS),
    }
    result = _TEXT + SHARING
    for word, value in replaced.items():
        result = result.replace(word, value)
    return result


_PAUSES = {
    "x86_64": ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"),
    "aarch64": ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"),
    "arm64": ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"),
}

"""Sharing: how threads take the chunks of a program, level by level.

A thread takes one chunk after another from the level that is open; who ends the last chunk of a level opens the next.
So a worker that is late, or not scheduled at all, delays nobody: the others take its work.

Every thread has a share of the chunks, the same in every call: what it writes in one level it reads in another one, and
in the next call, from the caches of its own core. (On the machine this was written on, a line that another core has
written takes 6 ns to read and 17 to write, ten times as long as one's own.) Chunks are taken by counting up the
*ticket* of a share: the level in its upper half, the next chunk in the lower one.
"""

from __future__ import annotations

SHARING = """
@failure = internal global i64 -1
@level.line = internal global [16 x i64] zeroinitializer, align 128
@tickets = internal global [SHARES x [16 x i64]] zeroinitializer, align 128
@ended.line = internal global [16 x i64] zeroinitializer, align 128

; Where the chunks of a thread's share begin (`more` = 0) and end (1); those for anybody are share number `threads`.
define internal i64 @bound(ptr %level, i64 %share, i64 %threads, i64 %more) nounwind alwaysinline {
  %own = load i64, ptr %level
  %all.at = getelementptr i64, ptr %level, i64 1
  %all = load i64, ptr %all.at
  %upper = add i64 %share, %more
  %part = mul i64 %upper, %own
  %bound = udiv i64 %part, %threads
  %anybody = icmp ugt i64 %upper, %threads
  %result = select i1 %anybody, i64 %all, i64 %bound
  ret i64 %result
}

; Takes chunks until the last level has ended: first those of the thread's own share, then those for anybody, then those
; of the other threads.
define internal void @participate(ptr %code, ptr %table, i64 %thread, i64 %threads) nounwind {
start:
  %levels = load i64, ptr %code
  %most.at = getelementptr i64, ptr %code, i64 4
  %most = load i64, ptr %most.at
  %buffers = alloca ptr, i64 %most
  %times.at = getelementptr i64, ptr %code, i64 6
  %times = load ptr, ptr %times.at
  %workspace = call ptr @workspace(ptr %code, ptr %table, i64 %thread)
  br label %look
look:
  %level = load atomic i64, ptr @level.line acquire, align 8
  %over = icmp uge i64 %level, %levels
  br i1 %over, label %done, label %try
try:
  %turn = phi i64 [ 0, %look ], [ %turn.next, %next ]
  %more = icmp ule i64 %turn, %threads
  br i1 %more, label %choose, label %wait
choose:
  %own = icmp eq i64 %turn, 0
  %anybody = icmp eq i64 %turn, 1
  %distance = add i64 %thread, %turn
  %other.at = sub i64 %distance, 1
  %other = urem i64 %other.at, %threads
  %foreign = select i1 %anybody, i64 %threads, i64 %other
  %share = select i1 %own, i64 %thread, i64 %foreign
  %here = call ptr @level_of(ptr %code, i64 %level)
  %low = call i64 @bound(ptr %here, i64 %share, i64 %threads, i64 0)
  %high = call i64 @bound(ptr %here, i64 %share, i64 %threads, i64 1)
  %ticket.at = getelementptr [16 x i64], ptr @tickets, i64 %share
  %seen = load atomic i64, ptr %ticket.at monotonic, align 8
  %seen.chunk = and i64 %seen, 4294967295
  %size = sub i64 %high, %low
  %left = icmp ult i64 %seen.chunk, %size
  br i1 %left, label %take, label %next
next:
  %turn.next = add i64 %turn, 1
  br label %try
take:
  ; The level may have ended meanwhile: the ticket says for which one it is.
  %ticket = atomicrmw add ptr %ticket.at, i64 1 acq_rel, align 8
  %now = lshr i64 %ticket, 32
  %chunk = and i64 %ticket, 4294967295
  %late = icmp uge i64 %now, %levels
  br i1 %late, label %done, label %find
find:
  %open = call ptr @level_of(ptr %code, i64 %now)
  %first = call i64 @bound(ptr %open, i64 %share, i64 %threads, i64 0)
  %behind = call i64 @bound(ptr %open, i64 %share, i64 %threads, i64 1)
  %number = add i64 %first, %chunk
  %mine = icmp ult i64 %number, %behind
  br i1 %mine, label %run, label %look
run:
  %place = add i64 %number, 2
  %start.at = getelementptr i64, ptr %open, i64 %place
  %end.at = getelementptr i64, ptr %start.at, i64 1
  %chunk.start = load i64, ptr %start.at
  %chunk.end = load i64, ptr %end.at
  %record = getelementptr i64, ptr %code, i64 %chunk.start
  %end = getelementptr i64, ptr %code, i64 %chunk.end
  %status = call i64 @chunk(
      ptr %record, ptr %end, ptr %table, ptr %workspace, ptr %buffers, ptr %times)
  %ok = icmp eq i64 %status, 0
  br i1 %ok, label %ended, label %failed
failed:
  ; The call's number goes to the upper half: the first call that fails is told of, as on one thread.
  %rank = call i64 @llvm.fshl.i64(i64 %status, i64 %status, i64 32)
  %others = atomicrmw umin ptr @failure, i64 %rank acq_rel, align 8
  br label %ended
ended:
  ; Besides its chunks a level has its opening to end: before that the next one must not be opened.
  %ending = phi i64 [ %now, %run ], [ %now, %failed ], [ %following, %advance ]
  %before = atomicrmw add ptr @ended.line, i64 1 acq_rel, align 8
  %ending.words = call ptr @level_of(ptr %code, i64 %ending)
  %count.at = getelementptr i64, ptr %ending.words, i64 1
  %count = load i64, ptr %count.at
  %last = icmp eq i64 %before, %count
  br i1 %last, label %advance, label %look
advance:
  %worst = load atomic i64, ptr @failure acquire, align 8
  %sound = icmp eq i64 %worst, -1
  %level.next = add i64 %ending, 1
  %following = select i1 %sound, i64 %level.next, i64 %levels
  call void @open_level(i64 %following, i64 %threads)
  %finished = icmp uge i64 %following, %levels
  br i1 %finished, label %done, label %ended
wait:
  %looks = phi i64 [ 0, %try ], [ %looks.next, %again ]
  PAUSE
  %current = load atomic i64, ptr @level.line acquire, align 8
  %changed = icmp ne i64 %current, %level
  br i1 %changed, label %look, label %stay
stay:
  %looks.next = add i64 %looks, 1
  %patient = icmp ult i64 %looks.next, YIELDING
  br i1 %patient, label %again, label %yield
yield:
  %yielded = call i32 @sched_yield()
  br label %again
again:
  br label %wait
done:
  ret void
}

; Where the words of a level are.
define internal ptr @level_of(ptr %code, i64 %level) nounwind alwaysinline {
  %place = add i64 %level, HEADER
  %at = getelementptr i64, ptr %code, i64 %place
  %start = load i64, ptr %at
  %words = getelementptr i64, ptr %code, i64 %start
  ret ptr %words
}

; Lets threads take the chunks of a level. Nobody is at work on another one. Who opens it counts that as ended, too.
define internal void @open_level(i64 %level, i64 %threads) nounwind {
start:
  store atomic i64 0, ptr @ended.line monotonic, align 8
  %ticket = shl i64 %level, 32
  br label %next
next:
  %i = phi i64 [ 0, %start ], [ %i.next, %next ]
  %at = getelementptr [16 x i64], ptr @tickets, i64 %i
  store atomic i64 %ticket, ptr %at release, align 8
  %i.next = add i64 %i, 1
  %more = icmp ule i64 %i.next, %threads
  br i1 %more, label %next, label %done
done:
  store atomic i64 %level, ptr @level.line release, align 8
  ret void
}
"""
"""LLVM IR, a part of the pool's (`codegen.llvm.threads.text`), which puts numbers in the place of words."""

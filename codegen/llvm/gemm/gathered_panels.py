"""Packing of a B between any axes: panels filled vector by vector from wherever the table of columns says."""

from __future__ import annotations

from codegen.llvm.gemm.axes import word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import LOOP, Operand
from codegen.llvm.gemm.vector_writer import VectorWriter

VECTOR_WORDS = 3
"""Words that describe a vector of columns: lanes of its first run (0: more than two runs), starts of the two runs."""

DESCRIBE = (("i64", "columns"), ("ptr", "b_columns"), ("ptr", "vectors"))
GATHER = (
    ("i64", "depth"),
    ("i64", "columns"),
    ("ptr noalias readonly", "b"),
    ("ptr noalias readonly", "b_depths"),
    ("ptr noalias readonly", "b_columns"),
    ("ptr noalias readonly", "vectors"),
    ("ptr noalias", "panels"),
)


def write_gather(blocking: Blocking) -> str:
    """Return `describe`, which finds the runs of contiguous columns in each vector of them, and `gather`, which packs.

    A vector whose columns lie in one or two runs is loaded whole, under masks: columns of a convolution are rows of an
    image one after another. Others are copied element by element.
    """
    return _write_describe(blocking) + _write_gather(blocking)


def _write_describe(blocking: Blocking) -> str:
    f = VectorWriter(blocking, blocking.name("describe"), DESCRIBE)
    with f.loop(0, "%columns", f.lanes) as first:
        count = f.minimum(f.lanes, f.subtract("%columns", first))
        table = f.element("i64", "%b_columns", (first, 1))
        start = word(f, table)
        # One run after another: the second begins where the first ends, or there where the vector ends.
        ends: list[Operand] = []
        begins: list[Operand] = [start]
        at: Operand = 0
        for _ in range(2):
            at = _run_end(f, table, at, begins[-1], count)
            ends.append(at)
            inside = f.minimum(at, f.subtract(count, 1))
            moved = f.subtract(word(f, table, (inside, 1)), f.multiply(inside, f.size))
            begins.append(moved)
        two_runs = f.compare("eq", ends[1], count)
        target = f.element("i64", "%vectors", (f.quotient(first, f.lanes), VECTOR_WORDS))
        f.store(f.select(two_runs, ends[0], 0), target, "i64")
        f.store(str(begins[0]), f.element("i64", target, (1, 1)), "i64")
        f.store(str(begins[1]), f.element("i64", target, (2, 1)), "i64")
    return f.text()


def _run_end(f: VectorWriter, table: str, start: Operand, begin: Operand, count: Operand) -> str:
    """Return the first column from `start` on that does not lie at `begin` + column * size, or `count`."""
    number, before = f.number(), f.block
    f.jump(f"columns{number}")
    f.start(f"columns{number}")
    f.do(f"%column{number} = phi i64 [ {start}, %{before} ], [ %following{number}, %same{number} ]")
    f.branch(f.compare("slt", f"%column{number}", count), f"look{number}", f"found{number}")
    f.start(f"look{number}")
    wanted = f.add(begin, f.multiply(f"%column{number}", f.size))
    same = f.compare("eq", word(f, table, (f"%column{number}", 1)), wanted)
    f.branch(same, f"same{number}", f"found{number}")
    f.start(f"same{number}")
    f.do(f"%following{number} = add i64 %column{number}, 1")
    f.jump(f"columns{number}", LOOP)
    f.start(f"found{number}")
    return f"%column{number}"


def _write_gather(blocking: Blocking) -> str:
    f = VectorWriter(blocking, blocking.name("gather"), GATHER)
    width = blocking.columns
    with f.loop(0, "%columns", f.lanes) as first:
        count = f.minimum(f.lanes, f.subtract("%columns", first))
        panel = f.quotient(first, width)
        inside = f.subtract(first, f.multiply(panel, width))
        target = f.at("%panels", (f.multiply(panel, width), "%depth"), (inside, 1))
        described = f.element("i64", "%vectors", (f.quotient(first, f.lanes), VECTOR_WORDS))
        split = word(f, described)
        runs = f.compare("ne", split, 0)
        if blocking.masks != "none":
            with f.when(runs):
                _copy_runs(f, described, split, count, target)
        elements = f.negate(runs) if blocking.masks != "none" else "true"
        with f.when(elements):
            _copy_elements(f, first, count, target)
    return f.text()


def _copy_runs(f: VectorWriter, described: str, split: Operand, count: Operand, target: str) -> None:
    low, all_lanes = f.lane_mask(split), f.lane_mask(count)
    high = f.value(f"xor <{f.lanes} x i1> {low}, {all_lanes}")
    left, right = (f.element("i8", "%b", (word(f, described, (run, 1)), 1)) for run in (1, 2))
    one_run = f.compare("eq", split, f.lanes)
    with f.when(one_run), f.loop(0, "%depth") as k:
        distance = word(f, "%b_depths", (k, 1))
        f.store(f.load(f.element("i8", left, (distance, 1))), f.at(target, (k, f.blocking.columns)))
    with f.when(f.negate(one_run)), f.loop(0, "%depth") as k:
        distance = word(f, "%b_depths", (k, 1))
        first = f.load_lanes(f.element("i8", left, (distance, 1)), low)
        second = f.load_lanes(f.element("i8", right, (distance, 1)), high)
        bits = f"<{f.lanes} x {f.integer}>"
        pieces = [f.value(f"bitcast {f.vector} {piece} to {bits}") for piece in (first, second)]
        both = f.value(f"or {bits} {pieces[0]}, {pieces[1]}")
        f.store(both, f.at(target, (k, f.blocking.columns)), bits)


def _copy_elements(f: VectorWriter, first: Operand, count: Operand, target: str) -> None:
    with f.when(f.compare("ne", count, f.lanes)), f.loop(0, "%depth") as k:
        f.store("zeroinitializer", f.at(target, (k, f.blocking.columns)))
    with f.loop(0, count) as lane:
        source = f.element("i8", "%b", (word(f, "%b_columns", (f.add(first, lane), 1)), 1))
        place = f.at(target, (lane, 1))
        with f.loop(0, "%depth") as k:
            distance = word(f, "%b_depths", (k, 1))
            f.copy(f.element("i8", source, (distance, 1)), f.at(place, (k, f.blocking.columns)))

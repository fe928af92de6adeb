"""Columns of a B between any axes: which of them are contiguous, and the packing of those that are not."""

from __future__ import annotations

from codegen.llvm.gemm.axes import word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import LOOP, Operand
from codegen.llvm.gemm.gathered_tile import VECTOR_WORDS
from codegen.llvm.gemm.vector_writer import VectorWriter

DESCRIBE = (("i64", "columns"), ("ptr", "b_columns"), ("ptr", "vectors"))
GATHER = (
    ("i64", "depth"),
    ("i64", "columns"),
    ("ptr noalias readonly", "b"),
    ("ptr noalias readonly", "b_depths"),
    ("ptr noalias readonly", "b_columns"),
    ("ptr noalias", "panel"),
)


def write_gather(blocking: Blocking) -> str:
    """Return `describe`, which finds the runs of contiguous columns, and `gather`, which packs a panel.

    A vector whose columns lie in one or two runs can be loaded whole, under masks, so a tile reads it from where it is:
    columns of a convolution are rows of an image one after another. Others are packed element by element.
    """
    return _write_describe(blocking) + _write_gather(blocking)


def _write_describe(blocking: Blocking) -> str:
    f = VectorWriter(blocking, blocking.name("describe"), DESCRIBE)
    with f.loop(0, "%columns", f.lanes) as first:
        count = f.minimum(f.lanes, f.subtract("%columns", first))
        table = f.element("i64", "%b_columns", (first, 1))
        # One run after another: the second begins where the first ends, or there where the vector ends.
        begins: list[Operand] = [word(f, table)]
        ends: list[Operand] = []
        at: Operand = 0
        for _ in range(2):
            at = _run_end(f, table, at, begins[-1], count)
            ends.append(at)
            inside = f.minimum(at, f.subtract(count, 1))
            begins.append(f.subtract(word(f, table, (inside, 1)), f.multiply(inside, f.size)))
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
    with f.when(f.compare("ne", "%columns", width)), f.loop(0, "%depth") as k:
        for lane in range(0, width, f.lanes):
            f.store("zeroinitializer", f.at("%panel", (k, width), (lane, 1)))
    with f.loop(0, "%columns") as column:
        source, place = f.element("i8", "%b", (word(f, "%b_columns", (column, 1)), 1)), f.at("%panel", (column, 1))
        with f.loop(0, "%depth") as k:
            distance = word(f, "%b_depths", (k, 1))
            f.copy(f.element("i8", source, (distance, 1)), f.at(place, (k, width)))
    return f.text()

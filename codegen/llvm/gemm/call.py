"""The driver's form of call, `i32 kernel(ptr buffers, ptr sizes)`, for contractions.

Buffers: left, right, result, workspace. Sizes, all int64: the distances in bytes of the three matrices from their
buffers; the numbers of axes that count through the batch, the rows, the columns and the sum, each one at least; 1 if
the result is added to what is there; then the axes themselves, group by group, as `axes` describes them.

A part of a contraction along one axis of the result is the same call with another size of that axis and other
distances.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from codegen.llvm.gemm.axes import LOCATE, LOCATE_NAME, TOTAL, TOTAL_NAME, WORDS, word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.vector_writer import VectorWriter

KERNEL = (("ptr", "buffers"), ("ptr", "sizes"))
"""The parameters of a kernel."""

CLEAR = (("ptr", "buffers"), ("ptr", "sizes"))

GROUPS = ("batch", "rows", "columns", "summed")

DISTANCES, COUNTS, ADDS, AXES = 0, 3, 7, 8
"""Where the distances, the numbers of axes, the word for adding and the axes begin among the words."""


@dataclass(frozen=True)
class Group:
    """The values that describe a group of axes: their number, their address, and the product of their sizes."""

    count: str
    axes: str
    total: str


@dataclass(frozen=True)
class Operands:
    """The values of a kernel's operands."""

    left: str
    right: str
    output: str
    workspace: str
    batch: Group
    rows: Group
    columns: Group
    summed: Group
    adds: str
    """Whether the result is added to what is there."""


def read_operands(f: VectorWriter) -> Operands:
    """Write the reading of a kernel's operands."""
    pointers = [f.load(f.element("ptr", "%buffers", (index, 1)), "ptr") for index in range(4)]
    matrices = [
        f.element("i8", pointer, (word(f, "%sizes", (DISTANCES + index, 1)), 1))
        for index, pointer in enumerate(pointers[:3])
    ]
    axes = f.element("i64", "%sizes", (AXES, 1))
    result = f.reserve("i64")
    groups: list[Group] = []
    for index in range(len(GROUPS)):
        count = word(f, "%sizes", (COUNTS + index, 1))
        f.call(TOTAL_NAME, TOTAL, count, axes, result)
        groups.append(Group(count, axes, word(f, result)))
        axes = f.element("i64", axes, (count, WORDS))
    adds = f.compare("ne", word(f, "%sizes", (ADDS, 1)), 0)
    batch, rows, columns, summed = groups
    left, right, output = matrices
    return Operands(left, right, output, pointers[3], batch, rows, columns, summed, adds)


@contextmanager
def turns(f: VectorWriter, operands: Operands) -> Generator[tuple[str, str, str]]:
    """Run the body for each turn of the batch; give the addresses of its three matrices."""
    batch = operands.batch
    place = f.reserve("[3 x i64]")
    outer = f.subtract(batch.count, 1)
    inner = f.element("i64", batch.axes, (outer, WORDS))
    size = word(f, inner)
    strides = [word(f, inner, (matrix, 1)) for matrix in (1, 2, 3)]
    # The body may be entered with a batch of nothing; then the quotient means nothing.
    outer_turns = f.quotient(batch.total, f.select(f.compare("sgt", size, 0), size, 1))
    with f.loop(0, outer_turns) as turn:
        f.call(LOCATE_NAME, LOCATE, turn, outer, batch.axes, place)
        starts = [word(f, place, (matrix, 1)) for matrix in range(3)]
        with f.loop(0, size) as step:
            moved = [f.add(start, f.multiply(step, stride)) for start, stride in zip(starts, strides, strict=True)]
            matrices = (operands.left, operands.right, operands.output)
            left, right, output = (
                f.element("i8", matrix, (distance, 1)) for matrix, distance in zip(matrices, moved, strict=True)
            )
            yield left, right, output


def leave_if_empty(f: VectorWriter, operands: Operands) -> None:
    """Return if the result has no entries; if the sums have no terms, store zeros first."""
    totals: list[Operand] = [operands.batch.total, operands.rows.total, operands.columns.total]
    f.leave(f.any(*(f.compare("eq", total, 0) for total in totals)))
    empty = f.compare("eq", operands.summed.total, 0)
    with f.when(f.all(empty, f.negate(operands.adds))):
        f.call(f.blocking.name("clear"), CLEAR, "%buffers", "%sizes")
    f.leave(empty)


def write_clear(blocking: Blocking) -> str:
    """Return the function that stores zeros: what sums of nothing are."""
    f = VectorWriter(blocking, blocking.name("clear"), CLEAR)
    operands = read_operands(f)
    place = f.reserve("[3 x i64]")
    with turns(f, operands) as (_, _, output), f.loop(0, operands.rows.total) as row:
        f.call(LOCATE_NAME, LOCATE, row, operands.rows.count, operands.rows.axes, place)
        start = f.element("i8", output, (word(f, place, (2, 1)), 1))
        with f.loop(0, operands.columns.total) as column:
            f.call(LOCATE_NAME, LOCATE, column, operands.columns.count, operands.columns.axes, place)
            f.store("0.0", f.element("i8", start, (word(f, place, (2, 1)), 1)), f.scalar)
    return f.text()


def write_entry(symbol: str, kernel: str) -> str:
    """Return the function in the driver's form of call that calls a kernel and is always content."""
    return (
        f"define i32 @{symbol}(ptr %buffers, ptr %sizes) nounwind {{\n"
        f"  call void @{kernel}(ptr %buffers, ptr %sizes)\n"
        "  ret i32 0\n}\n"
    )

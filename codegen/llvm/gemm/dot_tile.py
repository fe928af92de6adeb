"""The tile of dot products: a few contiguous rows of A against a few contiguous columns of B.

    C[r, j] (+)= sum over k of A[r, k] B[k, j]

Vectors run along k, so no lane is idle however few columns there are. Each sum has a register of its own (or several),
and its lanes are added up at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import LOOP
from codegen.llvm.gemm.vector_writer import VectorWriter

DOT_TILE = (
    ("i64", "depth"),
    ("ptr noalias readonly", "a"),
    ("ptr noalias readonly", "a_rows"),
    ("ptr noalias readonly", "b"),
    ("ptr noalias readonly", "b_columns"),
    ("ptr noalias", "c"),
    ("i64", "c_row"),
    ("i64", "c_column"),
    ("i1", "accumulate"),
)
"""The parameters of a tile; `a_rows` and `b_columns` point to the distances in bytes of rows and columns."""

TALL, BROAD = 4, 3
"""Rows and columns of the largest tile; besides, there are one of a single column and one of a single dot product."""


def dot_name(blocking: Blocking, rows: int, columns: int) -> str:
    """Return the name of a tile."""
    return blocking.name(f"dot.{rows}x{columns}")


def write_dot_tile(blocking: Blocking, rows: int, columns: int) -> str:
    """Return the tile of rows x columns dot products."""
    f = VectorWriter(blocking, dot_name(blocking, rows, columns), DOT_TILE)
    # Eight sums at least keep two multiply-adds a cycle busy that take four cycles each.
    unroll = max(1, -(-8 // (rows * columns)))
    step = unroll * f.lanes
    a_rows = ["0", *(f.load(f.element("i64", "%a_rows", (row, 1)), "i64") for row in range(1, rows))]
    b_columns = ["0", *(f.load(f.element("i64", "%b_columns", (column, 1)), "i64") for column in range(1, columns))]
    sums = [f"%sum{index}" for index in range(rows * columns * unroll)]

    f.jump("rounds")
    f.start("rounds")
    f.do("%left = phi i64 [ %depth, %entry ], [ %left.next, %round ]")
    f.do("%pa = phi ptr [ %a, %entry ], [ %pa.next, %round ]")
    f.do("%pb = phi ptr [ %b, %entry ], [ %pb.next, %round ]")
    for name in sums:
        f.do(f"{name} = phi {f.vector} [ zeroinitializer, %entry ], [ {name}.next, %round ]")
    f.branch(f.compare("sge", "%left", step), "round", "rest")
    f.start("round")
    starts = [(f.at("%pa", (part * f.lanes, 1)), f.at("%pb", (part * f.lanes, 1)), "") for part in range(unroll)]
    following = [f"{name}.next" for name in sums]
    _products(f, starts, a_rows, b_columns, sums, following)
    f.do(f"%left.next = add nsw i64 %left, {-step}")
    f.do(f"%pa.next = getelementptr {f.scalar}, ptr %pa, i64 {step}")
    f.do(f"%pb.next = getelementptr {f.scalar}, ptr %pb, i64 {step}")
    f.jump("rounds", LOOP)

    f.start("rest")
    f.branch(f.compare("ne", "%left", 0), "remainder", "done")
    f.start("remainder")
    rest = _remainder(f, a_rows, b_columns, unroll, sums)
    before = f.block
    f.jump("done")
    f.start("done")
    sums = [
        f.value(f"phi {f.vector} [ {name}, %rest ], [ {value}, %{before} ]")
        for name, value in zip(sums, rest, strict=True)
    ]
    keep = f.keep_mask("%accumulate")
    for row in range(rows):
        for column in range(columns):
            first, *parts = sums[row * columns + column :: rows * columns]
            for part in parts:
                first = f.add_floats(first, part)
            f.accumulate(f.total(first), f.at("%c", (row, "%c_row"), (column, "%c_column")), keep, 1)
    return f.text()


def _products(
    f: VectorWriter,
    starts: Sequence[tuple[str, str, str]],
    a_rows: Sequence[str],
    b_columns: Sequence[str],
    sums: Sequence[str],
    names: Sequence[str | None],
) -> list[str]:
    """Return the sums with one vector of products more for each start: (address in A, address in B, mask or "").

    The results get the given names, or new ones.
    """
    results: list[str] = []
    for a_start, b_start, mask in starts:
        b = [_load(f, f.element("i8", b_start, (distance, 1)), mask) for distance in b_columns]
        for distance in a_rows:
            a = _load(f, f.element("i8", a_start, (distance, 1)), mask)
            for column in b:
                index = len(results)
                results.append(f.multiply_add(a, column, sums[index], names[index]))
    return results


def _load(f: VectorWriter, address: str, mask: str) -> str:
    return f.load_lanes(address, mask) if mask else f.load(address)


def _remainder(
    f: VectorWriter, a_rows: Sequence[str], b_columns: Sequence[str], unroll: int, sums: Sequence[str]
) -> list[str]:
    """Return the sums with the products that are left, fewer than a round has."""
    if f.blocking.masks != "none":
        starts = [
            (f.at("%pa", (lane, 1)), f.at("%pb", (lane, 1)), f.lane_mask(f.subtract("%left", lane)))
            for lane in range(0, unroll * f.lanes, f.lanes)
        ]
        return _products(f, starts, a_rows, b_columns, sums, [None] * len(sums))
    # Without masked loads, what is left is copied among zeros first.
    step = unroll * f.lanes
    copies: list[str] = []
    for base, distances in (("%pa", a_rows), ("%pb", b_columns)):
        copy = f.value(f"alloca [{len(distances) * step} x {f.scalar}], align 64")
        for lane in range(0, len(distances) * step, f.lanes):
            f.store("zeroinitializer", f.at(copy, (lane, 1)))
        with f.loop(0, "%left") as lane:
            for index, distance in enumerate(distances):
                f.copy(f.at(f.element("i8", base, (distance, 1)), (lane, 1)), f.at(copy, (lane, 1), (index * step, 1)))
        copies.append(copy)
    starts = [(f.at(copies[0], (lane, 1)), f.at(copies[1], (lane, 1)), "") for lane in range(0, step, f.lanes)]
    a_copies, b_copies = (
        [str(index * step * f.size) for index in range(len(distances))] for distances in (a_rows, b_columns)
    )
    return _products(f, starts, a_copies, b_copies, sums, [None] * len(sums))

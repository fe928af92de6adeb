"""The product of a single row with a matrix whose rows are contiguous: a combination of those rows.

    c[j] (+)= sum over k of a[k] b[k, j]

The reading of b takes the time. Rows are read side by side, each from its beginning to its end, because memory is
fastest in streams.
"""

from __future__ import annotations

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.vector_writer import VectorWriter

STREAMS = 8
"""Rows that are read side by side."""

SINGLE_ROW = (
    ("i64", "n"),
    ("i64", "k"),
    ("ptr noalias readonly", "a"),
    ("i64", "a_column"),
    ("ptr noalias readonly", "b"),
    ("i64", "b_row"),
    ("ptr noalias readonly", "b_rows"),
    ("ptr noalias", "c"),
    ("i1", "accumulate"),
)
"""The parameters; `b_rows` points to the distances in bytes of `STREAMS` rows of b (see `micro_kernel.TILE`)."""


def write_single_row(blocking: Blocking) -> str:
    """Return the product of a single row: n, k >= 1."""
    f = VectorWriter(blocking, blocking.name("single_row"), SINGLE_ROW)
    distances = ["0", *(f.load(f.element("i64", "%b_rows", (row, 1)), "i64") for row in range(1, STREAMS))]
    whole = f.round_down("%k", STREAMS)
    for streams, first, last in ((STREAMS, 0, whole), (1, whole, "%k")):
        with f.loop(first, last, streams) as k:
            _combine(f, k, distances[:streams])
    return f.text()


def _combine(f: VectorWriter, k: Operand, distances: list[str]) -> None:
    """Add the products of the rows from k on to c; the first rows do not add unless asked to."""
    origin = f.at("%b", (k, "%b_row"))
    rows = [f.element("i8", origin, (distance, 1)) for distance in distances]
    scalars = [f.load(f.at("%a", (k, "%a_column"), (row, "%a_column")), f.scalar) for row in range(len(rows))]
    factors = [f.splat(scalar) for scalar in scalars]
    keep = f.keep_mask(f.any("%accumulate", f.compare("ne", k, 0)))
    whole = f.round_down("%n", f.lanes)
    with f.loop(0, whole, f.lanes) as column:
        sums = _sums(f, factors, [f.load(f.at(row, (column, 1))) for row in rows])
        f.accumulate(sums, f.at("%c", (column, 1)), keep, f.lanes)
    left = f.subtract("%n", whole)
    if f.blocking.masks == "none":
        with f.loop(0, left) as lane:
            scalars = [f.load(f.at(row, (whole, 1), (lane, 1)), f.scalar) for row in rows]
            first_lanes = [f.insert_first("zeroinitializer", scalar) for scalar in scalars]
            total = f.extract_first(_sums(f, factors, first_lanes))
            f.accumulate(total, f.at("%c", (whole, 1), (lane, 1)), keep, 1)
        return
    with f.when(f.compare("ne", left, 0)):
        mask = f.lane_mask(left)
        sums = _sums(f, factors, [f.load_lanes(f.at(row, (whole, 1)), mask) for row in rows])
        f.accumulate_lanes(sums, f.at("%c", (whole, 1)), keep, mask)


def _sums(f: VectorWriter, factors: list[str], vectors: list[str]) -> str:
    """Return the sum of factor * vector, added up in two chains."""
    chains = [
        f.value(f"fmul {f.vector} {factor}, {vector}") for factor, vector in zip(factors[:2], vectors[:2], strict=True)
    ]
    for index in range(2, len(factors)):
        chains[index % 2] = f.multiply_add(factors[index], vectors[index], chains[index % 2])
    return f.add_floats(*chains) if len(chains) == 2 else chains[0]

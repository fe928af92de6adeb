"""The register tile between any axes: distances of rows and columns of A, and of rows of C, are read from tables.

B is a packed panel, or still where it lies: then the tile, the first one that needs a panel, packs it on the way. The
copy costs next to nothing, because multiply-adds leave the units that load and store idle.
"""

from __future__ import annotations

from typing import Literal

from codegen.llvm.gemm.axes import word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import LOOP, Operand
from codegen.llvm.gemm.micro_kernel import store_full
from codegen.llvm.gemm.vector_writer import VectorWriter

Source = Literal["panel", "runs", "pieces"]
"""Where the columns of B are: in a packed panel, in a run for each vector, or in up to two runs for each vector."""

VECTOR_WORDS = 3
"""Words that describe a vector of columns: lanes of its first run (0: more than two runs), starts of the two runs."""

GATHERED_TILE = (
    ("i64", "depth"),
    ("ptr noalias readonly", "a"),
    ("ptr noalias readonly", "a_rows"),
    ("ptr noalias readonly", "a_depths"),
    ("ptr noalias readonly", "b"),
    ("ptr noalias readonly", "b_depths"),
    ("ptr noalias readonly", "b_vectors"),
    ("ptr noalias", "panel"),
    ("ptr noalias", "c"),
    ("ptr noalias readonly", "c_rows"),
    ("i1", "accumulate"),
    ("i64", "columns"),
)
"""The parameters of every tile; depth >= 1.

The rows of the panel are as wide as the largest tile. B has `columns`; what is stored behind them is good for nothing.
"""


def gathered_tile_name(blocking: Blocking, rows: int, vectors: int, source: Source) -> str:
    """Return the name of a tile."""
    return blocking.name(f"gathered.{source}.{rows}x{vectors}")


def write_gathered_tile(blocking: Blocking, rows: int, vectors: int, source: Source) -> str:
    """Return the tile of so many rows and vectors, which it stores whole."""
    f = VectorWriter(blocking, gathered_tile_name(blocking, rows, vectors, source), GATHERED_TILE)
    c_rows = [f.element("i8", "%c", (word(f, "%c_rows", (row, 1)), 1)) for row in range(rows)]
    for address in c_rows:
        f.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 1, i32 3, i32 1)")
    store_full(f, _accumulate(f, rows, vectors, source), c_rows)
    return f.text()


def _accumulate(f: VectorWriter, rows: int, vectors: int, source: Source) -> list[list[str]]:
    """Write the loop over the depth; return the sums, row by row."""
    distances = [word(f, "%a_rows", (row, 1)) for row in range(rows)]
    described = [f.element("i64", "%b_vectors", (vector, VECTOR_WORDS)) for vector in range(vectors)]
    starts: list[tuple[str, str]] = []
    masks: list[tuple[str, str]] = []
    if source != "panel":
        starts = [(word(f, vector, (1, 1)), word(f, vector, (2, 1))) for vector in described]
    if source == "pieces":
        for index, vector in enumerate(described):
            low, high = f.lane_mask(word(f, vector)), f.lane_mask(f.subtract("%columns", index * f.lanes))
            low = f.value(f"and <{f.lanes} x i1> {low}, {high}")
            masks.append((low, f.value(f"xor <{f.lanes} x i1> {low}, {high}")))
    # Where the next row of B and column of A are is known a turn ahead: no load waits for its address.
    matrices = "a" if source == "panel" else "ab"
    for matrix in matrices:
        _find(f, matrix, 0, "first")
    f.jump("depths")
    f.start("depths")
    f.do("%k = phi i64 [ 0, %entry ], [ %k.next, %depths ]")
    for matrix in matrices:
        f.do(f"%{matrix}.at = phi ptr [ %{matrix}.first, %entry ], [ %{matrix}.next, %depths ]")
    f.do("%row = phi ptr [ %panel, %entry ], [ %row.next, %depths ]")
    sums = [[f"%sum{row}.{column}" for column in range(vectors)] for row in range(rows)]
    for row in sums:
        for name in row:
            f.do(f"{name} = phi {f.vector} [ zeroinitializer, %entry ], [ {name}.next, %depths ]")
    f.do("%k.next = add nsw i64 %k, 1")
    for matrix in matrices:
        _find(f, matrix, "%k.next", "next")
    places = [f.element(f.vector, "%row", (vector, 1)) for vector in range(vectors)]
    if source == "panel":
        b = [f.load(place) for place in places]
    else:
        origin = "%b.at"
        if source == "runs":
            b = [f.load(f.element("i8", origin, (start, 1))) for start, _ in starts]
        else:
            b = [_load_pieces(f, origin, *pair) for pair in zip(starts, masks, strict=True)]
    for distance, names in zip(distances, sums, strict=True):
        factor = f.splat(f.load(f.element("i8", "%a.at", (distance, 1)), f.scalar))
        for column, name in enumerate(names):
            f.multiply_add(factor, b[column], name, result=f"{name}.next")
    if source != "panel":
        # Not before the multiply-adds: LLVM would read all of A at once then, for which there are no registers.
        for value, place in zip(b, places, strict=True):
            f.store(value, place)
    f.do(f"%row.next = getelementptr {f.scalar}, ptr %row, i64 {f.blocking.columns}")
    f.branch(f.compare("slt", "%k.next", "%depth"), "depths", "sums", LOOP)
    f.start("sums")
    return [[f"{name}.next" for name in row] for row in sums]


def _find(f: VectorWriter, matrix: str, k: Operand, name: str) -> None:
    """Name the address that a matrix has at k; the table has an entry more than there is depth."""
    f.do(f"%{matrix}.{name} = getelementptr i8, ptr %{matrix}, i64 {word(f, f'%{matrix}_depths', (k, 1))}")


def _load_pieces(f: VectorWriter, origin: str, starts: tuple[str, str], masks: tuple[str, str]) -> str:
    """Return a vector of two runs: each is loaded under its mask, and zeros of the other fill it up."""
    bits = f"<{f.lanes} x {f.integer}>"
    pieces: list[str] = []
    for start, mask in zip(starts, masks, strict=True):
        value = f.load_lanes(f.element("i8", origin, (start, 1)), mask)
        pieces.append(f.value(f"bitcast {f.vector} {value} to {bits}"))
    return f.value(f"bitcast {bits} {f.value(f'or {bits} {pieces[0]}, {pieces[1]}')} to {f.vector}")

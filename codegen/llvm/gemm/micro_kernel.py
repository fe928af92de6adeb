"""The register tile: rows x columns of C, accumulated in registers over the depth of a block.

    C[r, j] (+)= sum over k of A[r, k] B[k, j]

A may have any strides: each element is broadcast from where it is. Rows of B and of C are contiguous. A *full* tile has
all columns of its registers; an *edge* tile stores only some, and reads only those of B where the target has masked
loads (elsewhere the rows of B must be readable to the full width, as packed ones are).
"""

from __future__ import annotations

from collections.abc import Sequence

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.function_writer import LOOP, Operand
from codegen.llvm.gemm.vector_writer import VectorWriter

TILE = (
    ("i64", "depth"),
    ("ptr noalias readonly", "a"),
    ("ptr noalias readonly", "a_rows"),
    ("i64", "a_column"),
    ("ptr noalias readonly", "b"),
    ("i64", "b_row"),
    ("ptr noalias", "c"),
    ("i64", "c_row"),
    ("i1", "accumulate"),
    ("i64", "columns"),
)
"""The parameters of every tile; depth >= 1.

`a_rows` points to the distances in bytes of the rows of A. Were they computed here, LLVM would know that they are
equidistant and walk from row to row: a chain of additions as slow as the multiply-adds, where an address with an index
costs nothing.
"""

PACKING_TILE = (*TILE, ("ptr noalias", "panel"))
"""The parameters of the tile that packs."""


def packing_tile_name(blocking: Blocking) -> str:
    """Return the name of the tile that packs."""
    return blocking.name("tile.packing")


def write_packing_tile(blocking: Blocking) -> str:
    """Return the full tile that also copies what it reads of B, row after row, to `panel`.

    The tiles of the next rows read the panel. The copy costs nothing: the multiply-adds leave the store unit idle.
    """
    f = VectorWriter(blocking, packing_tile_name(blocking), PACKING_TILE)
    _write_full(f, blocking.rows, blocking.vectors, panel="%panel")
    return f.text()


def tile_name(blocking: Blocking, rows: int, vectors: int, edge: bool) -> str:
    """Return the name of a tile."""
    return blocking.name(f"tile.{rows}x{vectors}{'.edge' if edge else ''}")


def write_tile(blocking: Blocking, rows: int, vectors: int, edge: bool) -> str:
    """Return the tile of so many rows and vectors, full or edge."""
    f = VectorWriter(blocking, tile_name(blocking, rows, vectors, edge), TILE)
    if edge:
        _write_edge(f, rows, vectors)
    else:
        _write_full(f, rows, vectors)
    return f.text()


def _write_full(f: VectorWriter, rows: int, vectors: int, panel: str | None = None) -> None:
    """Write the body of a full tile."""
    c_rows = [f.at("%c", (row, "%c_row")) for row in range(rows)]
    # C is wanted when the sums are ready; it is in no cache yet if C is large.
    for address in c_rows:
        f.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 1, i32 3, i32 1)")
    store_full(f, _accumulate(f, rows, vectors, panel=panel), c_rows)


def store_full(f: VectorWriter, tile: Sequence[Sequence[str]], c_rows: Sequence[str]) -> None:
    """Store all columns of the sums, or add them."""
    f.branch("%accumulate", "add", "assign")
    for label in ("add", "assign"):
        f.start(label)
        for row, c in zip(tile, c_rows, strict=True):
            for column, value in enumerate(row):
                address = f.element(f.vector, c, (column, 1))
                f.store(f.add_floats(value, f.load(address)) if label == "add" else value, address)
        f.jump("done")
    f.start("done")


def _write_edge(f: VectorWriter, rows: int, vectors: int) -> None:
    """Write the body of an edge tile."""
    count = f.subtract("%columns", f.lanes * (vectors - 1))
    mask = f.lane_mask(count) if f.blocking.masks != "none" else None
    c_rows = [f.at("%c", (row, "%c_row")) for row in range(rows)]
    _store_edge(f, _accumulate(f, rows, vectors, mask), c_rows, count, mask)


def _store_edge(
    f: VectorWriter, tile: Sequence[Sequence[str]], c_rows: Sequence[str], count: Operand, mask: str | None
) -> None:
    """Store or add all columns of the sums, but of the last vector only `count`, those of the mask if there is one."""
    last = len(tile[0]) - 1
    keep = f.keep_mask("%accumulate")
    for row, c in zip(tile, c_rows, strict=True):
        for column in range(last):
            f.accumulate(row[column], f.element(f.vector, c, (column, 1)), keep, f.lanes)
    ends = [f.element(f.vector, c, (last, 1)) for c in c_rows]
    values = [row[last] for row in tile]
    if mask is None:
        _store_pieces(f, values, ends, count, keep)
        return
    kept = f.keep_lanes(keep, mask)
    values = [f.add_floats(value, f.load_lanes(end, kept)) for value, end in zip(values, ends, strict=True)]
    if f.blocking.masks == "all":
        for value, end in zip(values, ends, strict=True):
            f.store_lanes(value, end, mask)
    else:
        # Masked stores take AMD's processors with AVX2 a dozen cycles each.
        _store_pieces(f, values, ends, count)


def _accumulate(
    f: VectorWriter, rows: int, vectors: int, mask: str | None = None, panel: str | None = None
) -> list[list[str]]:
    """Write the loop over the depth; return the sums, row by row.

    The last vector of B is loaded under the mask; what is read of B is copied to the panel.
    """
    step_a, step_b = f.multiply("%a_column", f.size), f.multiply("%b_row", f.size)
    distances = [f.load(f.element("i64", "%a_rows", (row, 1)), "i64") for row in range(1, rows)]
    sums = [[f"%sum{row}.{column}" for column in range(vectors)] for row in range(rows)]
    f.jump("depths")
    f.start("depths")
    f.do("%left = phi i64 [ %depth, %entry ], [ %left.next, %depths ]")
    f.do("%pa = phi ptr [ %a, %entry ], [ %pa.next, %depths ]")
    f.do("%pb = phi ptr [ %b, %entry ], [ %pb.next, %depths ]")
    if panel:
        f.do(f"%pp = phi ptr [ {panel}, %entry ], [ %pp.next, %depths ]")
    for row in sums:
        for name in row:
            f.do(f"{name} = phi {f.vector} [ zeroinitializer, %entry ], [ {name}.next, %depths ]")
    addresses = [f.element(f.vector, "%pb", (column, 1)) for column in range(vectors)]
    b = [f.load(address) for address in addresses[:-1]]
    b.append(f.load_lanes(addresses[-1], mask) if mask else f.load(addresses[-1]))
    if panel:
        for column, value in enumerate(b):
            f.store(value, f.element(f.vector, "%pp", (column, 1)))
        # Rows of B lie too far apart for the processor to guess what comes next: while a panel is read, the next one is
        # fetched into the second-level cache. A row may end in one line more.
        width = f.blocking.columns * f.size
        for byte in (*range(0, width, 64), width - f.size):
            address = f.element("i8", "%pb", (width, 1), (byte, 1))
            f.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 2, i32 1)")
        f.do(f"%pp.next = getelementptr {f.vector}, ptr %pp, i64 {vectors}")
    for row, names in enumerate(sums):
        address = f.element("i8", "%pa", (distances[row - 1], 1)) if row else "%pa"
        a = f.splat(f.load(address, f.scalar))
        for column, name in enumerate(names):
            f.multiply_add(a, b[column], name, result=f"{name}.next")
    f.do("%left.next = add nsw i64 %left, -1")
    f.do(f"%pa.next = getelementptr i8, ptr %pa, i64 {step_a}")
    f.do(f"%pb.next = getelementptr i8, ptr %pb, i64 {step_b}")
    f.branch(f.compare("ne", "%left.next", 0), "depths", "store", LOOP)
    f.start("store")
    return [[f"{name}.next" for name in row] for row in sums]


def _store_pieces(
    f: VectorWriter, values: Sequence[str], addresses: Sequence[str], count: Operand, keep: str | None = None
) -> None:
    """Store `count` lanes of each value as the powers of two it is the sum of, all rows between two branches.

    With `keep`, add what is there where it is set.
    """
    before = f.block
    width = f.lanes
    while width:
        number = f.number()
        f.branch(f.compare("ne", f.value(f"and i64 {count}, {width}"), 0), f"piece{number}", f"rest{number}")
        f.start(f"piece{number}")
        for value, address in zip(values, addresses, strict=True):
            if width == 1:
                piece = f.extract_first(value)
            else:
                piece = value if width == f.lanes else f.shuffle(value, "poison", range(width))
            if keep:
                f.accumulate(piece, address, keep, width)
            else:
                f.store(piece, address, f.scalar if width == 1 else f"<{width} x {f.scalar}>")
        moved: list[str] = []
        moved_addresses: list[str] = []
        if 1 < width < f.lanes:
            moved = [f.shuffle(value, "poison", [*range(width, f.lanes), *[0] * width]) for value in values]
            moved_addresses = [f.at(address, (width, 1)) for address in addresses]
        f.jump(f"rest{number}")
        f.start(f"rest{number}")
        if moved:
            values = _merge(f, f.vector, before, values, f"piece{number}", moved)
            addresses = _merge(f, "ptr", before, addresses, f"piece{number}", moved_addresses)
        before = f.block
        width //= 2


def _merge(
    f: VectorWriter, kind: str, left: str, left_values: Sequence[str], right: str, right_values: Sequence[str]
) -> list[str]:
    """Return the values that arrive from one of two blocks."""
    return [
        f.value(f"phi {kind} [ {one}, %{left} ], [ {other}, %{right} ]")
        for one, other in zip(left_values, right_values, strict=True)
    ]

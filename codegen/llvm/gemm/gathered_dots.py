"""Contractions between any axes by dot products: where terms of the sums lie in contiguous runs in both operands.

Nothing is packed. Vectors run along the last axis of the sum; tables say where each vector is in either operand, and
where the rows, the columns and their results are.
"""

from __future__ import annotations

from codegen.llvm.gemm.axes import LEFT, OUTPUT, RIGHT, WORDS, word
from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.call import KERNEL, Group, Operands, leave_if_empty, read_operands, turns
from codegen.llvm.gemm.function_writer import LOOP, Operand
from codegen.llvm.gemm.gathered_tiles import MOST_COLUMNS, MOST_ROWS, fill
from codegen.llvm.gemm.tiled import share
from codegen.llvm.gemm.vector_writer import VectorWriter

MOST_VECTORS = 128
"""Vectors of a sum that are added up before the result is written: all rows of a tile stay in the first-level cache."""

TALL, BROAD = 4, 3
"""Rows and columns of the largest tile. Twelve sums, three vectors of B and one of A fill sixteen registers."""

GATHERED_DOTS = (
    ("i64", "vectors"),
    ("i64", "lanes"),
    ("ptr noalias readonly", "a"),
    ("ptr noalias readonly", "a_rows"),
    ("ptr noalias readonly", "a_vectors"),
    ("ptr noalias readonly", "b"),
    ("ptr noalias readonly", "b_columns"),
    ("ptr noalias readonly", "b_vectors"),
    ("ptr noalias", "c"),
    ("ptr noalias readonly", "c_rows"),
    ("ptr noalias readonly", "c_columns"),
    ("i1", "accumulate"),
)
"""The parameters of a tile: so many vectors (one at least), of each the first lanes."""


def write_gathered_dots(blocking: Blocking) -> str:
    """Return the kernel `product.dots` and its tiles."""
    tiles = [
        _write_tile(blocking, rows, columns, masked)
        for rows in (TALL, 1)
        for columns in (BROAD, 1)
        for masked in (False, True)
    ]
    return "".join([*tiles, _write_loops(blocking)])


def _tile_name(blocking: Blocking, rows: int, columns: int, masked: bool) -> str:
    return blocking.name(f"gathered.dots.{rows}x{columns}{'.part' if masked else ''}")


def _write_tile(blocking: Blocking, rows: int, columns: int, masked: bool) -> str:
    """Return the tile of rows x columns dot products over whole vectors, or over the first lanes of each."""
    f = VectorWriter(blocking, _tile_name(blocking, rows, columns, masked), GATHERED_DOTS)
    a_rows = [word(f, "%a_rows", (row, 1)) for row in range(rows)]
    b_columns = [word(f, "%b_columns", (column, 1)) for column in range(columns)]
    masks = blocking.masks != "none"
    mask = f.lane_mask("%lanes") if masked and masks else ""
    sums = [f"%sum{index}" for index in range(rows * columns)]
    f.jump("vector")
    f.start("vector")
    f.do("%index = phi i64 [ 0, %entry ], [ %index.next, %round ]")
    for name in sums:
        f.do(f"{name} = phi {f.vector} [ zeroinitializer, %entry ], [ {name}.next, %round ]")
    a_start, b_start = (
        f.element("i8", f"%{matrix}", (word(f, f"%{matrix}_vectors", ("%index", 1)), 1)) for matrix in "ab"
    )

    def load(start: str, distance: Operand) -> str:
        address = f.element("i8", start, (distance, 1))
        if not masked:
            return f.load(address)
        return f.load_lanes(address, mask) if masks else _first_lanes(f, address)

    right = [load(b_start, distance) for distance in b_columns]
    products: list[tuple[str, str]] = []
    for distance in a_rows:
        left = load(a_start, distance)
        products += [(left, column) for column in right]
        if not masked:
            # At once, so that one register after another can hold a row.
            _add_products(f, products, sums, len(products) - columns)
    if masked:
        _add_products(f, products, sums, 0)
    f.do("%index.next = add nsw i64 %index, 1")
    more = f.compare("slt", "%index.next", "%vectors")
    f.jump("round")
    f.start("round")
    f.branch(more, "vector", "done", LOOP)
    f.start("done")
    keep = f.keep_mask("%accumulate")
    for row in range(rows):
        start = f.element("i8", "%c", (word(f, "%c_rows", (row, 1)), 1))
        for column in range(columns):
            address = f.element("i8", start, (word(f, "%c_columns", (column, 1)), 1))
            f.accumulate(f.total(f"{sums[row * columns + column]}.next"), address, keep, 1)
    return f.text()


def _add_products(f: VectorWriter, products: list[tuple[str, str]], sums: list[str], first: int) -> None:
    for index in range(first, len(products)):
        f.multiply_add(*products[index], sums[index], result=f"{sums[index]}.next")


def _first_lanes(f: VectorWriter, address: str) -> str:
    """Return the first `%lanes` lanes of memory and zeros, where the target has no masked loads."""
    copy = f.reserve(f.vector)
    f.store("zeroinitializer", copy)
    with f.loop(0, "%lanes") as lane:
        f.copy(f.at(address, (lane, 1)), f.at(copy, (lane, 1)))
    return f.load(copy)


def _write_loops(blocking: Blocking) -> str:
    """Return the kernel: first all whole vectors of the last axis of the sum, then the lanes at its end."""
    f = VectorWriter(blocking, blocking.name("product.dots"), KERNEL)
    operands = read_operands(f)
    leave_if_empty(f, operands)
    summed = operands.summed
    last = f.element("i64", summed.axes, (f.subtract(summed.count, 1), WORDS))
    size = word(f, last)
    whole = f.quotient(size, f.lanes)
    rest = f.subtract(size, f.multiply(whole, f.lanes))
    others = f.quotient(summed.total, size)
    # The axes of the sum with one step a vector.
    axes = f.value(f"alloca i64, i64 {f.multiply(summed.count, WORDS)}")
    with f.loop(0, f.multiply(summed.count, WORDS)) as index:
        f.store(word(f, summed.axes, (index, 1)), f.element("i64", axes, (index, 1)), "i64")
    vector_axis = f.element("i64", axes, (f.subtract(summed.count, 1), WORDS))
    f.store(str(whole), vector_axis, "i64")
    for matrix in (LEFT, RIGHT):
        f.store(str(f.lanes * f.size), f.element("i64", vector_axis, (matrix, 1)), "i64")
    total = f.multiply(whole, others)
    with f.when(f.compare("ne", whole, 0)):
        _write_pass(f, operands, Group(summed.count, axes, str(total)), 0, f.lanes, operands.adds)
    f.store("1", vector_axis, "i64")
    behind = f.multiply(f.multiply(whole, f.lanes), f.size)
    with f.when(f.compare("ne", rest, 0)):
        later = f.any(operands.adds, f.compare("ne", whole, 0))
        _write_pass(f, operands, Group(summed.count, axes, str(others)), behind, rest, later)
    return f.text()


def _write_pass(
    f: VectorWriter, operands: Operands, vectors: Group, behind: Operand, lanes: Operand, accumulate: str
) -> None:
    """Add up so many lanes of all vectors, `behind` bytes after where the axes say."""
    blocking, masked = f.blocking, lanes != f.lanes
    rows, columns = operands.rows, operands.columns
    lengths = (MOST_ROWS, MOST_ROWS, MOST_COLUMNS, MOST_COLUMNS, MOST_VECTORS, MOST_VECTORS)
    a_rows, c_rows, b_columns, c_columns, a_vectors, b_vectors = (f.reserve(f"[{n} x i64]") for n in lengths)
    row_limit, column_limit = share(f, rows.total, MOST_ROWS, TALL), share(f, columns.total, MOST_COLUMNS // 3 * 3, 3)
    vector_limit = share(f, vectors.total, MOST_VECTORS, 1)
    with f.loop(0, rows.total, row_limit) as row, f.loop(0, columns.total, column_limit) as column:
        row_count = f.minimum(row_limit, f.subtract(rows.total, row))
        column_count = f.minimum(column_limit, f.subtract(columns.total, column))
        fill(f, a_rows, rows, row, row_count, LEFT)
        fill(f, c_rows, rows, row, row_count, OUTPUT)
        fill(f, b_columns, columns, column, column_count, RIGHT)
        fill(f, c_columns, columns, column, column_count, OUTPUT)
        with f.loop(0, vectors.total, vector_limit) as vector:
            count = f.minimum(vector_limit, f.subtract(vectors.total, vector))
            fill(f, a_vectors, vectors, vector, count, LEFT)
            fill(f, b_vectors, vectors, vector, count, RIGHT)
            adds = f.any(accumulate, f.compare("ne", vector, 0))
            with turns(f, operands) as (a, b, c):
                left, right = (f.element("i8", matrix, (behind, 1)) for matrix in (a, b))

                def tile(height: int, width: int, at_row: Operand, at_column: Operand) -> None:
                    def tables(row_table: str, column_table: str) -> list[str]:
                        return [
                            f.element("i64", row_table, (at_row, 1)),
                            f.element("i64", column_table, (at_column, 1)),
                        ]

                    a_row, b_column = tables(a_rows, b_columns)
                    c_row, c_column = tables(c_rows, c_columns)
                    f.call(
                        _tile_name(blocking, height, width, masked),
                        GATHERED_DOTS,
                        *(count, lanes),
                        *(left, a_row, a_vectors, right, b_column, b_vectors),
                        *(c, c_row, c_column, adds),
                    )

                def across(height: int, at_row: Operand) -> None:
                    broad = f.multiply(f.quotient(column_count, BROAD), BROAD)
                    with f.loop(0, broad, BROAD) as at_column:
                        tile(height, BROAD, at_row, at_column)
                    with f.loop(broad, column_count) as at_column:
                        tile(height, 1, at_row, at_column)

                tall = f.round_down(row_count, TALL)
                with f.loop(0, tall, TALL) as at_row:
                    across(TALL, at_row)
                with f.loop(tall, row_count) as at_row:
                    across(1, at_row)

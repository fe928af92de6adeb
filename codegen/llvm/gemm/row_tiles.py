"""How rows are dealt out to register tiles."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from codegen.llvm.gemm.function_writer import LOOP, Operand
from codegen.llvm.gemm.vector_writer import VectorWriter


@contextmanager
def row_tiles(f: VectorWriter, rows: Operand) -> Generator[tuple[str, Operand]]:
    """Run the body for each tile of rows; give its first row and its height.

    Tiles have the full height, but the last two share what is left: 8 rows are 4 + 4, not 6 + 2, because a low tile
    has too few independent sums to hide the latency of a multiply-add.
    """
    full = f.blocking.rows
    number = f.number()
    row, before = f"%row{number}", f.block
    f.jump(f"tiles{number}")
    f.start(f"tiles{number}")
    f.do(f"{row} = phi i64 [ 0, %{before} ], [ {row}.next, %done{number} ]")
    left = f.subtract(rows, row)
    f.branch(f.compare("sgt", left, 0), f"tile{number}", f"rest{number}")
    f.start(f"tile{number}")
    half = f.value(f"lshr i64 {f.add(left, 1)}, 1")
    low = f.select(f.compare("sgt", left, full), half, left)
    height = f.select(f.compare("sge", left, 2 * full), full, low)
    yield row, height
    f.jump(f"done{number}")
    f.start(f"done{number}")
    f.do(f"{row}.next = add nsw i64 {row}, {height}")
    f.jump(f"tiles{number}", LOOP)
    f.start(f"rest{number}")

"""The other ways into the matrix product: a batch of products, and one thread's part of a product."""

from __future__ import annotations

from collections.abc import Mapping

from codegen.llvm.gemm.blocking import Blocking
from codegen.llvm.gemm.driver import GEMM, gemm_name
from codegen.llvm.gemm.function_writer import Operand
from codegen.llvm.gemm.vector_writer import VectorWriter

BATCHED = (("i64", "batch"), ("i64", "a_batch"), ("i64", "b_batch"), ("i64", "c_batch"), *GEMM)
"""The parameters of `sg.gemm_batched.<dtype>`: the distances of the matrices of a batch, in elements, come first."""

PART = (("i64", "part"), ("i64", "parts"), *GEMM)
"""The parameters of `sg.gemm_part.<dtype>`: 0 <= part < parts."""


def write_batched(blocking: Blocking) -> str:
    """Return the product of `batch` pairs of matrices, one after another."""
    f = VectorWriter(blocking, f"sg.gemm_batched.{blocking.dtype}", BATCHED, linkage="")
    with f.loop(0, "%batch") as index:
        moved = {name: f.at(f"%{name}", (index, f"%{name}_batch")) for name in ("a", "b", "c")}
        f.call(gemm_name(blocking.dtype), GEMM, *_operands(moved))
    return f.text()


def write_part(blocking: Blocking) -> str:
    """Return the product of one part of C: whole tiles of columns if there are many, else of the longer side.

    The parts of a product are disjoint and cover it. They may run at once, each with a workspace of its own. Parts of
    the columns are preferred: each packs its own share of B.
    """
    f = VectorWriter(blocking, f"sg.gemm_part.{blocking.dtype}", PART, linkage="")
    many_columns = f.compare("sge", "%n", f.multiply("%parts", 4 * blocking.columns))
    by_columns = f.any(many_columns, f.compare("sge", "%n", "%m"))

    def split(extent: str, unit: int) -> tuple[Operand, Operand]:
        units = f.quotient(f.add(extent, unit - 1), unit)
        share = f.quotient(f.subtract(f.add(units, "%parts"), 1), "%parts")
        start = f.multiply(f.multiply(share, unit), "%part")
        return start, f.minimum(f.multiply(share, unit), f.subtract(extent, start))

    column, columns = split("%n", blocking.columns)
    row, rows = split("%m", blocking.rows)
    row, rows = f.select(by_columns, 0, row), f.select(by_columns, "%m", rows)
    column, columns = f.select(by_columns, column, 0), f.select(by_columns, columns, "%n")
    part = {
        "m": rows,
        "n": columns,
        "a": f.at("%a", (row, "%a_row")),
        "b": f.at("%b", (column, "%b_column")),
        "c": f.at("%c", (row, "%c_row"), (column, "%c_column")),
    }
    f.call(gemm_name(blocking.dtype), GEMM, *_operands(part))
    return f.text()


def _operands(replaced: Mapping[str, Operand]) -> list[Operand]:
    """Return the operands of the matrix product: the parameters of the same names, some of them replaced."""
    return [replaced.get(name, f"%{name}") for _, name in GEMM]

"""Modules of kernels that call LAPACK, and what a call of one is given."""

from __future__ import annotations

from functools import cache, partial

from codegen.kernels.lapack import MatrixCall
from codegen.llvm.gemm.function_writer import LOOP_METADATA
from codegen.llvm.lapack.kernels import (
    write_cholesky,
    write_inverse,
    write_pivots,
    write_solve,
    write_triangular_solve,
)
from codegen.llvm.lapack.routines import declarations
from codegen.llvm.lapack.writer import SCALARS, KernelWriter, write_copy
from symgrad.shapes import Size

_KERNELS = {
    "cholesky": (1, write_cholesky),
    "inverse": (1, write_inverse),
    "pivots": (1, write_pivots),
    "solve": (2, write_solve),
    "solve.lower": (2, partial(write_triangular_solve, lower=True, transposed=False)),
    "solve.lower.transposed": (2, partial(write_triangular_solve, lower=True, transposed=True)),
    "solve.upper": (2, partial(write_triangular_solve, lower=False, transposed=False)),
    "solve.upper.transposed": (2, partial(write_triangular_solve, lower=False, transposed=True)),
}
"""The number of operands of each kernel, and what writes it."""


@cache
def lapack_module(kernel: str, dtype: str) -> str:
    """Return the LLVM IR of a kernel with the driver's form of call.

    It returns 0, or the number (from 1) of the first matrix of the batch that is not what it should be.
    """
    operands, write = _KERNELS[kernel]
    symbol = _symbol(kernel, dtype)
    f = KernelWriter(f"{symbol}.batch", dtype, operands)
    write(f)
    entry = f"""\
define i32 @{symbol}(ptr %buffers, ptr %sizes) nounwind {{
  %status = alloca i32
  store i32 0, ptr %status
  call void @{symbol}.batch(ptr %buffers, ptr %sizes, ptr %status)
  %result = load i32, ptr %status
  ret i32 %result
}}
"""
    return "\n".join([declarations(dtype), write_copy(dtype), f.text(), entry, LOOP_METADATA])


def call_symbol(call: MatrixCall) -> str:
    """Return the name of the kernel of a call."""
    return _symbol(call.kernel, call.dtype)


def call_sizes(call: MatrixCall) -> list[Size]:
    """Return the sizes that a kernel gets (see `KERNEL`); they may be expressions of run-time sizes."""
    sizes = [call.batch, call.order, call.columns]
    for view in call.operands:
        sizes += [view.offset, view.batch, view.row, view.column]
    return sizes


def scratch_bytes(call: MatrixCall) -> Size:
    """Return how many bytes of workspace a kernel needs: for a copy of a matrix, and for its pivots."""
    _, width = SCALARS[call.dtype]
    return call.order * call.order * width + call.order * 4


def _symbol(kernel: str, dtype: str) -> str:
    return f"sg.{kernel}.{dtype}"

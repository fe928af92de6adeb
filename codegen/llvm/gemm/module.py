"""The module of matrix products of one dtype."""

from __future__ import annotations

from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.gemm.blocks import write_block, write_streamed, write_tiles
from codegen.llvm.gemm.dots import write_dots
from codegen.llvm.gemm.driver import write_gemm
from codegen.llvm.gemm.packing import write_pack_left, write_pack_right
from codegen.llvm.gemm.scattered import write_scattered
from codegen.llvm.gemm.single_row import write_single_row
from codegen.llvm.gemm.tiled import write_tiled
from codegen.llvm.gemm.vector_writer import declarations
from codegen.llvm.jit import AS_WRITTEN
from codegen.llvm.target import Target


def gemm_module(dtype: str, target: Target) -> str:
    """Return the LLVM IR of the matrix products of a dtype, "float32" or "float64", on a target.

    The module defines

        void @sg.gemm.<dtype>(i64 m, i64 n, i64 k, ptr a, i64 a_row, i64 a_column, ptr b, i64 b_row, i64 b_column,
                              ptr c, i64 c_row, i64 c_column, i32 accumulate, ptr workspace)

    C (m x n) is, or gets added, the product of A (m x k) and B (k x n). Strides are in elements and may be anything
    for A and B; elements of C share memory neither with each other nor with A, B and the workspace. The workspace has
    `workspace_bytes` bytes, is aligned to 64 of them, and belongs to one call at a time. Nothing outside of the
    operands is read or written. m <= 0 or n <= 0 does nothing; k <= 0 is an empty sum.

    Sums are added up in an order that depends on shapes and strides only; every product is in them, so NaN and infinity
    come out as they do from a plain sum. The instructions stand as the processor should execute them: the passes of
    LLVM's optimiser take several times as long as the emission of object code and gain nothing.
    """
    sizes = blocking(dtype, target)
    writers = (
        declarations,
        write_tiles,
        write_block,
        write_streamed,
        write_pack_left,
        write_pack_right,
        write_single_row,
        write_tiled,
        write_dots,
        write_scattered,
        write_gemm,
    )
    return AS_WRITTEN + "\n".join(write(sizes) for write in writers)


def workspace_bytes(dtype: str, target: Target) -> int:
    """Return how many bytes of workspace the matrix products of a dtype need on a target.

    >>> from codegen.llvm.target import host
    >>> workspace_bytes("float32", host()) % 64
    0
    """
    return blocking(dtype, target).workspace_bytes

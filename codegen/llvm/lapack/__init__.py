"""Kernels that call LAPACK and BLAS, for batches of matrices in row-major order.

LAPACK reads by columns, so that it sees the transpose of every matrix; each kernel says what that makes of its task.
`routines` knows what is called and where it is in this process, `writer` writes what kernels have in common, `kernels`
the kernels, and `module` makes modules of them.
"""

from codegen.llvm.lapack.module import call_sizes, call_symbol, lapack_module, scratch_bytes
from codegen.llvm.lapack.routines import addresses

__all__ = ["addresses", "call_sizes", "call_symbol", "lapack_module", "scratch_bytes"]

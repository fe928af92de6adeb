"""The matrix product as LLVM IR, written for the vector registers and caches of a target.

    C[i, j] = sum over k of A[i, k] B[k, j]        (accumulate = 0)
    C[i, j] += sum over k of A[i, k] B[k, j]       (accumulate != 0)

The folder, from the outside in: `entries` (batches, parts for threads), `driver` (which algorithm), `tiled`, `dots`,
`single_row` and `scattered` (the algorithms), `packing`, `blocks` and `row_tiles` (their parts), `micro_kernel` and
`dot_tile` (the innermost loops); `blocking` knows the sizes, `vector_writer` and `function_writer` write the text.
"""

from codegen.llvm.gemm.module import gemm_module, workspace_bytes

__all__ = ["gemm_module", "workspace_bytes"]

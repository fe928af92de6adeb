"""The matrix product as LLVM IR, written for the vector registers and caches of a target.

    C[i, j] = sum over k of A[i, k] B[k, j]        (accumulate = 0)
    C[i, j] += sum over k of A[i, k] B[k, j]       (accumulate != 0)

The folder, from the outside in: `product` (contractions in the form of `call`: plain products, and any axes by
`gathered_tiles` or `gathered_dots`, which `axes` and `gathered_panels` serve), `driver` (which algorithm multiplies two
matrices), `tiled`, `dots`, `single_row` and `scattered` (the algorithms), `packing`, `blocks` and `row_tiles` (their
parts), `micro_kernel`, `gathered_tile` and `dot_tile` (the innermost loops); `blocking` knows the sizes,
`vector_writer` and `function_writer` write the text.
"""

from codegen.llvm.gemm.module import gemm_module, workspace_bytes

__all__ = ["gemm_module", "workspace_bytes"]

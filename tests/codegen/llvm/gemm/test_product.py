"""Contractions in the driver's form of call, against NumPy."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import symgrad as sg
from codegen.kernels.contraction import matrix_product
from codegen.llvm.gemm import gemm_module
from codegen.llvm.gemm.product import emit_product, product_sizes, product_symbol
from codegen.llvm.jit import compile_object, link
from codegen.llvm.target import host
from tests.codegen.llvm.gemm.compiled import aligned, products


@pytest.mark.parametrize("subscripts", ["aij,ajk->aik", "iaj,jb->iab", "ij,ij->j", "aib,bka->ik"])
def test_loops_around_a_product(subscripts: str) -> None:
    sizes = {"a": 3, "b": 4, "i": 5, "j": 6, "k": 7}
    left, right = subscripts.split("->")[0].split(",")
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal([sizes[label] for label in labels]) for labels in (left, right))
    node = sg.einsum(subscripts, sg.variable("a", a.shape), sg.variable("b", b.shape))
    symbol = product_symbol("float64")
    library = link([compile_object(gemm_module("float64", host()) + emit_product("float64"))], [symbol])
    c, workspace = np.full(node.shape, np.nan), aligned(products("float64").blocking.workspace_bytes, "uint8")
    words = np.array(product_sizes(matrix_product(node)), np.int64)
    buffers = (ctypes.c_void_p * 4)(*(array.ctypes.data for array in (a, b, c, workspace)))
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(library.address(symbol))
    assert function(ctypes.addressof(buffers), words.ctypes.data) == 0
    np.testing.assert_allclose(c, np.einsum(subscripts, a, b), rtol=1e-12)

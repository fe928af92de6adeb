"""Contractions of NumPy views in memory, by the kernels in the driver's form of call."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from codegen.kernels.contraction import Axis, MatrixProduct, ProductKernel, arranged
from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.gemm.product import product_module, product_sizes, product_symbol
from codegen.llvm.jit import Library, compile_object, link
from codegen.program.views import View
from tests.codegen.llvm.gemm.compiled import VARIANTS, aligned, element_strides, pointer

Array = np.ndarray[Any, Any]

_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)


@cache
def library(dtype: str, kernel: ProductKernel, variant: str = "host") -> Library:
    """Return a kernel, compiled once a process."""
    module = product_module(dtype, kernel, VARIANTS[variant])
    return link([compile_object(module)], [product_symbol(dtype, kernel)])


def planned(subscripts: str, a: Array, b: Array, c: Array) -> MatrixProduct:
    """Return the contraction of two arrays of any strides into a third."""
    operands, output = subscripts.split("->")
    left, right = operands.split(",")
    sizes = dict(zip(left, a.shape, strict=True)) | dict(zip(right, b.shape, strict=True))
    strides: list[dict[str, int]] = [
        dict(zip(labels, element_strides(array), strict=True)) for labels, array in ((left, a), (right, b), (output, c))
    ]
    axes = {label: Axis(size, *(stride.get(label, 0) for stride in strides)) for label, size in sizes.items()}
    views: list[Any] = [View(array, 0, ()) for array in (a, b)]  # pyright: ignore[reportArgumentType]
    result: Any = c
    return arranged(str(c.dtype), *views, result, (left, right, output), axes)


def run(product: MatrixProduct, words: list[int] | None = None, variant: str = "host") -> None:
    """Run a contraction of arrays, with its own words or others."""
    arrays: list[Any] = [product.left.base, product.right.base, product.output]
    sizes = blocking(product.dtype, VARIANTS[variant])
    guarded = aligned(sizes.workspace_bytes + 128, "uint8")
    guarded[:] = 0xA5
    buffers = (ctypes.c_void_p * 4)(*map(pointer, [*arrays, guarded[64:]]))
    given: list[Any] = list(product_sizes(product)) if words is None else list(words)
    memory = np.array(given, np.int64)
    symbol = product_symbol(product.dtype, product.kernel)
    function = _FUNCTION(library(product.dtype, product.kernel, variant).address(symbol))
    assert function(ctypes.addressof(buffers), memory.ctypes.data) == 0
    assert np.all(guarded[:64] == 0xA5)
    assert np.all(guarded[-64:] == 0xA5)


def assert_contraction(found: Array, subscripts: str, a: Array, b: Array, terms: int, where: object = "") -> None:
    """Compare with einsum in float64: a sum may err by its length in roundings of its terms."""
    wide = [x.astype(np.float64) for x in (a, b)]
    bound = np.finfo(found.dtype).eps * (terms + 2) * np.einsum(subscripts, *map(np.abs, wide))
    assert np.all(np.abs(found - np.einsum(subscripts, *wide)) <= bound), where

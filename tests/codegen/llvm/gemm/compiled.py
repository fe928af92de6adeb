"""Functions of the matrix product in memory, internal ones too, called with arrays; and the views they are tried on."""

from __future__ import annotations

import ctypes
import dataclasses
import re
from collections.abc import Iterable
from functools import cache

import numpy as np

from codegen.llvm.gemm import gemm_module
from codegen.llvm.gemm.blocking import Blocking, blocking
from codegen.llvm.gemm.driver import GEMM
from codegen.llvm.gemm.function_writer import Signature
from codegen.llvm.jit import Library, compile_object, link
from codegen.llvm.target import Target, host

DTYPES = ("float32", "float64")

VARIANTS: dict[str, Target] = {
    "host": host(),
    # All loops over blocks turn more than once for small matrices.
    "small caches": dataclasses.replace(host(), l1_bytes=2048, l2_bytes=8192),
    # What a machine without masks gets, with vectors that every machine has.
    "no masks": dataclasses.replace(host(), features="", vector_bytes=16, l1_bytes=4096, l2_bytes=16384),
    # The tile of a machine with 32 registers, whose width is not a power of two.
    "wide tile": dataclasses.replace(host(), vector_registers=32, l1_bytes=4096, l2_bytes=16384),
}

_TYPES = {"i64": ctypes.c_int64, "i32": ctypes.c_int32, "i1": ctypes.c_bool, "ptr": ctypes.c_void_p}


class Functions:
    """The functions of one module of LLVM IR, exported or not."""

    def __init__(self, ir_text: str) -> None:
        exported = ir_text.replace("define internal", "define")
        names = re.findall(r"^define void @([\w.]+)\(", exported, re.MULTILINE)
        self._library: Library = link([compile_object(exported)], names)

    def call(self, name: str, signature: Signature, *operands: object) -> None:
        """Call a function with ints, bools, and arrays for pointers."""
        types = [_TYPES[kind.split()[0]] for kind, _ in signature]
        function = ctypes.CFUNCTYPE(None, *types)(self._library.address(name))
        function(*(pointer(operand) if isinstance(operand, np.ndarray) else operand for operand in operands))


@cache
def products(dtype: str, variant: str = "host") -> Products:
    """Return the matrix products of a dtype, compiled once a process."""
    return Products(dtype, VARIANTS[variant])


class Products(Functions):
    """The matrix products of one dtype, with a workspace that notices when its ends are overstepped."""

    def __init__(self, dtype: str, target: Target) -> None:
        super().__init__(gemm_module(dtype, target))
        self.dtype = np.dtype(dtype)
        self.blocking: Blocking = blocking(dtype, target)
        self._guarded = aligned(self.blocking.workspace_bytes + 128, "uint8")
        self._guarded[:] = 0xA5
        self.workspace = self._guarded[64:-64]

    def gemm(self, a: np.ndarray, b: np.ndarray, c: np.ndarray, accumulate: bool = False) -> None:
        """Compute c = a @ b, or c += a @ b."""
        self.call(f"sg.gemm.{self.dtype}", GEMM, *self._operands(a, b, c, accumulate))
        self.check_workspace()

    def check_workspace(self) -> None:
        """Fail if something was written around the workspace."""
        assert np.all(self._guarded[:64] == 0xA5)
        assert np.all(self._guarded[-64:] == 0xA5)

    def _operands(self, a: np.ndarray, b: np.ndarray, c: np.ndarray, accumulate: bool) -> list[object]:
        (m, k), n = a.shape, b.shape[1]
        assert b.shape == (k, n)
        assert c.shape == (m, n)
        assert {array.dtype for array in (a, b, c)} == {self.dtype}
        operands: list[object] = [m, n, k]
        for array in (a, b, c):
            operands += [array, *element_strides(array)]
        return [*operands, int(accumulate), self.workspace]


def pointer(array: np.ndarray) -> int:
    """Return the address of the first element, of an empty array too."""
    return array.__array_interface__["data"][0]


def element_strides(array: np.ndarray) -> tuple[int, ...]:
    """Return the strides in elements."""
    return tuple(stride // array.itemsize for stride in array.strides)


def aligned(count: int, dtype: str) -> np.ndarray:
    """Return an array that begins at a multiple of 64 bytes."""
    size = np.dtype(dtype).itemsize
    array = np.zeros(count + 64 // size, dtype)
    start = -array.ctypes.data % 64 // size
    return array[start : start + count]


LAYOUTS = ("rows", "columns", "spread", "backwards", "spread columns")


class Framed:
    """A matrix inside a larger array whose other elements must not change.

    `layout` says how: contiguous rows, contiguous columns, every second row and column, rows and columns backwards, or
    the transpose of every second row and column.
    """

    def __init__(self, layout: str, rows: int, columns: int, dtype: np.dtype) -> None:
        transposed = layout in ("columns", "spread columns")
        height, width = (columns, rows) if transposed else (rows, columns)
        step = 2 if layout.startswith("spread") else 1
        frame = np.full((step * height + 3, step * width + 5), np.nan, dtype)
        view = frame[1 : 1 + step * height : step, 2 : 2 + step * width : step]
        if layout == "backwards":
            view = view[::-1, ::-1]
        self.view: np.ndarray = view.T if transposed else view
        self._frame = frame

    def fill(self, values: np.ndarray) -> np.ndarray:
        """Set the matrix; return it."""
        self.view[...] = values
        return self.view

    def untouched(self) -> bool:
        """Say whether everything around the matrix is as it was; forgets the matrix."""
        self.view[...] = np.nan
        return bool(np.isnan(self._frame).all())


def assert_product(
    found: np.ndarray, a: np.ndarray, b: np.ndarray, added: np.ndarray | float = 0.0, where: object = ""
) -> None:
    """Compare with a @ b + added in float64: each sum may err by its length in roundings of its terms."""
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    expected = wide_a @ wide_b + added
    terms = np.abs(wide_a) @ np.abs(wide_b) + np.abs(added)
    bound = np.finfo(found.dtype).eps * (a.shape[1] + 2) * terms
    assert np.all(np.abs(found - expected) <= bound), where


def shapes(sizes: Iterable[int], most: int) -> list[tuple[int, int, int]]:
    """Return all (m, k, n) of the given sizes with at most so many products."""
    sizes = tuple(sizes)
    return [(m, k, n) for m in sizes for k in sizes for n in sizes if m * k * n <= most]

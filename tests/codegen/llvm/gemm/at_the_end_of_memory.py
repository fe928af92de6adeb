"""Multiplies matrices that lie against memory nobody may touch; a program, because to fail is to crash."""

from __future__ import annotations

import ctypes
import mmap
import sys
from dataclasses import replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.codegen.llvm.gemm.compiled import assert_product, products, shapes
from tests.codegen.llvm.gemm.contracted import assert_contraction, planned, run

SIZES = (1, 2, 3, 5, 8, 10, 13, 17, 30, 49, 66)


class Fenced:
    """A buffer of so many bytes between two protected pages, and arrays at either end of it."""

    def __init__(self, size: int) -> None:
        page = mmap.PAGESIZE
        pages = -(-size // page)
        self._memory = mmap.mmap(-1, (pages + 2) * page)
        self._bytes = np.frombuffer(self._memory, np.uint8)
        library = ctypes.CDLL(None, use_errno=True)
        library.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for offset in (0, (pages + 1) * page):
            if library.mprotect(self._bytes.ctypes.data + offset, page, 0):
                raise OSError(ctypes.get_errno(), "mprotect")
        self._inside = self._bytes[page : (pages + 1) * page]

    def matrix(self, rows: int, columns: int, dtype: str, at_end: bool, by_columns: bool) -> np.ndarray:
        """Return a contiguous matrix at one end of the buffer, by rows or by columns."""
        size = rows * columns * np.dtype(dtype).itemsize
        part = self._inside[len(self._inside) - size :] if at_end else self._inside[:size]
        shape = (columns, rows) if by_columns else (rows, columns)
        matrix = part.view(dtype).reshape(shape)
        return matrix.T if by_columns else matrix

    def array(self, shape: tuple[int, ...], dtype: str, at_end: bool) -> np.ndarray:
        """Return an array at one end of the buffer."""
        return self.matrix(1, int(np.prod(shape)), dtype, at_end, by_columns=False).reshape(shape)


def convolve(fenced: list[Fenced], dtype: str, variant: str) -> None:
    """Compute products of windows, whose first and last entries are those of the arrays, at both ends."""
    rng = np.random.default_rng(8)
    for images, channels, size, filters, width in (
        (2, 1, 8, 5, 3),
        (1, 3, 11, 7, 2),
        (2, 2, 9, 13, 1),
        (1, 2, 19, 1, 3),
    ):
        left = size - width + 1
        for at_end in (False, True):
            x, w = (
                buffer.array(shape, dtype, at_end)
                for buffer, shape in zip(
                    fenced, ((images, channels, size, size), (filters, channels, width, width)), strict=False
                )
            )
            x[...], w[...] = rng.standard_normal(x.shape), rng.standard_normal(w.shape)
            windows = sliding_window_view(x, (width, width), axis=(2, 3))
            y = fenced[2].array((images, filters, left, left), dtype, at_end)
            contract("ncyxij,ocij->noyx", windows, w, y, variant)
            contract("noyx,ncyxij->ocij", y, windows, w, variant)


def contract(subscripts: str, a: np.ndarray, b: np.ndarray, c: np.ndarray, variant: str) -> None:
    """Contract by every kernel that can."""
    product = planned(subscripts, a, b, c)
    terms = int(np.prod([axis.size for axis in product.summed]))
    for kernel in ("tiles", "dots") if product.kernel == "dots" else ("tiles",):
        c[...] = np.nan
        run(replace(product, kernel=kernel), variant=variant)
        assert_contraction(c, subscripts, a, b, terms, (subscripts, a.shape, kernel))


def main(dtype: str, variant: str) -> None:
    """Multiply all shapes in all layouts at both ends."""
    product = products(dtype, variant)
    rng = np.random.default_rng(7)
    fenced = [Fenced(8 * max(SIZES) ** 2) for _ in range(3)]
    for m, k, n in shapes(SIZES, 60_000):
        left, right, target, at_end = rng.random(4) < 0.5
        a, b, c = (
            buffer.matrix(rows, columns, dtype, at_end, by_columns)
            for buffer, rows, columns, by_columns in zip(
                fenced, (m, k, m), (k, n, n), (left, right, target), strict=True
            )
        )
        a[...], b[...], c[...] = rng.standard_normal((m, k)), rng.standard_normal((k, n)), np.nan
        product.gemm(a, b, c)
        assert_product(c, a, b, where=(m, k, n, left, right, target, at_end))
    convolve(fenced, dtype, variant)
    sys.stdout.write("survived\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

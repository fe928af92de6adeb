"""Blocks: tiles over rows and columns, with B packed, in place, or packed on the way."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.blocks import BLOCK, STREAMED
from codegen.llvm.gemm.packing import PACK_LEFT, PACK_RIGHT
from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS, Framed, Products, aligned, assert_product, products

DEPTH = 9


def block_shapes(product: Products) -> list[tuple[int, int]]:
    """Return rows and columns that leave every kind of rest."""
    height, width = product.blocking.rows, product.blocking.columns
    return [
        (rows, columns)
        for rows in (1, height - 1, height, height + 1, 2 * height + 1)
        for columns in (1, width - 1, width, width + 1, 3 * width)
    ]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_packed_blocks(dtype: str, variant: str) -> None:
    product = products(dtype, variant)
    sizes = product.blocking
    rng = np.random.default_rng(1)
    for rows, columns in block_shapes(product):
        a = np.asfortranarray(rng.standard_normal((rows, DEPTH)).astype(dtype))
        b = rng.standard_normal((DEPTH, columns)).astype(dtype)
        panels = aligned(DEPTH * (columns + sizes.columns), dtype)
        product.call(sizes.name("pack_right"), PACK_RIGHT, DEPTH, columns, b, columns, 1, panels)
        packed_a = aligned(rows * DEPTH, dtype)
        product.call(sizes.name("pack_left"), PACK_LEFT, rows, DEPTH, a, rows, packed_a)
        for left in ((a, 1, 1, rows, False), (packed_a, DEPTH, 1, rows, True)):
            result = Framed("rows", rows, columns, product.dtype)
            c = result.fill(np.ones((rows, columns)))
            right = (panels, sizes.columns, DEPTH, c, c.strides[0] // c.itemsize, True)
            product.call(sizes.name("block"), BLOCK, rows, columns, DEPTH, *left, *right)
            assert_product(c, a, b, 1.0, (rows, columns, left[-1]))
            assert result.untouched()


@pytest.mark.parametrize("dtype", DTYPES)
def test_streamed_blocks(dtype: str) -> None:
    product = products(dtype)
    sizes = product.blocking
    rng = np.random.default_rng(2)
    panel = aligned(DEPTH * sizes.columns, dtype)
    for rows, columns in block_shapes(product):
        if rows <= sizes.rows:
            continue
        a = rng.standard_normal((rows, DEPTH)).astype(dtype)
        b = Framed("rows", DEPTH, columns, product.dtype).fill(rng.standard_normal((DEPTH, columns)))
        result = Framed("rows", rows, columns, product.dtype)
        c = result.fill(np.full((rows, columns), np.nan))
        left = (a, DEPTH, DEPTH, 1, False)
        right = (b, b.strides[0] // b.itemsize, 1, c, c.strides[0] // c.itemsize, False, panel)
        product.call(sizes.name("streamed"), STREAMED, rows, columns, DEPTH, *left, *right)
        assert_product(c, a, b, where=(rows, columns))
        assert result.untouched()

"""Packed blocks: every element in its place."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.packing import PACK_LEFT, PACK_RIGHT
from tests.codegen.llvm.gemm.compiled import DTYPES, LAYOUTS, VARIANTS, Framed, aligned, element_strides, products


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_panels_of_b(dtype: str, variant: str, layout: str) -> None:
    product = products(dtype, variant)
    width = product.blocking.columns
    rng = np.random.default_rng(1)
    for depth in (1, 2, product.blocking.lanes, 19):
        for columns in (1, width - 1, width, 2 * width, 2 * width + 3):
            b = Framed(layout, depth, columns, product.dtype).fill(rng.standard_normal((depth, columns)))
            panels = -(-columns // width)
            packed = aligned(panels * depth * width + 1, dtype)
            packed[:] = np.nan
            product.call(
                product.blocking.name("pack_right"), PACK_RIGHT, depth, columns, b, *element_strides(b), packed
            )
            padded = np.zeros((depth, panels * width), dtype)
            padded[:, :columns] = b
            expected = padded.reshape(depth, panels, width).transpose(1, 0, 2)
            np.testing.assert_array_equal(packed[:-1].reshape(expected.shape), expected)
            assert np.isnan(packed[-1])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_tiles_of_a(dtype: str, variant: str) -> None:
    product = products(dtype, variant)
    full = product.blocking.rows
    rng = np.random.default_rng(2)
    for rows, heights in ((1, [1]), (full, [full]), (full + 2, [full // 2 + 1] * 2), (3 * full, [full] * 3)):
        for depth in (1, 7):
            a = Framed("columns", rows, depth, product.dtype).fill(rng.standard_normal((rows, depth)))
            packed = aligned(rows * depth + 1, dtype)
            packed[:] = np.nan
            a_column = element_strides(a)[1]
            product.call(product.blocking.name("pack_left"), PACK_LEFT, rows, depth, a, a_column, packed)
            tiles = np.split(np.asarray(a), np.cumsum(heights)[:-1])
            expected = np.concatenate([tile.T.ravel() for tile in tiles])
            np.testing.assert_array_equal(packed[:-1], expected)
            assert np.isnan(packed[-1])

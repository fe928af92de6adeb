"""Tiles of dot products, of every length around a round of their loop."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.dot_tile import BROAD, DOT_TILE, TALL, dot_name
from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS, Framed, assert_product, element_strides, products


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tile(dtype: str, variant: str) -> None:
    product = products(dtype, variant)
    rng = np.random.default_rng(1)
    for rows, columns in ((TALL, BROAD), (TALL, 1), (1, 1)):
        for depth in (*range(1, 20), 64, 131):
            a = Framed("rows", rows, depth, product.dtype).fill(rng.standard_normal((rows, depth)))
            b = Framed("columns", depth, columns, product.dtype).fill(rng.standard_normal((depth, columns)))
            for accumulate in (False, True):
                result = Framed("spread", rows, columns, product.dtype)
                c = result.fill(np.full((rows, columns), 3.0 if accumulate else np.nan))
                left, right = (a, np.arange(rows) * a.strides[0]), (b, np.arange(columns) * b.strides[1])
                name = dot_name(product.blocking, rows, columns)
                product.call(name, DOT_TILE, depth, *left, *right, c, *element_strides(c), accumulate)
                assert_product(c, a, b, 3.0 * accumulate, (rows, columns, depth, accumulate))
                assert result.untouched()

"""Products into a C of any strides, of one collected block and of several."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.dots import DOTS
from codegen.llvm.gemm.scattered import SCATTER
from tests.codegen.llvm.gemm.compiled import DTYPES, LAYOUTS, Framed, assert_product, element_strides, products


@pytest.mark.parametrize("layout", ["columns", "spread", "backwards"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_scattered(dtype: str, layout: str) -> None:
    product = products(dtype)
    rng = np.random.default_rng(1)
    for m, k, n in ((1, 5, 3), (10, 20, 3000), (300, 7, 200)):
        a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
        for accumulate in (False, True):
            result = Framed(layout, m, n, product.dtype)
            c = result.fill(np.full((m, n), 3.0 if accumulate else np.nan))
            c_row, c_column = element_strides(c)
            operands = (m, n, k, a, k, 1, b, n, 1, c, c_row, accumulate, product.workspace, c_column)
            product.call(product.blocking.name("scattered"), DOTS, *operands)
            product.check_workspace()
            assert_product(c, a, b, 3.0 * accumulate, (m, k, n))
            assert result.untouched()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("variant", ["host", "no masks"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_scatter(dtype: str, variant: str, layout: str) -> None:
    product = products(dtype, variant)
    for rows in (1, 2, 7, 8, 10, 17):
        for columns in (1, 4, 9, 16, 35):
            block = np.arange(1, rows * columns + 1, dtype=dtype).reshape(rows, columns)
            for accumulate in (False, True):
                result = Framed(layout, rows, columns, product.dtype)
                c = result.fill(np.full((rows, columns), 0.5 if accumulate else np.nan))
                operands = (rows, columns, block, c, *element_strides(c), accumulate)
                product.call(product.blocking.name("scatter"), SCATTER, *operands)
                np.testing.assert_array_equal(c, block + 0.5 * accumulate)
                assert result.untouched()

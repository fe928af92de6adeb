"""Products by dot products: all numbers of columns, slices of the depth, columns of B in place or copied."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.dots import DOTS, MOST_COLUMNS
from tests.codegen.llvm.gemm.compiled import DTYPES, LAYOUTS, Framed, assert_product, element_strides, products


@pytest.mark.parametrize("variant", ["host", "small caches"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dots(dtype: str, variant: str) -> None:
    product = products(dtype, variant)
    rng = np.random.default_rng(1)
    for n in range(1, MOST_COLUMNS + 1):
        for m, k in ((1, 9), (6, 40), (9, 333)):
            a = Framed("rows", m, k, product.dtype).fill(rng.standard_normal((m, k)))
            for layout in LAYOUTS:
                b = Framed(layout, k, n, product.dtype).fill(rng.standard_normal((k, n)))
                for accumulate in (False, True):
                    result = Framed("columns", m, n, product.dtype)
                    c = result.fill(np.full((m, n), 3.0 if accumulate else np.nan))
                    c_row, c_column = element_strides(c)
                    matrices = (a, *element_strides(a), b, *element_strides(b), c, c_row)
                    operands = (m, n, k, *matrices, accumulate, product.workspace, c_column)
                    product.call(product.blocking.name("dots"), DOTS, *operands)
                    product.check_workspace()
                    assert_product(c, a, b, 3.0 * accumulate, (m, k, n, layout))
                    assert result.untouched()

"""A single row times a matrix."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.single_row import SINGLE_ROW, STREAMS
from tests.codegen.llvm.gemm.compiled import DTYPES, Framed, assert_product, element_strides, products


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("variant", ["host", "no masks"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_combinations_of_rows(dtype: str, variant: str, accumulate: bool) -> None:
    product = products(dtype, variant)
    rng = np.random.default_rng(1)
    for k in (1, STREAMS - 1, STREAMS, 2 * STREAMS + 3):
        for n in (1, 7, 8, 9, 40, 67):
            for layout in ("rows", "spread", "backwards"):
                a = Framed(layout, 1, k, product.dtype).fill(rng.standard_normal((1, k)))
                b = Framed("rows", k, n, product.dtype).fill(rng.standard_normal((k, n)))
                result = Framed("rows", 1, n, product.dtype)
                c = result.fill(np.full((1, n), 3.0 if accumulate else np.nan))
                rows = np.arange(STREAMS) * b.strides[0]
                operands = (n, k, a, element_strides(a)[1], b, element_strides(b)[0], rows, c, accumulate)
                product.call(product.blocking.name("single_row"), SINGLE_ROW, *operands)
                assert_product(c, a, b, 3.0 * accumulate, (k, n, layout))
                assert result.untouched()

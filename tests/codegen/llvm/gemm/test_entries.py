"""Batches of products, and products computed part by part."""

from __future__ import annotations

import numpy as np
import pytest

from tests.codegen.llvm.gemm.compiled import DTYPES, Framed, assert_product, products

SPLIT = ((1, 9, 400), (400, 9, 1), (64, 30, 100), (256, 20, 10), (3, 5, 7), (50, 0, 40))


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_batches(dtype: str, accumulate: bool) -> None:
    product = products(dtype)
    rng = np.random.default_rng(1)
    for batch, m, k, n in ((0, 3, 4, 5), (1, 3, 4, 5), (5, 16, 20, 17), (3, 70, 9, 2)):
        a = rng.standard_normal((batch, m, k)).astype(dtype)
        b = rng.standard_normal((batch, k, n)).astype(dtype)
        shared = np.broadcast_to(rng.standard_normal((k, n)).astype(dtype), (batch, k, n))
        for left, right in ((a, b), (a[::-1], b), (a, shared), (a.transpose(0, 2, 1).copy().transpose(0, 2, 1), b)):
            before = rng.standard_normal((batch, m, n)).astype(dtype)
            c = before.copy()
            product.gemm_batched(left, right, c, accumulate)
            for index in range(batch):
                added = before[index].astype(np.float64) if accumulate else 0.0
                assert_product(c[index], left[index], right[index], added, (index, m, k, n))


@pytest.mark.parametrize(
    "shape", [(1, 9, 400), (400, 9, 1), (64, 30, 100), (256, 20, 10), (3, 5, 7), (50, 0, 40)], ids=str
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_parts_are_disjoint_and_cover_the_product(dtype: str, shape: tuple[int, int, int]) -> None:
    product = products(dtype)
    rng = np.random.default_rng(2)
    m, k, n = shape
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    for parts in (1, 2, 3, 8):
        total = np.zeros((m, n), dtype)
        written = np.zeros((m, n), int)
        for part in range(parts):
            result = Framed("rows", m, n, product.dtype)
            c = result.fill(np.full((m, n), np.nan))
            product.gemm_part(part, parts, a, b, c)
            mine = ~np.isnan(c)
            written += mine
            total[mine] = c[mine]
            assert result.untouched()
        np.testing.assert_array_equal(written, 1)
        assert_product(total, a, b, where=parts)


def test_large_products_are_shared_out_evenly() -> None:
    product = products("float32")
    for m, n in ((64, 256), (2000, 10), (10, 2000)):
        a, b = np.ones((m, 3), np.float32), np.ones((3, n), np.float32)
        for part in range(4):
            c = np.zeros((m, n), np.float32)
            product.gemm_part(part, 4, a, b, c)
            assert 0.2 * m * n <= np.count_nonzero(c) <= 0.3 * m * n

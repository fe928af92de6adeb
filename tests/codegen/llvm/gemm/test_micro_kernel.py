"""Register tiles, one by one: sums, edges, accumulation, strides of A, packing."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.micro_kernel import PACKING_TILE, TILE, packing_tile_name, tile_name
from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS, Framed, Products, aligned, assert_product, products

DEPTH = 5


def distances(product: Products, rows: int, a_row: int) -> np.ndarray:
    """Return what `a_rows` points to."""
    return np.arange(rows) * a_row * product.dtype.itemsize


def tiles(product: Products) -> list[tuple[int, int, int, bool]]:
    """Return (rows, vectors, columns, edge) of every tile with every number of columns."""
    sizes = product.blocking
    edges = [
        (rows, vectors, columns, True)
        for rows in range(1, sizes.rows + 1)
        for vectors in range(1, sizes.vectors + 1)
        for columns in range((vectors - 1) * sizes.lanes + 1, vectors * sizes.lanes + 1)
    ]
    return [(sizes.rows, sizes.vectors, sizes.columns, False), *edges]


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tile(dtype: str, variant: str, accumulate: bool) -> None:
    product = products(dtype, variant)
    rng = np.random.default_rng(1)
    for rows, vectors, columns, edge in tiles(product):
        a = rng.standard_normal((rows, DEPTH)).astype(dtype)
        # Without masks, B is read to the full width; with masks, what lies beyond the edge must not matter.
        b = np.full((DEPTH, product.blocking.columns), np.nan, dtype)
        b[:, :columns] = rng.standard_normal((DEPTH, columns))
        before = rng.standard_normal((rows, columns)) if accumulate else np.full((rows, columns), np.nan)
        result = Framed("rows", rows, columns, product.dtype)
        c = result.fill(before)
        before = c.astype(np.float64) if accumulate else 0.0
        left = (a, distances(product, rows, DEPTH), 1)
        right = (b, b.shape[1], c, c.strides[0] // c.itemsize, accumulate, columns)
        name = tile_name(product.blocking, rows, vectors, edge)
        product.call(name, TILE, DEPTH, *left, *right)
        assert_product(c, a, b[:, :columns], before, (rows, vectors, columns, edge))
        assert result.untouched(), (rows, vectors, columns, edge)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_has_any_strides(dtype: str) -> None:
    product = products(dtype)
    sizes = product.blocking
    rng = np.random.default_rng(2)
    b = rng.standard_normal((DEPTH, sizes.columns)).astype(dtype)
    for layout in ("rows", "columns", "spread", "backwards"):
        a = Framed(layout, sizes.rows, DEPTH, product.dtype).fill(rng.standard_normal((sizes.rows, DEPTH)))
        a_row, a_column = (stride // a.itemsize for stride in a.strides)
        c = np.zeros((sizes.rows, sizes.columns), dtype)
        left = (a, distances(product, sizes.rows, a_row), a_column)
        name = tile_name(sizes, sizes.rows, sizes.vectors, False)
        product.call(name, TILE, DEPTH, *left, b, sizes.columns, c, sizes.columns, False, sizes.columns)
        assert_product(c, a, b, where=layout)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_packing_tile_copies_b(dtype: str, variant: str) -> None:
    product = products(dtype, variant)
    sizes = product.blocking
    rng = np.random.default_rng(3)
    a = rng.standard_normal((sizes.rows, DEPTH)).astype(dtype)
    wide_b = rng.standard_normal((DEPTH, sizes.columns + 3)).astype(dtype)
    b, c = wide_b[:, 1:-2], np.full((sizes.rows, sizes.columns), np.nan, dtype)
    panel = aligned(DEPTH * sizes.columns, dtype)
    left = (a, distances(product, sizes.rows, DEPTH), 1)
    right = (b, wide_b.shape[1], c, sizes.columns, False, sizes.columns, panel)
    product.call(packing_tile_name(sizes), PACKING_TILE, DEPTH, *left, *right)
    assert_product(c, a, b)
    np.testing.assert_array_equal(panel.reshape(b.shape), b)

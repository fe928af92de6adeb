"""The matrix product against NumPy: shapes, layouts, accumulation, special values, and the memory around."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.codegen.llvm.gemm.compiled import DTYPES, LAYOUTS, VARIANTS, Framed, assert_product, products, shapes

SIZES = (0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 257)
ALGORITHMS = (
    (64, 100, 10),  # register tiles with an edge
    (300, 257, 10),  # dot products with columns of B copied
    (70, 40, 2),
    (300, 33, 5),  # transposed and scattered, if A has contiguous columns
    (5, 33, 300),
    (1, 100, 70),  # a single row
    (70, 100, 1),
    (1, 70, 1),
    (40, 1, 90),  # an outer product
    (16, 2, 16),
    (120, 130, 140),
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_many_shapes_in_random_layouts(dtype: str, variant: str) -> None:
    product = products(dtype, variant)
    rng = np.random.default_rng(2)
    most = 1_000_000 if variant == "host" else 50_000
    for m, k, n in shapes(SIZES, most):
        layouts = rng.choice(LAYOUTS, size=3)
        accumulate = bool(rng.random() < 0.5)
        a = Framed(layouts[0], m, k, product.dtype).fill(rng.standard_normal((m, k)))
        b = Framed(layouts[1], k, n, product.dtype).fill(rng.standard_normal((k, n)))
        result = Framed(layouts[2], m, n, product.dtype)
        # What is not accumulated starts as NaN, which must vanish.
        before = rng.standard_normal((m, n)).astype(dtype) if accumulate else np.full((m, n), np.nan, dtype)
        product.gemm(a, b, result.fill(before), accumulate)
        case = (m, k, n, *layouts, accumulate)
        assert_product(result.view, a, b, before.astype(np.float64) if accumulate else 0.0, case)
        assert result.untouched(), case


@pytest.mark.parametrize("shape", ALGORITHMS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_layout_of_every_operand(dtype: str, shape: tuple[int, int, int]) -> None:
    product = products(dtype)
    rng = np.random.default_rng(3)
    m, k, n = shape
    for left in LAYOUTS:
        for right in LAYOUTS:
            for target in LAYOUTS:
                a = Framed(left, m, k, product.dtype).fill(rng.standard_normal((m, k)))
                b = Framed(right, k, n, product.dtype).fill(rng.standard_normal((k, n)))
                result = Framed(target, m, n, product.dtype)
                product.gemm(a, b, result.fill(np.full((m, n), np.nan)))
                assert_product(result.view, a, b, where=(left, right, target))
                assert result.untouched(), (left, right, target)


@pytest.mark.parametrize("dtype", DTYPES)
def test_strides_of_zero(dtype: str) -> None:
    product = products(dtype)
    rng = np.random.default_rng(4)
    for m, k, n in ALGORITHMS:
        full_a, full_b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
        lefts = [full_a, np.broadcast_to(full_a[:1], (m, k)), np.broadcast_to(full_a[:, :1], (m, k))]
        rights = [full_b, np.broadcast_to(full_b[:1], (k, n)), np.broadcast_to(full_b[0, 0], (k, n))]
        for a in lefts:
            for b in rights:
                c = np.full((m, n), np.nan, dtype)
                product.gemm(a, b, c)
                assert_product(c, a, b, where=(m, k, n, a.strides, b.strides))


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_operand_may_be_both(dtype: str) -> None:
    product = products(dtype)
    x = np.random.default_rng(5).standard_normal((70, 90)).astype(dtype)
    c = np.empty((70, 70), dtype)
    product.gemm(x, x.T, c)
    assert_product(c, x, x.T)


@pytest.mark.parametrize("shape", ALGORITHMS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_special_value_reaches_its_row_and_column_only(dtype: str, shape: tuple[int, int, int]) -> None:
    product = products(dtype)
    rng = np.random.default_rng(6)
    m, k, n = shape
    for special in (np.nan, np.inf, -np.inf):
        for swap in (False, True):
            a, b = rng.uniform(1, 2, (m, k)).astype(dtype), rng.uniform(1, 2, (k, n)).astype(dtype)
            row, depth, column = m // 2, k // 2, n // 2
            (b if swap else a)[(depth, column) if swap else (row, depth)] = special
            c = np.zeros((m, n), dtype)
            product.gemm(a, b, c)
            hit = np.zeros((m, n), bool)
            hit[:, column] = swap
            hit[row] |= not swap
            np.testing.assert_array_equal(c[hit], special)
            assert np.isfinite(c[~hit]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinity_times_zero_is_nan(dtype: str) -> None:
    product = products(dtype)
    for m, k, n in ALGORITHMS:
        a, b, c = np.zeros((m, k), dtype), np.full((k, n), np.inf, dtype), np.zeros((m, n), dtype)
        product.gemm(a, b, c)
        assert np.isnan(c).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_sum_is_zero_or_adds_nothing(dtype: str) -> None:
    product = products(dtype)
    for layout in LAYOUTS:
        a, b = np.empty((5, 0), dtype), np.empty((0, 7), dtype)
        result = Framed(layout, 5, 7, product.dtype)
        product.gemm(a, b, result.fill(np.full((5, 7), 3.0)), accumulate=True)
        np.testing.assert_array_equal(result.view, 3.0)
        product.gemm(a, b, result.fill(np.full((5, 7), np.nan)))
        np.testing.assert_array_equal(result.view, 0.0)
        assert result.untouched()


@pytest.mark.skipif(sys.platform == "win32", reason="pages are protected by mprotect")
@pytest.mark.parametrize("variant", ["host", "no masks"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_outside_of_the_operands_is_read(dtype: str, variant: str) -> None:
    """A process whose operands end, or begin, where memory does survives."""
    command = [sys.executable, "-m", "tests.codegen.llvm.gemm.at_the_end_of_memory", dtype, variant]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["survived"]

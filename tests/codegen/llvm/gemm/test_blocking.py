"""Sizes of tiles and blocks: what registers and caches hold."""

from __future__ import annotations

import dataclasses

import pytest

from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.target import Target, host
from tests.codegen.llvm.gemm.compiled import DTYPES

AVX2 = Target("x86_64-unknown-linux-gnu", "znver3", "+avx,+avx2,+fma,-avx512f", 32, 16, 32768, 524288)
AVX512 = dataclasses.replace(AVX2, features="+avx,+avx2,+fma,+avx512f", vector_bytes=64, vector_registers=32)
NEON = dataclasses.replace(AVX2, features="+neon", vector_bytes=16, vector_registers=32)
TARGETS = (host(), AVX2, AVX512, NEON, dataclasses.replace(AVX2, l1_bytes=512, l2_bytes=1024))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tile_fits_into_the_registers(dtype: str, target: Target) -> None:
    sizes = blocking(dtype, target)
    # The sums, a row of B, and one element of A.
    assert sizes.rows * sizes.vectors + sizes.vectors + 1 <= target.vector_registers
    assert sizes.rows * sizes.vectors >= 8


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_parts_of_the_workspace_have_room(dtype: str, target: Target) -> None:
    sizes = blocking(dtype, target)
    assert sizes.left_offset >= sizes.right_block + sizes.depth * sizes.columns
    assert sizes.result_offset - sizes.left_offset >= sizes.left_block + sizes.depth * sizes.rows
    for offset in (sizes.left_offset, sizes.result_offset):
        assert offset * sizes.size % 64 == 0
    # A collected block of C is at least as wide as a tile when it is 128 rows high.
    assert sizes.result_block // 128 >= sizes.columns


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_resident_panel_leaves_room_in_the_first_level_cache(dtype: str, target: Target) -> None:
    sizes = blocking(dtype, target)
    assert 8 <= sizes.resident_depth <= sizes.depth
    assert sizes.resident_depth == 8 or sizes.resident_depth * sizes.columns * sizes.size <= 3 * target.l1_bytes // 4


def test_masks_follow_the_features() -> None:
    assert [blocking("float32", target).masks for target in (AVX2, AVX512, NEON)] == ["loads", "all", "none"]


def test_known_tiles() -> None:
    tiles = [(sizes.rows, sizes.columns, sizes.depth) for sizes in (blocking(dtype, AVX2) for dtype in DTYPES)]
    assert tiles == [(6, 16, 1024), (6, 8, 1024)]
    assert (blocking("float32", AVX512).rows, blocking("float32", AVX512).columns) == (8, 48)

"""Contractions in the driver's form of call, against einsum: any axes, parts, special values, and registers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from codegen.kernels.contraction import ProductKernel
from codegen.llvm.gemm.product import output_axes, product_module, product_sizes
from codegen.llvm.target import Target, target_machine
from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS
from tests.codegen.llvm.gemm.contracted import Array, assert_contraction, planned, run


def convolution(
    batch: int, channels: int, size: int, results: int, width: int, step: int, dtype: str
) -> list[tuple[str, Array, Array]]:
    """Return the three products of a convolution: forward, its gradient by the kernel, and by the input."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((batch, channels, size, size)).astype(dtype)
    w = rng.standard_normal((results, channels, width, width)).astype(dtype)
    windows = sliding_window_view(x, (width, width), axis=(2, 3))[:, :, ::step, ::step]
    g = rng.standard_normal((batch, results, *windows.shape[2:4])).astype(dtype)
    inner = step * (windows.shape[2] - 1) + 1
    padded = np.zeros((batch, results, *[inner + 2 * (width - 1)] * 2), dtype)
    inside = slice(width - 1, width - 1 + inner, step)
    padded[:, :, inside, inside] = g
    around = sliding_window_view(padded, (width, width), axis=(2, 3))
    return [
        ("ncyxij,ocij->noyx", windows, w),
        ("noyx,ncyxij->ocij", g, windows),
        ("noyxij,ocij->ncyx", around, w[:, :, ::-1, ::-1]),
    ]


def contract(subscripts: str, a: Array, b: Array, variant: str = "host", **changes: Any) -> Array:
    """Contract two arrays, and compare."""
    a, b = np.asarray(a), np.asarray(b)
    output = subscripts.split("->")[1]
    sizes = dict(zip(subscripts.replace(",", ""), (*a.shape, *b.shape), strict=False))
    c = np.full([sizes[label] for label in output], np.nan, a.dtype)
    run(replace(planned(subscripts, a, b, c), **changes), variant=variant)
    terms = int(np.prod([size for label, size in sizes.items() if label not in output]))
    assert_contraction(c, subscripts, a, b, terms, (subscripts, a.shape, b.shape, variant))
    return c


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_convolutions(dtype: str, variant: str) -> None:
    for case in (
        (3, 2, 12, 5, 5, 1),
        (2, 1, 28, 16, 5, 1),
        (3, 4, 11, 3, 3, 1),
        (2, 3, 11, 7, 3, 2),
        (4, 6, 5, 7, 1, 1),
    ):
        for subscripts, a, b in convolution(*case, dtype):
            contract(subscripts, a, b, variant)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kernel", ["tiles", "dots"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_kernels_for_any_axes(dtype: str, kernel: str, variant: str) -> None:
    rng = np.random.default_rng(6)
    for a_size, b_size, i, j, k in ((2, 3, 4, 5, 6), (3, 2, 13, 17, 11), (1, 1, 1, 1, 1), (2, 2, 5, 40, 90)):
        left, right = (rng.standard_normal((a_size, n, b_size, k)).astype(dtype) for n in (i, j))
        contract("aibk,ajbk->aij", left, right, variant, kernel=kernel)
        contract("aibk,ajbk->ij", left, right, variant, kernel=kernel)
        contract("aibk,cjdk->bciadj", left, right, variant, kernel=kernel)


def test_a_depthwise_convolution() -> None:
    rng = np.random.default_rng(7)
    x, w = rng.standard_normal((2, 3, 9, 20)), rng.standard_normal((3, 3, 3))
    contract("ncyxij,cij->ncyx", sliding_window_view(x, (3, 3), axis=(2, 3)), w)


def test_more_rows_columns_and_terms_than_tables_have_room_for() -> None:
    rng = np.random.default_rng(8)
    tall, wide = rng.standard_normal((30, 20, 3, 2)), rng.standard_normal((50, 2, 3, 41))
    # Slices, so that the pairs of axes are not one in memory.
    contract("abkl,cldk->abcd", tall[:, ::2].repeat(2, 1), wide.transpose(0, 1, 3, 2)[..., ::-1].copy()[..., ::-1])
    long = rng.standard_normal((3, 700, 9))[:, :, 1:]
    for kernel in ("tiles", "dots"):
        contract("ipq,jpq->ij", long, long, kernel=kernel)
        contract(
            "pqi,pqj->ij", np.moveaxis(long, 0, 2), np.moveaxis(long, 0, 2), kernel=kernel
        ) if kernel == "tiles" else None


def test_sums_of_nothing_and_results_of_nothing() -> None:
    for shape in ((0, 3, 2), (2, 0, 3), (2, 3, 0)):
        a, b = np.ones((4, *shape)), np.ones((5, *shape))
        for subscripts in ("iabc,jabc->ij", "iabc,jabc->aij", "iabc,jabc->cjib"):
            for kernel in ("tiles", "dots"):
                contract(subscripts, a, b, kernel=kernel)
            contract(subscripts, a, b)


@pytest.mark.parametrize("kernel", ["tiles", "dots"])
def test_every_term_is_in_the_sum(kernel: str) -> None:
    a, b = np.ones((7, 5, 3, 9))[:, :, :2], np.ones((10, 5, 3, 9))[:, :, :2]
    for place in ((0, 0, 0), (4, 1, 8), (2, 0, 7)):
        b[(3, *place)] = 0
        a[(6, *place)] = np.nan
        c = np.full((7, 10), 3.0)
        run(replace(planned("ipqr,jpqr->ij", a, b, c), kernel=kernel))
        assert np.isnan(c[6]).all()
        assert np.isfinite(c[:6]).all()
        a[(6, *place)] = 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_parts_along_every_axis_of_the_result(dtype: str) -> None:
    rng = np.random.default_rng(9)
    plain = (
        "aik,akj->aij",
        rng.standard_normal((5, 13, 7)).astype(dtype),
        rng.standard_normal((5, 7, 18)).astype(dtype),
    )
    for subscripts, a, b in (plain, *convolution(4, 3, 12, 9, 3, 1, dtype)):
        sizes = dict(zip(subscripts.replace(",", ""), (*a.shape, *b.shape), strict=False))
        whole, parts = (np.full([sizes[x] for x in subscripts.split("->")[1]], np.nan, dtype) for _ in range(2))
        product = planned(subscripts, a, b, whole)
        run(product)
        axes = output_axes(product)
        assert np.prod([int(axis.size) for axis in axes]) == whole.size
        for axis in axes:
            parts[...] = np.nan
            for start in range(0, int(axis.size), 3):
                words: list[Any] = list(product_sizes(product))
                words[axis.word] = min(3, int(axis.size) - start)
                for matrix, distance in enumerate(axis.distances):
                    words[matrix] += start * distance
                run(replace(product, output=parts), words)  # pyright: ignore[reportArgumentType]
            np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_added_to_what_is_there(dtype: str) -> None:
    rng = np.random.default_rng(9)
    plain = (
        "aik,akj->aij",
        rng.standard_normal((5, 13, 70)).astype(dtype),
        rng.standard_normal((5, 70, 18)).astype(dtype),
    )
    for subscripts, a, b in (plain, *convolution(4, 3, 12, 9, 3, 1, dtype)):
        sizes = dict(zip(subscripts.replace(",", ""), (*a.shape, *b.shape), strict=False))
        alone = np.full([sizes[x] for x in subscripts.split("->")[1]], np.nan, dtype)
        total = rng.standard_normal(alone.shape).astype(dtype)
        before = total.copy()
        run(planned(subscripts, a, b, alone))
        run(replace(planned(subscripts, a, b, total), adds=True))
        np.testing.assert_allclose(total, before + alone, rtol=1e-4, atol=1e-4)


@given(st.data())
@settings(max_examples=60)
def test_random_contractions_of_random_views(data: st.DataObject) -> None:
    labels = "abcdef"
    left, right = (data.draw(st.lists(st.sampled_from(labels), unique=True, max_size=4)) for _ in range(2))
    kept = data.draw(st.permutations(sorted(set(left) | set(right))))
    kept = [x for x in kept if x not in left or x not in right or data.draw(st.booleans())]
    sizes = {label: data.draw(st.sampled_from([1, 2, 3, 9, 17])) for label in labels}
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))

    def view(own: list[str]) -> Array:
        steps = [data.draw(st.sampled_from([1, 2])) for _ in own]
        array = rng.standard_normal([sizes[x] * step for x, step in zip(own, steps, strict=True)]).astype("float32")
        array = array[tuple(slice(None, None, step) for step in steps)]
        return np.asarray(array[tuple(slice(None, None, data.draw(st.sampled_from([1, -1]))) for _ in own)])

    subscripts = f"{''.join(left)},{''.join(right)}->{''.join(kept)}"
    contract(subscripts, view(left), view(right))


# innermost loops on other machines ------------------------------------------------------------------------------------

_AVX2 = "+avx,+avx2,+fma"
_AVX512 = f"{_AVX2},+avx512f,+avx512vl,+avx512bw,+avx512dq"
MACHINES = {
    "AVX-512": Target("x86_64-unknown-linux-gnu", "skylake-avx512", _AVX512, 64, 32, 32768, 1048576),
    "AVX2": Target("x86_64-unknown-linux-gnu", "znver3", _AVX2, 32, 16, 32768, 524288),
    "NEON": Target("aarch64-unknown-linux-gnu", "neoverse-n1", "+neon", 16, 32, 65536, 1048576),
}
_MULTIPLY_ADD = re.compile(r"\b(vfn?madd\w+|fmla)\b")
_STACK = re.compile(r"\((?:%rsp|%rbp)\).*[xyz]mm|[xyz]mm.*\((?:%rsp|%rbp)\)|\bq\d+.*\[sp")
_JUMP = re.compile(r"\b(?:j\w+|b\.\w+|b|cbnz|cbz)\s+(?:\w+, )?(\.LBB\w+)")


def innermost_loops(assembly: str) -> list[str]:
    """Return the blocks that jump back to their own beginning, up to that jump."""
    loops: list[str] = []
    for block in re.split(r"\n(?=\.LBB\w+:)", assembly):
        label = block.split(":")[0]
        jump = next((jump for jump in _JUMP.finditer(block) if jump[1] == label), None)
        if jump:
            loops.append(block[: jump.end()])
    return loops


@pytest.mark.parametrize("kernel", ["plain", "tiles", "dots"])
@pytest.mark.parametrize("machine", MACHINES)
def test_full_tiles_spill_nothing(machine: str, kernel: ProductKernel) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = MACHINES[machine]
    module = llvm.parse_assembly(product_module("float32", kernel, target), llvm.create_context())
    loops = innermost_loops(target_machine(target).emit_assembly(module))
    sums = 12 if kernel == "dots" else 24 if target.vector_registers == 32 else 12
    full = [loop for loop in loops if len(_MULTIPLY_ADD.findall(loop)) == sums]
    assert full
    # Under masks (AVX2 has no registers of their own for them) some masks may wait on the stack.
    plain = [loop for loop in full if "vmaskmov" not in loop]
    assert plain
    assert not any(_STACK.search(line) for loop in plain for line in loop.splitlines())

"""The three loops around register tiles, each on products that need several rounds of all its loops."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.llvm.gemm.tiled import LOOPS, PRODUCT, share
from codegen.llvm.gemm.vector_writer import VectorWriter, declarations
from tests.codegen.llvm.gemm.compiled import (
    DTYPES,
    Framed,
    Functions,
    aligned,
    assert_product,
    element_strides,
    products,
)

SHAPES = ((13, 20, 17), (60, 30, 70), (61, 200, 190), (9, 300, 40))


@pytest.mark.parametrize("loops", ["in_place", "on_the_way", "packed", "packed left"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_loops(dtype: str, loops: str) -> None:
    product = products(dtype, "small caches")
    sizes = product.blocking
    rng = np.random.default_rng(1)
    for m, k, n in SHAPES:
        pack_left = loops == "packed left"
        a = Framed("columns" if pack_left else "rows", m, k, product.dtype).fill(rng.standard_normal((m, k)))
        b = Framed("rows", k, n, product.dtype).fill(rng.standard_normal((k, n)))
        for accumulate in (False, True):
            result = Framed("rows", m, n, product.dtype)
            c = result.fill(np.full((m, n), 2.0 if accumulate else np.nan))
            operands = (m, n, k, a, *element_strides(a), b, *element_strides(b), c, element_strides(c)[0], accumulate)
            if loops == "in_place":
                product.call(sizes.name(loops), PRODUCT, *operands, product.workspace)
            else:
                product.call(sizes.name(loops.split()[0]), LOOPS, *operands, product.workspace, pack_left)
            product.check_workspace()
            assert_product(c, a, b, 2.0 * accumulate, (m, k, n))
            assert result.untouched()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_choice_depends_on_nothing_but_speed(dtype: str) -> None:
    rng = np.random.default_rng(2)
    for variant in ("host", "small caches"):
        product = products(dtype, variant)
        for m, k, n in ((1, 50, 40), (7, 50, 40), (9, 90, 90), (30, 150, 150), (400, 60, 50)):
            b = rng.standard_normal((k, n)).astype(dtype)
            for a in (rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, m)).astype(dtype).T):
                for right in (b, np.asfortranarray(b)):
                    c = np.full((m, n), np.nan, dtype)
                    operands = (m, n, k, a, *element_strides(a), right, *element_strides(right), c, n, False)
                    product.call(product.blocking.name("tiled"), PRODUCT, *operands, product.workspace)
                    product.check_workspace()
                    assert_product(c, a, b, where=(variant, m, k, n))


def test_share() -> None:
    sizes = products("float32").blocking
    signature = (("i64", "total"), ("i64", "limit"), ("ptr", "out"))
    f = VectorWriter(sizes, "main", signature)
    f.store(str(share(f, "%total", "%limit", 8)), "%out", "i64")
    functions = Functions(declarations(sizes) + f.text())
    out = aligned(1, "int64")
    for total in range(1, 100):
        for limit in (8, 20, 64):
            functions.call("main", signature, total, limit, out)
            part = int(out[0])
            assert part % 8 == 0
            assert part < limit + 8
            # As few parts as the limit allows, all but the last equal.
            assert -(-total // part) <= -(-total // limit)

"""Register tiles between any axes: a C whose columns are not contiguous, and panels shared by a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.codegen.llvm.gemm.compiled import DTYPES
from tests.codegen.llvm.gemm.contracted import assert_contraction, planned, run


@pytest.mark.parametrize("dtype", DTYPES)
def test_columns_of_c_may_be_anywhere(dtype: str) -> None:
    rng = np.random.default_rng(1)
    # Twelve columns in a run and then others; the sum is so long that it is added up in slices.
    a, b = rng.standard_normal((9, 14, 130)).astype(dtype), rng.standard_normal((9, 130, 3, 12)).astype(dtype)
    c = np.full((3, 14, 12), np.nan, dtype)
    product = planned("kil,klpj->pij", a, b, c)
    assert [len(axes) for axes in product.groups] == [1, 1, 2, 2]
    run(replace(product, kernel="tiles"))
    assert_contraction(c, "kil,klpj->pij", a, b, 9 * 130)


@pytest.mark.parametrize("dtype", DTYPES)
def test_turns_of_a_batch_that_share_an_operand(dtype: str) -> None:
    rng = np.random.default_rng(2)
    shared, own = rng.standard_normal((5, 6, 33)).astype(dtype), rng.standard_normal((4, 8, 5, 6)).astype(dtype)
    own = own[:, :7, :, ::-1]
    c = np.full((4, 7, 33), np.nan, dtype)
    product = planned("bikl,klj->bij", own, shared[:, ::-1], c)
    batch, rows = product.rows
    run(replace(product, batch=(batch,), rows=(rows,), kernel="tiles"))
    assert_contraction(c, "bikl,klj->bij", own, shared[:, ::-1], 30)

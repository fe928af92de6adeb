"""Dot products between any axes: runs longer, shorter and as long as vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.codegen.llvm.gemm.compiled import DTYPES, VARIANTS
from tests.codegen.llvm.gemm.contracted import assert_contraction, planned, run


@pytest.mark.parametrize("variant", ["host", "no masks"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_runs_of_every_length(dtype: str, variant: str) -> None:
    assert variant in VARIANTS
    rng = np.random.default_rng(1)
    for run_length in (2, 3, 4, 5, 8, 9, 16, 31, 1100):
        rows, columns, turns = 9, 7, 3 if run_length > 1000 else 150
        a, b = (rng.standard_normal((turns, n, run_length + 2)).astype(dtype) for n in (rows, columns))
        a, b = a[..., 1:-1], b[..., 2:]
        c = np.full((columns, rows), np.nan, dtype)
        run(replace(planned("pir,pjr->ji", a, b, c), kernel="dots"), variant=variant)
        assert_contraction(c, "pir,pjr->ji", a, b, turns * run_length, (run_length, dtype))

"""Registers: transposition, masks, sums, and accumulation, for every number of lanes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.gemm.vector_writer import VectorWriter, declarations
from codegen.llvm.target import host
from tests.codegen.llvm.gemm.compiled import Functions

PARAMETERS = (("i64", "count"), ("i1", "flag"), ("ptr", "x"), ("ptr", "y"))
CASES = [(dtype, size) for dtype in ("float32", "float64") for size in (16, 32, 64)]

Run = Callable[..., None]


def written(case: tuple[str, int], body: Callable[[VectorWriter], None]) -> tuple[int, Run]:
    """Return the lanes, and the compiled function of PARAMETERS with the given body."""
    dtype, vector_bytes = case
    sizes = blocking(dtype, dataclasses.replace(host(), vector_bytes=vector_bytes))
    f = VectorWriter(sizes, "main", PARAMETERS)
    body(f)
    functions = Functions(declarations(sizes) + f.text())
    return sizes.lanes, lambda *operands: functions.call("main", PARAMETERS, *operands)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_transpose(case: tuple[str, int]) -> None:
    def body(f: VectorWriter) -> None:
        rows = [f.load(f.at("%x", (row * f.lanes, 1))) for row in range(f.lanes)]
        for row, values in enumerate(f.transpose(rows)):
            f.store(values, f.at("%y", (row * f.lanes, 1)))

    lanes, run = written(case, body)
    x = np.arange(lanes * lanes, dtype=case[0]).reshape(lanes, lanes)
    y = np.zeros_like(x)
    run(0, False, x, y)
    np.testing.assert_array_equal(y, x.T)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_masked_lanes(case: tuple[str, int]) -> None:
    def body(f: VectorWriter) -> None:
        mask = f.lane_mask("%count")
        f.store_lanes(f.load_lanes("%x", mask), "%y", mask)
        f.store(f.load_lanes("%x", mask), f.at("%y", (f.lanes, 1)))

    lanes, run = written(case, body)
    for count in (-3, 0, 1, lanes - 1, lanes, lanes + 5):
        x, y = np.arange(1, lanes + 1, dtype=case[0]), np.full(2 * lanes, -1, case[0])
        run(count, False, x, y)
        kept = np.arange(lanes) < count
        np.testing.assert_array_equal(y, [*np.where(kept, x, -1), *np.where(kept, x, 0)])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sums_and_products(case: tuple[str, int]) -> None:
    def body(f: VectorWriter) -> None:
        x = f.load("%x")
        product = f.multiply_add(x, f.splat("2.0"), f.shuffle(x, x, [0] * f.lanes))
        f.store(f.insert_first(product, f.total(x)), "%y")

    lanes, run = written(case, body)
    x, y = np.arange(1, lanes + 1, dtype=case[0]), np.zeros(lanes, case[0])
    run(0, False, x, y)
    np.testing.assert_array_equal(y, [x.sum(), *(2 * x + 1)[1:]])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_accumulate(case: tuple[str, int]) -> None:
    def body(f: VectorWriter) -> None:
        keep, x = f.keep_mask("%flag"), f.load("%x")
        f.accumulate(x, "%y", keep, f.lanes)
        f.accumulate(f.shuffle(x, x, [0, 1]), f.at("%y", (f.lanes, 1)), keep, 2)
        f.accumulate(f.extract_first(x), f.at("%y", (f.lanes, 1), (2, 1)), keep, 1)
        f.accumulate_lanes(x, f.at("%y", (f.lanes, 1), (3, 1)), keep, f.lane_mask("%count"))

    lanes, run = written(case, body)
    x = np.arange(1, lanes + 1, dtype=case[0])
    added = np.concatenate([x, x[:2], x[:1], x[:1], np.zeros(lanes - 1)])
    y = np.arange(2 * lanes + 3, dtype=case[0])
    run(1, True, x, y)
    np.testing.assert_array_equal(y, np.arange(2 * lanes + 3) + added)
    # What is not kept may be anything.
    y = np.full(2 * lanes + 3, np.nan, case[0])
    run(1, False, x, y)
    np.testing.assert_array_equal(y[: lanes + 4], added[: lanes + 4])
    assert np.isnan(y[lanes + 4 :]).all()

"""Parts of reductions are put together in their order, whatever the kind and the dtype."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

from codegen.kernels.combine import combination
from codegen.kernels.reductions import COMBINE, initial_value
from codegen.kernels.verify import verify
from tests.codegen.kernels.interpreter import interpret


def combined(kind: str, parts: np.ndarray) -> np.ndarray:
    """Return what the kernel makes of parts; the result holds something else before."""
    chunks, entries = parts.shape
    result = np.full(entries, 5, parts.dtype)
    arrays = {"b0": parts.copy(), "b1": result}
    assert interpret(combination(kind, parts.dtype.name), arrays, {"n0": entries, "n1": chunks}) == 0
    np.testing.assert_array_equal(arrays["b0"], parts)
    return result


NUMBERS = [
    (kind, dtype) for kind in ("sum", "prod", "max", "min") for dtype in ("float32", "float64", "int64", "int32")
]


@pytest.mark.parametrize(("kind", "dtype"), [*NUMBERS, ("any", "bool"), ("all", "bool"), ("max", "bool")])
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (64, 1), (2, 0), (5, 3)])
def test_parts_are_taken_in_from_the_first_to_the_last(kind: str, dtype: str, shape: tuple[int, int]) -> None:
    verify(combination(kind, dtype))
    parts = np.random.default_rng(0).uniform(-3, 3, shape).astype(dtype)
    function = getattr(np, COMBINE[kind])
    start = np.full(shape[1], initial_value(kind, dtype), dtype)
    wanted = reduce(function, parts, start)
    np.testing.assert_array_equal(combined(kind, parts), wanted.astype(dtype), strict=True)


def test_the_order_of_additions_is_that_of_the_parts() -> None:
    parts = np.array([[1e16], [1.0], [-1e16], [1.0]])
    assert combined("sum", parts)[0] == ((1e16 + 1.0) - 1e16) + 1.0


def test_not_a_number_stays() -> None:
    for kind in ("sum", "prod", "max", "min"):
        assert np.isnan(combined(kind, np.array([[1.0], [np.nan], [2.0]]))[0])


def test_one_kernel_for_all_sizes() -> None:
    assert combination("sum", "float64") is combination("sum", "float64")
    assert combination("sum", "float64") != combination("sum", "float32")

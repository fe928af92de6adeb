from fractions import Fraction

import numpy as np
import pytest

from codegen.llvm.elementary.double_word import fast_two_sum, two_product, two_sum

DTYPES = ["float32", "float64"]
OPERATIONS = {
    "two_sum": (lambda b, x, y: two_sum(x, y), lambda x, y: x + y),
    "fast_two_sum": (lambda b, x, y: fast_two_sum(x, y), lambda x, y: x + y),
    "two_product": (two_product, lambda x, y: x * y),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_two_numbers_are_the_exact_result(operation, dtype, run_formula):
    formula, exact = OPERATIONS[operation]
    random = np.random.default_rng(0)
    x, y = ((random.normal(size=200) * 2.0 ** random.integers(-20, 20, 200)).astype(dtype) for _ in range(2))
    if operation == "fast_two_sum":
        x, y = np.where(np.abs(x) > np.abs(y), [x, y], [y, x])
    high = run_formula(lambda b, x, y: formula(b, x, y).high, dtype, x, y)
    low = run_formula(lambda b, x, y: formula(b, x, y).low, dtype, x, y)
    assert np.any(low != 0)
    for numbers in zip(x.tolist(), y.tolist(), high.tolist(), low.tolist(), strict=True):
        left, right, *sum_ = map(Fraction, numbers)
        assert sum(sum_) == exact(left, right)

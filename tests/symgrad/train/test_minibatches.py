"""Minibatches: every sample once an epoch, in an order drawn from the generator."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.train import minibatches


def test_every_row_comes_once_and_rows_stay_together():
    x = np.arange(10)
    batches = list(minibatches([x, x * 10], 4, np.random.default_rng(0)))
    assert [len(a) for a, _ in batches] == [4, 4, 2]
    seen = np.concatenate([a for a, _ in batches])
    assert sorted(seen) == list(range(10))
    assert list(seen) != list(range(10))
    assert all((b == a * 10).all() for a, b in batches)


def test_last_smaller_batch_can_be_dropped():
    assert [len(a) for (a,) in minibatches([np.arange(10)], 4, np.random.default_rng(0), drop_last=True)] == [4, 4]


def test_same_seed_same_order():
    first, second = (list(minibatches([np.arange(9)], 3, np.random.default_rng(5))) for _ in range(2))
    assert all((a == b).all() for (a,), (b,) in zip(first, second, strict=True))


def test_unequal_rows_and_bad_sizes_are_refused():
    with pytest.raises(sg.BindingError, match=r"equal first sizes, not \[3, 4\]"):
        list(minibatches([np.arange(3), np.arange(4)], 2, np.random.default_rng(0)))
    with pytest.raises(sg.BindingError, match="positive int"):
        list(minibatches([np.arange(3)], 0, np.random.default_rng(0)))

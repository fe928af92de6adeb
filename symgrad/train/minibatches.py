"""Minibatches: data in a new random order every epoch, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from symgrad.errors import BindingError

Array = np.ndarray[Any, Any]


def minibatches(
    arrays: Sequence[Array], size: int, generator: np.random.Generator, drop_last: bool = False
) -> Iterator[tuple[Array, ...]]:
    """Yield batches of `size` rows of arrays with equal first sizes, in an order drawn from `generator`.

    The last batch has what is left; `drop_last` leaves it out if it is smaller.
    """
    rows = len(arrays[0])
    if any(len(array) != rows for array in arrays):
        raise BindingError(f"data must have equal first sizes, not {[len(array) for array in arrays]}")
    if not isinstance(size, int) or size < 1:
        raise BindingError(f"the batch size must be a positive int, not {size!r}")
    order = generator.permutation(rows)
    for start in range(0, rows, size):
        chosen = order[start : start + size]
        if drop_last and len(chosen) < size:
            return
        yield tuple(array[chosen] for array in arrays)

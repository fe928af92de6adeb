"""What tests of rules share: which rules fired, and values that must stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.families.leaf import variables_of
from symgrad.graph import topological_order
from symgrad.simplify import Rewrite, rewrite

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -0.3, np.inf, -np.inf, np.nan, 1e300, -1e-310, 3.0])


def rewritten(tensor: sg.Tensor, rules: Any) -> tuple[sg.Tensor, list[str]]:
    """Return a tensor after rewriting, and the names of the rules that fired."""
    log: list[Rewrite] = []
    (result,) = rewrite([tensor], rules, log=log)
    return result, [entry.rule.name for entry in log]


def special_values(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice(SPECIAL, size=shape)


def assert_same_values(
    before: sg.Tensor,
    after: sg.Tensor,
    draw: Callable[[tuple[int, ...], int], np.ndarray] = special_values,
    signs: bool = True,
    rtol: float = 4e-15,
    atol: float = 0,
) -> None:
    """Assert that two tensors have the same values, NaN, infinities and (with `signs`) signs of zeros included."""
    assert (after.shape, after.dtype) == (before.shape, before.dtype)
    leaves = variables_of(topological_order([before]))
    for seed in range(6):
        values = {}
        for i, leaf in enumerate(leaves):
            array = draw(leaf.shape, 10 * seed + i)
            with np.errstate(all="ignore"):
                values[leaf] = array.astype(leaf.dtype) if leaf.dtype != "bool" else array > 0
        left, right = sg.evaluate([before, after], values)
        np.testing.assert_allclose(right, left, rtol=rtol, atol=atol)
        if signs and left.dtype.kind == "f":
            zero = left == 0
            np.testing.assert_array_equal(np.signbit(right[zero]), np.signbit(left[zero]))

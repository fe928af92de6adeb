"""Random graphs for the tests of everything that runs graphs: all families, all functions, all dtypes, odd shapes.

`graphs()` is a Hypothesis strategy. Values stay finite and moderate, and away from kinks and jumps, so that two correct
ways of computing a graph agree up to rounding. With `special=True` NaN, infinities and signed zeros are among the
inputs, and nothing is avoided.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from symgrad.dtypes import is_float
from symgrad.families.elementwise import apply
from symgrad.functions import Function
from tests.graph_builder import Builder, RandomGraph
from tests.graph_makers import MAKERS


@st.composite
def graphs(draw: st.DrawFn, special: bool = False, steps: int = 10) -> RandomGraph:
    """Draw a graph of about `steps` operations, with arrays for its variables."""
    return Builder(draw(st.randoms(use_true_random=False)), special).graph(steps, MAKERS)


def random_graph(seed: int, special: bool = False, steps: int = 10) -> RandomGraph:
    """Return the graph that belongs to a seed."""
    return Builder(Random(seed), special).graph(steps, MAKERS)


def function_graph(function: Function, dtype: str, special: bool = False) -> RandomGraph:
    """Return the graph of one scalar function of variables in its domain."""
    build = Builder(Random(function.name + dtype), special)
    generator = np.random.default_rng(7)
    operands: list[Any] = []
    for i, (low, high) in enumerate(function.domain):
        kind = "bool" if function.signature == "logical" or (function.signature == "select" and not i) else dtype
        if low == high:
            operands.append(low)
            continue
        x = build.variable(kind, ((4, 3), (3,), (4, 1))[i])
        if kind != "bool" and not special:
            value = generator.uniform(low, high, build.values[x].shape).astype(kind)
            build.bindings[x] = build.values[x] = np.asarray(value)
        operands.append(x)
    return RandomGraph((apply(function, *operands),), build.bindings)


def assert_close(got: Any, wanted: Any, precision: float, what: object = "", factor: float = 2e3) -> None:
    """Assert that arrays agree in shape, dtype and, up to `factor` times `precision` of the largest entry, in value.

    NaN and infinities must be in the same places.
    """
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.dtype == wanted.dtype, f"{what}: dtype {got.dtype}, not {wanted.dtype}"
    assert got.shape == wanted.shape, f"{what}: shape {got.shape}, not {wanted.shape}"
    if not is_float(wanted.dtype):
        np.testing.assert_array_equal(got, wanted, err_msg=str(what))
        return
    finite = np.isfinite(wanted)
    scale = max(1.0, float(np.abs(wanted[finite]).max())) if finite.any() else 1.0
    np.testing.assert_allclose(got, wanted, rtol=0, atol=factor * precision * scale, equal_nan=True, err_msg=str(what))

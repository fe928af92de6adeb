"""Totals: pieces side by side are joined, whatever else is added."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.derivative.totals import total
from symgrad.families.layout import Concatenate, Embed, embed
from symgrad.graph import topological_order

RNG = np.random.default_rng(0)


@st.composite
def contributions(draw):
    """Draw tensors of shape (6, 5): whole ones, and ones that are zero but for some rows or columns."""
    parts = []
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["rows", "columns", "both", "steps", "whole"]))
        if kind == "whole":
            parts.append(sg.variable(f"x{number}", (6, 5)))
            continue
        starts, shape, steps = [0, 0], [6, 5], [1, 1]
        for axis in {"rows": [0], "columns": [1], "both": [0, 1], "steps": [0]}[kind]:
            starts[axis] = draw(st.integers(0, shape[axis] - 1))
            shape[axis] = draw(st.integers(1, shape[axis] - starts[axis]))
        if kind == "steps":
            starts, shape, steps = [5, 0], [3, 5], [-2, 1]
        parts.append(embed(sg.variable(f"x{number}", tuple(shape)), starts, steps, (6, 5)))
    return parts


@given(contributions())
def test_the_sum_is_the_sum(parts) -> None:
    order = topological_order(parts)
    values = {x: RNG.normal(size=x.shape) for x in order if not x.inputs}
    wanted = sum(sg.evaluate(part, values) for part in parts)
    found = total(parts)
    assert found.shape == (6, 5)
    np.testing.assert_allclose(sg.evaluate(found, values), wanted, rtol=1e-14, atol=1e-14)


def operations(tensor: sg.Tensor) -> list[type]:
    return [type(node.operation) for node in topological_order([tensor])]


def test_the_gradient_of_a_split_is_a_concatenation() -> None:
    x = sg.variable("x", (2, 6))
    a, b, c = sg.split(x, 3, 1)
    gradient = sg.grad(sg.sum(sg.sin(a) * sg.cos(b) * c), x)
    assert isinstance(gradient.operation, Concatenate)
    assert Embed not in operations(gradient)
    array = RNG.normal(size=(2, 6))
    sg.testing.assert_grad(sg.sum(sg.sin(a) * sg.cos(b) * c), x, at={x: array})


def test_pieces_taken_twice_and_gaps() -> None:
    x = sg.variable("x", (6, 2))
    loss = sg.sum(sg.sin(x[1]) * x[1] ** 2) + sg.sum(x[4] ** 3) + sg.sum(x[0:1] * x[1:2])
    gradient = sg.grad(loss, x)
    assert sum(operation is Embed for operation in operations(gradient)) == 1
    sg.testing.assert_grad(loss, x, at={x: RNG.normal(size=(6, 2))})


def test_ranges_that_overlap_stay_a_sum() -> None:
    x = sg.variable("x", (6,))
    gradient = sg.grad(sg.sum(x[1:] * x[:-1]), x)
    assert Concatenate not in operations(gradient)
    sg.testing.assert_grad(sg.sum(x[1:] * x[:-1]), x, at={x: RNG.normal(size=6)})


def test_run_time_sizes_are_not_joined() -> None:
    x = sg.variable("x", (sg.dim("N"),))
    sg.testing.assert_grad(sg.sum(sg.sin(x[:2])) * sg.sum(x[2:4]), x, at={x: RNG.normal(size=5)})

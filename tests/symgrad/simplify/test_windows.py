"""Windows that are added up are convolutions, and padding that is cut off again is not made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.families.contraction import Contraction, contract
from symgrad.families.layout import Embed, Slice
from symgrad.families.windows import OverlapAdd, Windows
from symgrad.graph import topological_order
from symgrad.simplify.engine import rewrite
from symgrad.simplify.windows import (
    GATHERING,
    RULES,
    in_phases,
    out_of_phases,
    sum_as_convolution,
    sum_as_reduction,
)

N = sg.dim("N")
RNG = np.random.default_rng(0)


def operations(*tensors: sg.Tensor) -> list[type]:
    return [type(node.operation) for node in topological_order(tensors)]


def assert_same(before: sg.Tensor, after: sg.Tensor, *arguments: sg.Tensor) -> None:
    values = {x: RNG.normal(size=x.shape) for x in arguments}
    np.testing.assert_allclose(sg.evaluate(after, values), sg.evaluate(before, values), rtol=1e-12, atol=1e-13)


@st.composite
def sums(draw):
    """Draw a sum of windows along one or two axes of a tensor, with any steps; and the windows."""
    count = draw(st.integers(1, 2))
    axes = tuple(draw(st.permutations(range(3)))[:count])
    sizes, strides, dilations = (tuple(draw(st.integers(1, 4)) for _ in axes) for _ in range(3))
    numbers = [draw(st.integers(1, 3)) for _ in range(3)]
    lengths = []
    for axis, size, stride, dilation in zip(axes, sizes, strides, dilations, strict=True):
        lengths.append(stride * (numbers[axis] - 1) + dilation * (size - 1) + 1 + draw(st.integers(0, stride - 1)))
    x = sg.variable("x", (*numbers, *sizes))
    return sg.overlap_add(x, tuple(lengths), axes, strides, dilations), x


@given(sums())
def test_a_sum_of_windows_is_a_reduction(drawn) -> None:
    total, x = drawn
    reduced = sum_as_reduction(total)
    assert OverlapAdd not in operations(reduced)
    assert_same(total, reduced, x)


@given(sums())
def test_windows_in_phases_and_back(drawn) -> None:
    """With windows of one entry nothing overlaps: taking the phases apart and joining them is all there is."""
    total, x = drawn
    apart, labels = in_phases(x, range(x.ndim), range(total.ndim, x.ndim), total.operation)
    assert len(labels) == apart.ndim
    if all(apart.shape[labels.index(("m", axis))] == 1 for axis in range(total.ndim, x.ndim)):
        order = []
        for axis in range(total.ndim):
            order.append(axis)
            if axis in total.operation.axes:
                phase = ("r", total.ndim + total.operation.axes.index(axis))
                order += [phase] if phase in labels else []
        rest = [label for label in labels if label not in order]
        joined = sg.transpose(apart, [labels.index(label) for label in (*order, *rest)])
        joined = joined.reshape(joined.shape[: len(order)])
        assert_same(total, out_of_phases(joined, total), x)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("turned", [False, True])
def test_products_added_up_are_a_convolution(size: int, stride: int, dilation: int, turned: bool) -> None:
    g, kernel = sg.variable("g", (2, 4, 3)), sg.variable("k", (3, 5, size))
    operands = (g, "npo", kernel, "ock") if not turned else (kernel, "ock", g, "npo")
    total = sg.overlap_add(contract(*operands, "ncpk"), stride * 3 + dilation * (size - 1) + 1, 2, stride, dilation)
    convolution = sum_as_convolution(total)
    assert convolution is not None
    assert {Windows, Contraction} <= set(operations(convolution))
    assert OverlapAdd not in operations(convolution)
    assert_same(total, convolution, g, kernel)
    (simple,) = sg.simplify([total])
    assert (OverlapAdd in operations(simple)) == (stride > 1)
    (gathered,) = rewrite([total], GATHERING)
    assert gathered is convolution


def test_other_products_stay() -> None:
    g, kernel = sg.variable("g", (4, 3)), sg.variable("k", (4, 3))
    total = sg.overlap_add(contract(g, "pk", kernel, "pk", "pk"), 6, 0)
    assert sum_as_convolution(total) is None
    assert_same(total, rewrite([total], GATHERING)[0], g, kernel)
    assert sum_as_convolution(sg.overlap_add(g, 6, 0)) is None


x = sg.variable("x", (3, 8))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (sg.windows(x, 3, 1)[:, 1:4], sg.windows(x[:, 1:6], 3, 1)),
        (sg.windows(x, 3, 1, strides=2)[1:, 1:], sg.windows(x[1:, 2:7], 3, 1, strides=2)),
        (sg.windows(x, 2, 1, dilation=3)[:, 2:4], sg.windows(x[:, 2:7], 2, 1, dilation=3)),
        (sg.pad(x, 2)[2:-2, 2:-2], x),
        (sg.pad(x, 2)[1:-1, :], sg.pad(x, ((1, 1), (2, 2)))),
        (sg.pad(x, 2)[3:, 4:9], sg.pad(x[1:, 2:7], ((0, 2), (0, 0)))),
    ],
)
def test_parts(before: sg.Tensor, after: sg.Tensor) -> None:
    assert sg.simplify([before]) == [after]
    assert_same(before, after, x)


@pytest.mark.parametrize("tensor", [sg.windows(x, 3, 1)[:, :, 1:], sg.windows(x, 3, 1)[:, ::2], sg.pad(x, 2)[:1]])
def test_parts_that_stay(tensor: sg.Tensor) -> None:
    assert sg.simplify([tensor]) == [tensor]


def test_a_part_of_a_convolution_is_not_computed_in_full() -> None:
    """The gradient of a convolution with padding."""
    image, kernel = sg.variable("image", (2, 3, 6, 7)), sg.variable("kernel", (4, 3, 3, 3))
    gradient = sg.grad(sg.sum(sg.sin(sg.nn.conv2d(image, kernel, padding=1))), image)
    assert isinstance(gradient.operation, Contraction)
    sizes = [node.shape for node in topological_order([gradient]) if isinstance(node.operation, Embed)]
    assert (2, 4, 8, 9) in sizes
    assert Slice not in operations(gradient.inputs[0])


def test_run_time_sizes() -> None:
    image, kernel = sg.variable("image", (N, 3, N)), sg.variable("kernel", (4, 3, 3))
    gradient = sg.grad(sg.sum(sg.sin(sg.nn.conv1d(image, kernel, padding=1))), image)
    assert isinstance(gradient.operation, Contraction)
    assert gradient.shape == (N, 3, N)


def test_every_rule_says_why() -> None:
    assert all(rule.reason and rule.name for rule in (*RULES, *GATHERING))

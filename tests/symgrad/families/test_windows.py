"""Windows: against NumPy's view, their adjoint, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.errors import DtypeError, ShapeError
from symgrad.families.windows import OverlapAdd, Windows, count_of_windows, span
from symgrad.tensor import make

N = sg.dim("N")
ROWS = sg.variable("rows", (3, 7))


@st.composite
def slides(draw):
    """Draw a shape and the arguments of windows that fit."""
    axes = tuple(draw(st.permutations(range(3)))[: draw(st.integers(1, 3))])
    sizes, strides, dilations = (tuple(draw(st.integers(1, 3)) for _ in axes) for _ in range(3))
    shape = [draw(st.integers(0, 3)) for _ in range(3)]
    for axis, size, dilation in zip(axes, sizes, dilations, strict=True):
        shape[axis] = span(size, dilation) + draw(st.integers(0, 4))
    return tuple(shape), sizes, axes, strides, dilations


@given(slides())
def test_windows_are_parts_of_numpys_view(slide) -> None:
    shape, sizes, axes, strides, dilations = slide
    x, array = sg.variable("x", shape), np.arange(np.prod(shape, dtype=float)).reshape(shape)
    reach = tuple(span(size, dilation) for size, dilation in zip(sizes, dilations, strict=True))
    everything = np.lib.stride_tricks.sliding_window_view(array, reach, axes)
    numbers = [slice(None)] * 3
    for axis, stride in zip(axes, strides, strict=True):
        numbers[axis] = slice(None, None, stride)
    wanted = everything[(*numbers, *(slice(None, None, dilation) for dilation in dilations))]
    y = sg.windows(x, sizes, axes, strides, dilations)
    assert y.shape == wanted.shape
    np.testing.assert_array_equal(sg.evaluate(y, {x: array}), wanted)


@given(slides())
def test_the_adjoint_adds_up(slide) -> None:
    shape, sizes, axes, strides, dilations = slide
    rng = np.random.default_rng(0)
    x = sg.variable("x", shape)
    y = sg.windows(x, sizes, axes, strides, dilations)
    g = rng.normal(size=y.shape)
    values = {x: rng.normal(size=shape)}
    back = sg.overlap_add(g, tuple(shape[axis] for axis in axes), axes, strides, dilations)
    pulled = sg.evaluate(sg.vjp(y, x, g), values)
    np.testing.assert_allclose(pulled, sg.evaluate(back, {}), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(np.sum(sg.evaluate(y, values) * g), np.sum(values[x] * pulled), rtol=1e-12, atol=1e-12)
    again = sg.evaluate(sg.vjp(back, back.inputs[0], values[x]), {})
    np.testing.assert_array_equal(again, sg.evaluate(y, values))


def test_numpys_function_builds_windows() -> None:
    assert np.lib.stride_tricks.sliding_window_view(ROWS, (2, 3)) is sg.windows(ROWS, (2, 3), (0, 1))
    assert np.lib.stride_tricks.sliding_window_view(ROWS, 3, axis=-1) is sg.windows(ROWS, 3, 1)
    with pytest.raises(ShapeError, match="one window size for each of 2 axes"):
        sg.sliding_window_view(ROWS, 3)


def test_no_axes_are_no_windows() -> None:
    assert sg.windows(ROWS, (), ()) is ROWS
    assert sg.overlap_add(ROWS, (), ()) is ROWS


def test_run_time_sizes() -> None:
    x = sg.variable("x", (2, N))
    y = sg.windows(x, 3, -1, strides=2)
    array = np.arange(14.0).reshape(2, 7)
    assert sg.evaluate(y, {x: array}).shape == (2, 3, 3)
    assert sg.windows(x, 3, -1).shape == (2, N - 2, 3)
    np.testing.assert_array_equal(sg.evaluate(sg.grad(sg.sum(y), x), {x: array})[0], [1, 1, 2, 1, 2, 1, 1])
    with pytest.raises(ShapeError, match="over 3 entries does not fit into an axis of size 2"):
        sg.evaluate(y, {x: np.ones((2, 2))})


def test_counts() -> None:
    assert count_of_windows(5, 5, 3, 1) == 1
    assert count_of_windows(7, 3, 1, 3) == 1
    assert count_of_windows(N, 1, 1, 1) == N


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: sg.windows(ROWS, 8, 1), "over 8 entries does not fit into an axis of size 7"),
        (lambda: sg.windows(ROWS, 3, 1, dilation=4), "over 9 entries"),
        (lambda: sg.windows(ROWS, 0, 1), "at least one entry"),
        (lambda: sg.windows(ROWS, 2, 2), "axis 2 is out of range"),
        (lambda: sg.windows(ROWS, 2, (1, -1)), "along one axis twice"),
        (lambda: sg.windows(ROWS, (2, 2), 1), "as many sizes"),
        (lambda: sg.windows(ROWS, 2, 1, strides=0), "the stride must be at least 1"),
        (lambda: sg.windows(ROWS, 2, 1, dilation=-1), "the dilation must be at least 1"),
        (lambda: sg.windows(ROWS, 2, 1, strides=1.5), "the stride must be an int"),
        (lambda: sg.overlap_add(ROWS, 4, 0), "does not fit"),
        (lambda: sg.overlap_add(ROWS, 10, 0), "do not fit"),
        (lambda: sg.overlap_add(ROWS, (4, 4), (0, 1)), "at least 4 axes"),
    ],
)
def test_what_does_not_fit(build, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        build()


def test_windows_of_bools_are_not_added_up() -> None:
    seen = sg.windows(ROWS > 0, 2, 1)
    assert seen.dtype == "bool"
    with pytest.raises(DtypeError, match="bool"):
        sg.overlap_add(seen, 7, 1)


def test_the_sizes_of_the_windows() -> None:
    seen = sg.windows(ROWS, (2, 3), (0, 1))
    back = make(OverlapAdd((0, 1), (3, 7), (1, 1), (1, 1)), (seen,))
    assert back.operation.sizes(seen) == (2, 3)
    assert isinstance(seen.operation, Windows)

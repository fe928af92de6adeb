"""Indexing: keys of every kind against NumPy, and indices that are out of range or of the wrong kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.errors import DtypeError, GraphError, IndexRangeError, ShapeError
from symgrad.families.indexing import ScatterAdd, ScatterAlongAxis, resolve_slice
from symgrad.tensor import make

BOUNDS = st.one_of(st.none(), st.integers(-5, 5))


@st.composite
def keys(draw: Any) -> tuple[tuple[int, ...], Any]:
    """A shape, and a key that fits it."""
    shape = tuple(draw(st.lists(st.integers(0, 4), min_size=1, max_size=4)))
    places = st.integers(0, 3)
    width = draw(st.integers(1, 3))
    key: list[Any] = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        kind = draw(places)
        if kind == 0 and size:
            key.append(draw(st.integers(-size, size - 1)))
        elif kind == 1 and size:
            wide = draw(st.sampled_from([(width,), (2, width), (1,), ()]))
            key.append(
                np.array(draw(st.lists(st.integers(-size, size - 1), min_size=8, max_size=8)))[
                    : np.prod(wide, dtype=int)
                ].reshape(wide)
            )
        else:
            key.append(slice(draw(BOUNDS), draw(BOUNDS), draw(st.sampled_from([None, 1, 2, -1, -3]))))
    for extra in draw(st.lists(st.just(None), max_size=2)):
        key.insert(draw(st.integers(0, len(key))), extra)
    if draw(st.booleans()):
        key.insert(draw(st.integers(0, len(key))), ...)
        # What comes after the dots belongs to the last axes: keep it in range.
        key = key[: key.index(...) + 1] + [k for k in key[key.index(...) + 1 :] if k is None or isinstance(k, slice)]
    return shape, (tuple(key) if len(key) != 1 or draw(st.booleans()) else key[0])


@given(keys())
def test_keys_mean_what_they_mean_in_numpy(example: tuple[tuple[int, ...], Any]) -> None:
    shape, key = example
    array = np.arange(np.prod(shape, dtype=float)).reshape(shape)
    x = sg.variable("x", shape)
    wanted = np.asarray(array[key])
    found = x[key]
    assert found.shape == wanted.shape
    np.testing.assert_array_equal(sg.evaluate(found, {x: array}), wanted)
    # The gradient counts how often each entry was taken.
    taken = np.zeros(shape)
    np.add.at(taken, key, 1)
    np.testing.assert_array_equal(sg.evaluate(sg.grad(sg.sum(found), x), {x: array}), taken)


@given(BOUNDS, BOUNDS, st.sampled_from([None, 1, 2, 3]), st.integers(0, 6))
def test_slices_of_run_time_sizes(start: int | None, stop: int | None, step: int | None, size: int) -> None:
    x = sg.variable("x", (sg.dim("N"),))
    array = np.arange(float(size))
    np.testing.assert_array_equal(
        sg.evaluate(x[start:stop:step], {x: array}), array[start:stop:step], err_msg=str(x[start:stop:step].shape)
    )


def test_neighbours_along_a_run_time_size_have_equal_shapes() -> None:
    N = sg.dim("N")
    x = sg.variable("x", (N,))
    assert x[1:].shape == x[:-1].shape == x[: N - 1].shape
    assert x[:N] is x
    assert sg.evaluate(x[N - 1], {x: [1.0, 2.0]}) == 2


def test_symbolic_indices() -> None:
    x, i = sg.variable("x", (3, 2)), sg.variable("i", (), "int32")
    at = {x: np.arange(6.0).reshape(3, 2), i: -1}
    assert sg.evaluate(x[i], at).tolist() == [4, 5]
    assert sg.evaluate(x[i, 0], at) == 4
    assert sg.evaluate(sg.grad(x[i].sum(), x), at).tolist() == [[0, 0], [0, 0], [1, 1]]


def test_lists_and_empty_lists() -> None:
    x = sg.variable("x", (3, 2))
    at = {x: np.arange(6.0).reshape(3, 2)}
    assert sg.evaluate(x[[2, 0]], at).tolist() == [[4, 5], [0, 1]]
    assert sg.evaluate(x[[]], at).shape == (0, 2)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (5, IndexRangeError, r"index 5 is out of range for axis 0 of shape \(3, 2\)"),
        ((0, -3), IndexRangeError, "index -3 is out of range for axis 1"),
        ((0, 0, 0), ShapeError, r"too many indices: 3 for a tensor of shape \(3, 2\)"),
        ((..., 0, ...), ShapeError, "only one"),
        (slice(None, None, 0), ShapeError, "step 0"),
        (np.array([True, False, True]), DtypeError, "use sg.where"),
        (True, DtypeError, "bool mask"),
        (1.0, DtypeError, "integer indices, not float64"),
        ([0.5], DtypeError, "integer indices, not float64"),
        ("a", DtypeError, "number"),
        (([0, 1], [0, 1, 1]), ShapeError, "cannot be broadcast together"),
    ],
)
def test_keys_that_do_not_fit(key: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.variable("x", (3, 2))[key]


def test_slice_bounds_must_be_integers() -> None:
    with pytest.raises(TypeError):
        sg.variable("x", (3,))[0.5:]
    with pytest.raises(GraphError, match="no value yet"):
        sg.variable("x", (3,))[: sg.variable("n", (), "int64")]


def test_indices_out_of_range_are_found_at_run_time() -> None:
    x, i = sg.variable("x", (3,)), sg.variable("i", (2,), "int64")
    N = sg.dim("N")
    y = sg.variable("y", (N,))
    for expr, at in [
        (x[i], {x: np.zeros(3), i: [0, 3]}),
        (x[i], {x: np.zeros(3), i: [0, -4]}),
        (sg.take_along_axis(x, i), {x: np.zeros(3), i: [0, 3]}),
        (sg.scatter_add(x[:2], i, 3), {x: np.zeros(3), i: [0, 3]}),
        (y[5], {y: np.zeros(3)}),
        (y[-4], {y: np.zeros(3)}),
    ]:
        with pytest.raises(IndexRangeError, match=r"out of bounds.*built at .*test_indexing.py"):
            sg.evaluate(expr, at)


def test_scatter_add_checks_what_it_gets() -> None:
    g, i = sg.variable("g", (2, 3)), sg.constant([0, 1])
    with pytest.raises(ShapeError, match=r"values of shape \(2, 4\), not \(2, 3\)"):
        make(ScatterAdd(0, (5, 4)), (g, i))
    with pytest.raises(ShapeError, match="do not fit values"):
        make(ScatterAlongAxis(0, 5), (g[:, :1], sg.constant([[0, 1]])))


def test_take_along_axis_wants_as_many_axes() -> None:
    with pytest.raises(ShapeError, match="as many axes"):
        sg.take_along_axis(sg.variable("x", (2, 3)), [0, 1], 1)


def test_one_hot_has_rows_of_zeros_for_labels_outside() -> None:
    assert sg.evaluate(sg.one_hot([2, -1, 3], 3, "int32")).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(DtypeError, match="integer indices"):
        sg.one_hot([0.5], 3)


def test_slices_with_negative_step_must_take_a_whole_run_time_axis() -> None:
    N = sg.dim("N")
    assert resolve_slice(slice(None, None, -1), N)[1:] == (-1, N)
    with pytest.raises(ShapeError, match="must take the whole axis"):
        resolve_slice(slice(3, None, -1), N)

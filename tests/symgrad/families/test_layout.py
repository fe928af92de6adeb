"""Layout: hypothesis against NumPy, the adjoint property of every node, and shapes that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.layout import (
    BroadcastTo,
    Concatenate,
    Diagonal,
    Embed,
    EmbedDiagonal,
    Named,
    Reshape,
    Slice,
    Transpose,
    check_bool_free,
    embed,
)
from symgrad.tensor import make

shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)


@given(shapes, st.randoms(use_true_random=False))
def test_transposes_are_numpys(shape: tuple[int, ...], random: Any) -> None:
    axes = list(range(len(shape)))
    random.shuffle(axes)
    x, array = sg.variable("x", shape), np.arange(np.prod(shape, dtype=float)).reshape(shape)
    np.testing.assert_array_equal(sg.evaluate(sg.transpose(x, axes), {x: array}), np.transpose(array, axes))
    assert sg.transpose(sg.transpose(x, axes), np.argsort(axes).tolist()).shape == shape


@pytest.mark.parametrize(
    ("operation", "shape"),
    [
        (Named("h"), (2, 3)),
        (Transpose((2, 0, 1)), (2, 3, 4)),
        (Reshape((3, 4)), (2, 6)),
        (BroadcastTo((4, 2, 3)), (2, 1)),
        (Slice((3, 0), (-2, 1), (2, 2)), (4, 3)),
        (Embed((1, 2), (2, -1), (5, 3)), (2, 3)),
        (Concatenate(1), (2, 3)),
        (Diagonal(), (2, 3, 3)),
        (EmbedDiagonal(), (2, 3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_adjoint_is_the_transposed_map(operation: Any, shape: tuple[int, ...]) -> None:
    """<A x, g> = <x, A* g> for every linear node, and A itself is its own tangent map."""
    rng = np.random.default_rng(0)
    x = sg.variable("x", shape)
    y = make(operation, (x,))
    g = rng.normal(size=y.shape)
    values = {x: rng.normal(size=shape)}
    moved = sg.evaluate(sg.jvp(y, x, values[x]), values)
    pulled = sg.evaluate(sg.vjp(y, x, g), values)
    np.testing.assert_array_equal(moved, sg.evaluate(y, values))
    np.testing.assert_allclose(np.sum(moved * g), np.sum(values[x] * pulled), rtol=1e-13)


def test_reshape_finds_the_free_size() -> None:
    x = sg.variable("x", (2, 3, 4))
    assert sg.reshape(x, -1).shape == (24,)
    assert sg.reshape(x, (-1, 6)).shape == x.reshape(4, -1).shape == (4, 6)
    assert np.reshape(x, (3, -1)).shape == (3, 8)
    N = sg.dim("N")
    free = sg.variable("y", (N, 6))
    assert free.reshape(-1, 3).shape == (2 * N, 3)
    assert free.reshape(N, 2, -1).shape == (N, 2, 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda x: x.reshape(5), r"cannot reshape \(2, 3\) into \(5,\)"),
        (lambda x: x.reshape(4, -1), r"cannot reshape \(2, 3\) into \(4, -1\)"),
        (lambda x: x.reshape(-1, -1), "only one size may be -1"),
        (lambda x: x.reshape(-2, 3), "a size cannot be negative: -2"),
        (lambda x: x.reshape(2.5, 3), "a size must be an int"),
        (lambda x: sg.variable("e", (0, 3)).reshape(0, -1), "cannot reshape"),
        (lambda x: x.transpose(0, 0), r"axes \(0, 0\) are not a permutation"),
        (lambda x: x.transpose(0), "are not a permutation"),
        (lambda x: x.transpose(0, 2), "axes 2 is out of range|axis 2 is out of range"),
        (lambda x: sg.swapaxes(x, 0, 2), "axis 2 is out of range for a tensor with 2 axes"),
        (lambda x: sg.moveaxis(x, (0, 0), (0, 1)), "as many different sources as destinations"),
        (lambda x: sg.moveaxis(x, 0, (0, 1)), "as many different sources as destinations"),
        (lambda x: sg.expand_dims(x, (0, 0)), "axis given twice"),
        (lambda x: sg.expand_dims(x, 3), "out of range"),
        (lambda x: sg.squeeze(x, 0), r"cannot squeeze axis 0 of shape \(2, 3\)"),
        (lambda x: sg.broadcast_to(x, (3, 3)), r"shapes \(2, 3\) and \(3, 3\)"),
        (lambda x: sg.broadcast_to(x, (3,)), r"cannot broadcast \(2, 3\) to \(3,\)"),
        (lambda x: sg.broadcast_to(x, (2, 1)), r"cannot broadcast \(2, 3\) to \(2, 1\)"),
        (lambda x: make(Slice((0, 1), (1, 1), (2, 3)), (x,)), "a slice from 1 to 3 does not fit an axis of size 3"),
        (lambda x: make(Slice((0,), (1,), (2,)), (x,)), "one start, step and size an axis"),
        (lambda x: embed(x, (0, 0), (1, 2), (2, 4)), "an? embedding from 0 to 4 does not fit"),
        (lambda x: make(Diagonal(), (x,)), r"the last two sizes of \(2, 3\) are not equal"),
    ],
)
def test_shapes_that_do_not_fit(build: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        build(sg.variable("x", (2, 3)))


def test_names() -> None:
    x = sg.variable("x", (2,))
    assert x.named("h") is x.named("h")
    assert x.named("h") is not x
    for name in ("", None, 3):
        with pytest.raises(GraphError, match="non-empty string"):
            x.named(name)


def test_filled_tensors() -> None:
    x = sg.variable("x", (2, 3), "int32")
    for tensor, value, dtype in [
        (sg.zeros((2, 3)), 0, "float64"),
        (sg.ones((2, 3), "float32"), 1, "float32"),
        (sg.full((2, 3), 7), 7, "int64"),
        (sg.full((2, 3), 7, "float32"), 7, "float32"),
        (sg.full_like(x, 5), 5, "int32"),
        (np.zeros_like(x), 0, "int32"),
        (np.ones_like(x > 0), True, "bool"),
    ]:
        assert tensor.shape == (2, 3)
        assert tensor.dtype == dtype
        assert (sg.evaluate(tensor) == value).all()
    with pytest.raises(DtypeError, match=r"2\.5 is not of dtype int32"):
        sg.full_like(x, 2.5)


def test_nothing_is_built_where_nothing_changes() -> None:
    x = sg.variable("x", (2, 3))
    assert sg.transpose(x, (0, 1)) is x
    assert sg.reshape(x, (2, -1)) is x
    assert sg.broadcast_to(x, (2, 3)) is x
    assert x[:, ...] is x
    assert sg.squeeze(x) is x


def test_run_time_sizes_that_contradict_are_found_early() -> None:
    N, M = sg.dim("N"), sg.dim("M")
    with pytest.raises(ShapeError, match=r"\(N, 2\) and \(M, 2\) cannot be broadcast"):
        sg.variable("x", (N, 2)) + sg.variable("y", (M, 2))
    with pytest.raises(ShapeError, match=r"cannot reshape \(N, 2\)"):
        sg.variable("x", (N, 2)).reshape(N, 3)
    with pytest.raises(ShapeError, match="cannot concatenate"):
        sg.concatenate([sg.variable("x", (2, N)), sg.variable("y", (2, M))])


def test_bools_are_refused_by_name() -> None:
    with pytest.raises(DtypeError, match="a product of a bool tensor"):
        check_bool_free(sg.variable("b", (), "bool"), "a product")

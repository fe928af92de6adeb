"""Checks: what is sure to hold is not checked, everything else once, with NumPy's errors."""

import numpy as np
import pytest

import symgrad as sg
from codegen.program.checks import IndexCheck, Inside, NotEmpty, index_checks, size_checks, unsettled
from symgrad.families.indexing import gather
from symgrad.graph import topological_order

N = sg.dim("N")
x = sg.variable("x", (4, 3))
i, j = sg.variable("i", (2,), "int64"), sg.variable("j", (2,), "int32")


def checks_of(*tensors):
    return {(check.index, check.size) for check in index_checks(topological_order(tensors))}


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (sg.take(x, i, 0), {(i, 4)}),
        (sg.take(x, j, 1), {(j, 3)}),
        (gather(x, [i, j]), {(i, 4), (j, 3)}),
        (sg.scatter_add(x[:2], i, 7, 0), {(i, 7)}),
        (sg.take_along_axis(x, sg.broadcast_to(i[:, None], (2, 3)), 0), {(i, 4)}),
        (sg.grad(sg.sum(sg.take_along_axis(x[:2], i[:, None], 1)), x), {(i, 3)}),
        (sg.take(x, i.reshape((1, 2)).T.named("places"), 0) + sg.take(x, i, 0)[:, None], {(i, 4)}),
        (sg.take(x, i, 0) + sg.take(x[:3], i, 0), {(i, 4), (i, 3)}),
        (sg.take(x, sg.broadcast_to(i, (5, 2)), 0), {(i, 4)}),
        (sg.exp(x), set()),
    ],
)
def test_every_index_is_checked_once(node, wanted):
    assert checks_of(node) == wanted


@pytest.mark.parametrize(
    "node", [sg.take(x, [0, -4, 3], 0), sg.take(x, sg.arange(3), 1), sg.take(x, sg.argmax(x, 0), 0)]
)
def test_what_is_sure_is_not_checked(node):
    assert not checks_of(node)


def test_what_is_not_sure_is_checked():
    y = sg.variable("y", (N, 3))
    assert len(checks_of(sg.take(x, [0, 4], 0))) == 1
    assert len(checks_of(sg.take(y, [0, 1], 0))) == 1
    assert len(checks_of(sg.take(x, sg.argmax(x, 0), 1))) == 1
    assert not checks_of(sg.take(y, sg.arange(N), 0))
    # Of a tensor repeated no times no entry is used.
    repeated = sg.broadcast_to(i, (N, 2))
    assert checks_of(sg.take(x, repeated, 0)) == {(repeated, 4)}


def test_checks_of_other_tensors_with_the_same_entries_are_one():
    found = unsettled([IndexCheck(i[:, None], 4), IndexCheck(i, 4), IndexCheck(sg.constant([1]), 4)])
    assert found == [IndexCheck(i, 4)]


def failures(node, **sizes):
    given = {sg.dim(name): size for name, size in sizes.items()}
    return [type(e) for check in size_checks(topological_order([node])) if (e := check.failure(given)) is not None]


y = sg.variable("y", (N, 2))


@pytest.mark.parametrize(
    ("node", "good", "bad", "error"),
    [
        (sg.max(y, 0), 1, 0, sg.ShapeError),
        (sg.argmin(y, 0), 1, 0, sg.ShapeError),
        (y[3], 4, 3, sg.IndexRangeError),
        (y[-2], 2, 1, sg.IndexRangeError),
        (sg.grad(sg.sum(y[1] ** 2), y), 2, 1, sg.IndexRangeError),
        (sg.zeros((N - 5, 2)), 5, 4, sg.ShapeError),
        (sg.windows(y, 3, 0), 3, 2, sg.ShapeError),
        (sg.windows(y, 2, 0, strides=2, dilation=3), 4, 3, sg.ShapeError),
        (sg.overlap_add(sg.windows(y, 3, 0) * 2, N, 0), 3, 2, sg.ShapeError),
    ],
)
def test_sizes_that_do_not_do(node, good, bad, error):
    assert failures(node, N=good) == []
    assert error in failures(node, N=bad)


@pytest.mark.parametrize(
    "node", [sg.max(y, 1), sg.sum(y, 0), y[1:], y[:-1], y[::-2], sg.logsumexp(y, 0), sg.pad(y, 1), sg.windows(y, 2, 1)]
)
def test_sizes_that_always_do(node):
    for n in range(4):
        assert failures(node, N=n) == []


def test_plain_sizes_need_no_checks():
    assert size_checks(topological_order([x[1:], sg.max(x, 0), sg.pad(x, 1)])) == []
    assert size_checks(topological_order([sg.max(y, 0), sg.max(y, 0) + sg.min(y[::1], 0)])) == [
        NotEmpty("max", N),
        NotEmpty("min", N),
    ]


@pytest.mark.parametrize("step", [1, 2, -1, -3])
def test_windows_are_inside_where_their_places_are(step):
    for start in range(-1, 5):
        for count in range(4):
            places = start + step * np.arange(count)
            inside = bool(np.all((places >= 0) & (places < 4)))
            assert (Inside(start, step, count, 4).failure({}) is None) == inside

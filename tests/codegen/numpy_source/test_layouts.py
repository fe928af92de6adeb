"""Layout: subscripts as people write them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.errors import GraphError
from symgrad.families.layout import Slice, embed
from symgrad.tensor import make
from tests.codegen.numpy_source.written import expression, run, source, statements

N = sg.dim("N")
X, T, V = sg.variable("X", (4, 3)), sg.variable("T", (2, 3, 5)), sg.variable("V", (N, 3))
Y, R = sg.variable("Y", (4, 1)), sg.variable("R", (1, 4))


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (X.T + 1, "X.T + 1"),
        (T.mT + 1, "T.mT + 1"),
        (T.transpose(2, 0, 1) + 1, "T.transpose(2, 0, 1) + 1"),
        (X[:, 1:] + 1, "X[:, 1:] + 1"),
        (X[1] + 1, "X[1] + 1"),
        (X[:, 0] + 1, "X[:, 0] + 1"),
        (X[1:3, ::2] + 1, "X[1:3, ::2] + 1"),
        (X[::-1] + 1, "X[::-1] + 1"),
        (X[2:0:-1] + 1, "X[2:0:-1] + 1"),
        (X[None] + 1, "X[None] + 1"),
        (X[:, None] + 1, "X[:, None] + 1"),
        (Y[:, 0] + 1, "Y[:, 0] + 1"),
        (R[0] + 1, "R[0] + 1"),
        (X.ravel() + 1, "X.ravel() + 1"),
        (X.reshape(2, 6) + 1, "X.reshape(2, 6) + 1"),
        (V[1:] + 1, "V[1:] + 1"),
        (V[:-2] + 1, "V[:-2] + 1"),
        (V[1::2] + 1, "V[1::2] + 1"),
        (V[::-2] + 1, "V[::-2] + 1"),
        (V[:, 1] + 1, "V[:, 1] + 1"),
        (V.reshape(3, N) + 1, "V.reshape(3, N) + 1"),
        (V.ravel() + 1, "V.ravel() + 1"),
        (sg.concatenate([X, X], 1), "np.concatenate([X, X], axis=1)"),
        (sg.diag(X[0]), "np.diag(X[0])"),
        (sg.diagonal(T[:, :2]) + 1, "np.diagonal(T[:, :2].transpose(2, 0, 1), axis1=-2, axis2=-1) + 1"),
        (sg.zeros((2, 3)), "np.zeros((2, 3))"),
        (sg.ones((2,), "float32"), "np.ones((2,), np.float32)"),
        (sg.full((2,), 2.5), "np.full((2,), 2.5)"),
        (sg.full((2,), 2, "float64"), "np.full((2,), 2.0)"),
        (sg.full((2,), 2, "int32"), "np.full((2,), np.int32(2))"),
        (sg.stack([X.sum(), X.max()]), "np.array([X.sum(), X.max()])"),
        (sg.pad(X, ((0, 1), (2, 0))), "embed(X, np.s_[:4, 2:], (5, 5))"),
        (sg.arange(4), "np.arange(4)"),
    ],
)
def test_texts(tensor, text):
    assert expression(tensor) == text


@given(st.integers(0, 6), st.data())
def test_any_slice_and_its_adjoint(size, data):
    start = data.draw(st.one_of(st.none(), st.integers(-8, 8)))
    stop = data.draw(st.one_of(st.none(), st.integers(-8, 8)))
    key = slice(start, stop, data.draw(st.sampled_from([None, 1, 2, 3, -1, -2, -3])))
    x = sg.variable("x", (size,))
    array = np.arange(1.0, size + 1)
    part = x[key]
    adjoint = embed(part, *_window(part, size), (size,)) if key != slice(None) else part
    got, back = run(source(part + 0.0, adjoint * 1.0 + x * 0.0), {x: array})
    np.testing.assert_array_equal(got, array[key])
    wanted = np.zeros(size)
    wanted[key] = array[key]
    np.testing.assert_array_equal(back, wanted)


def _window(part, size):
    operation = part.operation
    return (operation.starts, operation.steps) if isinstance(operation, Slice) else ((0,), (1,))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_slices_of_a_run_time_size(n):
    x = sg.variable("x", (N,))
    array = np.arange(1.0, n + 1)
    keys = [
        slice(None, None, -1),
        slice(None, None, -2),
        slice(1, None),
        slice(None, -1),
        slice(None, None, 3),
        slice(-2, None),
    ]
    outputs = [x[key] + 0.0 for key in keys]
    for key, got in zip(keys, run(source(*outputs), {x: array}), strict=True):
        np.testing.assert_array_equal(got, array[key])
    gradients = [sg.grad(sg.sum(x[key]), x) for key in keys]
    for key, got in zip(keys, run(source(*gradients, x), {x: array}), strict=False):
        wanted = np.zeros(n)
        wanted[key] = 1
        np.testing.assert_array_equal(got, wanted)


def test_a_backward_slice_that_numpy_cannot_say_is_refused():
    x = sg.variable("x", (N,))
    part = make(Slice((N - 1,), (-1,), (N - 2,)), (x,))
    with pytest.raises(GraphError, match="cannot be written"):
        source(part)


def test_a_short_view_is_repeated_rather_than_named():
    assert statements(X.T @ X, X.T * 2) == ["return X.T @ X, X.T * 2"]

"""Views: base, offset and strides describe the same entries as the chain of operations does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from codegen.program.views import operand, row_major_strides, view, view_base

N = sg.dim("N")
x = sg.variable("x", (4, 6))
VALUE = np.arange(24.0).reshape(4, 6)


def strided(found, shape):
    """Return the entries of a view."""
    flat = VALUE.ravel()
    places = found.offset + sum(
        np.arange(n).reshape(n, *[1] * (len(shape) - axis - 1)) * stride
        for axis, (n, stride) in enumerate(zip(shape, found.strides, strict=True))
    )
    return flat[np.broadcast_to(places, shape)]


STEPS = [
    lambda t: t.T,
    lambda t: t[1:],
    lambda t: t[::-1],
    lambda t: t[..., ::2],
    lambda t: t[None],
    lambda t: t.reshape((-1,)),
    lambda t: t.reshape((2, -1)),
    lambda t: sg.broadcast_to(t, (2, *t.shape)),
    lambda t: t.named("t"),
    lambda t: sg.windows(t, 2, -1, dilation=1 + (t.shape[-1] > 3)) if t.shape[-1] > 1 else t,
    lambda t: sg.windows(t, (1, 2), (0, 1), strides=2) if t.ndim > 1 and t.shape[1] > 1 else t,
    lambda t: sg.diagonal(t[:2, :2]) if t.ndim == 2 else t,
]


@given(st.lists(st.sampled_from(STEPS), max_size=5))
def test_views_describe_the_entries(steps):
    node = x
    for step in steps:
        if node.ndim and all(node.shape):
            try:
                node = step(node)
            except sg.ShapeError:
                continue
    assert view_base(node) is x
    found = view(node)
    if found is not None:
        assert found.base is x
        np.testing.assert_array_equal(strided(found, node.shape), sg.evaluate(node, {x: VALUE}))


def test_reshapes_that_no_strides_describe():
    assert view(x.T.reshape((24,))) is None
    assert view(x[:, ::-1].reshape((24,))) is None
    assert view(x[:, :3].reshape((12,))) is None
    assert view(x[::2].reshape((2, 2, 3))) is not None
    assert view(x[:, ::2].reshape((4, 3, 1))) is not None


def test_operands_are_views_of_stored_nodes():
    bent = x.T.reshape((24,))
    assert operand(bent).base is bent
    assert operand(bent).strides == (1,)
    assert operand(sg.exp(x).T).base is sg.exp(x)


def test_run_time_sizes_in_strides():
    y = sg.variable("y", (N, 3))
    found = view(y[::-1].T)
    assert found is not None
    assert found.strides == (1, -3)
    assert found.offset.subs({N: 5}) == 12
    assert row_major_strides((N, 3, N)) == (3 * N, N, 1)
    assert view(y.reshape((3 * N,))[1:]) is not None


@pytest.mark.parametrize("shape", [(0, 3), (1,), ()])
def test_views_of_little(shape):
    y = sg.variable("y", shape)
    found = view(y.reshape((*shape, 1)).T)
    assert found is not None
    assert len(found.strides) == len(shape) + 1

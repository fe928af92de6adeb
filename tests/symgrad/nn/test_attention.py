"""Attention against its definition, masks and their gradients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

import symgrad as sg
from symgrad.errors import ShapeError

T, D = sg.dim("T"), sg.dim("D")
RNG = np.random.default_rng(0)
Q, K, V = sg.variable("Q", (2, 3, 4)), sg.variable("K", (2, 5, 4)), sg.variable("V", (2, 5, 6))
AT = {x: RNG.normal(size=x.shape) for x in (Q, K, V)}


def attended(q, k, v, seen=None, scale=None):
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    return softmax(scores if seen is None else np.where(seen, scores, -np.inf), axis=-1) @ v


def seen_by(n, m):
    return np.tri(n, m, dtype=bool)


MASK = RNG.random((3, 5)) < 0.6
MASK[:, 2] = True


@pytest.mark.parametrize(
    ("options", "seen", "scale"),
    [
        ({}, None, None),
        ({"scale": 2.0}, None, 2.0),
        ({"causal": True}, seen_by(3, 5), None),
        ({"mask": MASK}, MASK, None),
        ({"mask": MASK[:1]}, MASK[:1], None),
        ({"mask": np.ones((3, 5), bool), "causal": True}, seen_by(3, 5), None),
    ],
)
def test_values_and_gradients(options, seen, scale) -> None:
    y = sg.nn.attention(Q, K, V, **options)
    wanted = attended(*AT.values(), seen, scale)
    np.testing.assert_allclose(sg.evaluate(y, AT), wanted, rtol=1e-12)
    loss = sg.sum(sg.sin(y))
    sg.testing.assert_grad(loss, [Q, K, V], at=AT)
    outputs = [y, *sg.grad(loss, [Q, K, V])]
    for backend in ("llvm", "numpy"):
        for a, b in zip(
            sg.compile([Q, K, V], outputs, backend=backend)(*AT.values()), sg.evaluate(outputs, AT), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


def test_numbers_are_added_to_the_scores() -> None:
    added = RNG.normal(size=(2, 3, 5))
    found = sg.evaluate(sg.nn.attention(Q, K, V, mask=added), AT)
    scores = AT[Q] @ AT[K].mT / 2 + added
    np.testing.assert_allclose(found, softmax(scores, axis=-1) @ AT[V], rtol=1e-12)


def test_gradients_are_finite_for_a_mask_that_is_a_variable() -> None:
    """Also where nothing but one key is seen."""
    mask = sg.variable("mask", (3, 5), "bool")
    seen = np.zeros((3, 5), bool)
    seen[:, 0] = True
    y = sg.nn.attention(Q, K, V, mask=mask)
    sg.testing.assert_grad(sg.sum(sg.sin(y)), [Q, K, V], at=AT | {mask: seen})


def test_a_query_that_sees_nothing_is_nan_and_spoils_nothing_else() -> None:
    mask = sg.variable("mask", (3, 5), "bool")
    seen = np.ones((3, 5), bool)
    seen[1] = False
    y = sg.nn.attention(Q, K, V, mask=mask)
    value = sg.evaluate(y, AT | {mask: seen})
    assert np.isnan(value[:, 1]).all()
    assert np.isfinite(value[:, [0, 2]]).all()
    kept = sg.where(sg.any(mask, 1, keepdims=True), y, 0)
    sg.testing.assert_grad(sg.sum(sg.sin(kept)), [Q, K, V], at=AT | {mask: seen})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_run_time_sizes_and_heads(dtype: str) -> None:
    q, k, v = (sg.variable(name, (2, 3, T, D), dtype) for name in "qkv")
    y = sg.nn.attention(q, k, v, causal=True)
    outputs = [y, *sg.grad(sg.sum(y**2), [q, k, v])]
    functions = [sg.compile([q, k, v], outputs, backend=backend) for backend in ("llvm", "numpy")]
    for t, d in ((1, 3), (4, 2)):
        arrays = [RNG.normal(size=(2, 3, t, d)).astype(dtype) for _ in range(3)]
        at = dict(zip((q, k, v), arrays, strict=True))
        wanted = attended(*(a.astype("float64") for a in arrays), seen_by(t, t))
        tolerance = {"rtol": 0, "atol": 1e-12 if dtype == "float64" else 1e-4}
        np.testing.assert_allclose(sg.evaluate(y, at), wanted, **tolerance)
        for function in functions:
            for a, b in zip(function(*arrays), sg.evaluate(outputs, at), strict=True):
                assert a.dtype == dtype
                np.testing.assert_allclose(a, b, **tolerance)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: sg.nn.attention(Q, K, V[:, :4]), "attention needs q"),
        (lambda: sg.nn.attention(Q[0, 0], K, V), "attention needs q"),
        (lambda: sg.nn.attention(Q[..., :3], K, V), "the inner sizes 3 and 4 differ"),
        (lambda: sg.nn.attention(Q, K, V, mask=np.ones((4, 2, 3, 5), bool)), "does not broadcast to the scores"),
    ],
)
def test_what_does_not_fit(build, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        build()

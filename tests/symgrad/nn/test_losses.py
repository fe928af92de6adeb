"""Losses: values and gradients of the textbooks, far out too, and labels that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DtypeError, GraphError, IndexRangeError, ShapeError

S = sg.variable("S", (4, 3))
LABELS = np.array([0, 2, 1, 1])
SCORES = np.random.default_rng(0).normal(size=(4, 3))
AT = {S: SCORES}
ONE_HOT = np.eye(3)[LABELS]


def softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_cross_entropy_of_class_indices() -> None:
    losses = -np.log(softmax(SCORES)[np.arange(4), LABELS])
    for reduction, wanted in [("mean", losses.mean()), ("sum", losses.sum()), ("none", losses)]:
        loss = sg.nn.cross_entropy(S, LABELS, reduction=reduction)
        np.testing.assert_allclose(sg.evaluate(loss, AT), wanted, rtol=1e-13)
    gradient = sg.grad(sg.nn.cross_entropy(S, LABELS), S)
    np.testing.assert_allclose(sg.evaluate(gradient, AT), (softmax(SCORES) - ONE_HOT) / 4, rtol=1e-12, atol=1e-15)


def test_labels_may_be_lists_variables_and_of_either_integer_dtype() -> None:
    wanted = sg.evaluate(sg.nn.cross_entropy(S, LABELS), AT)
    assert sg.evaluate(sg.nn.cross_entropy(S, LABELS.tolist()), AT) == wanted
    for dtype in ("int32", "int64"):
        labels = sg.variable("labels", (4,), dtype)
        assert sg.evaluate(sg.nn.cross_entropy(S, labels), AT | {labels: LABELS.astype(dtype)}) == wanted


def test_cross_entropy_of_probabilities() -> None:
    by_index = sg.evaluate(sg.nn.cross_entropy(S, LABELS), AT)
    np.testing.assert_allclose(sg.evaluate(sg.nn.cross_entropy(S, ONE_HOT), AT), by_index, rtol=1e-14)
    soft = np.full((4, 3), 0.2)  # they need not add up to one
    loss = sg.nn.cross_entropy(S, soft, reduction="sum")
    np.testing.assert_allclose(sg.evaluate(loss, AT), -np.sum(soft * np.log(softmax(SCORES))), rtol=1e-13)
    gradient = sg.evaluate(sg.grad(loss, S), AT)
    np.testing.assert_allclose(gradient, 0.6 * softmax(SCORES) - soft, rtol=1e-12)


def test_cross_entropy_does_not_overflow() -> None:
    far = {S: 1e4 * np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, -1]])}
    loss = sg.nn.cross_entropy(S, LABELS, reduction="none")
    np.testing.assert_allclose(sg.evaluate(loss, far), [0, 1e4, 0, np.log(2)], rtol=1e-14)
    assert np.isfinite(sg.evaluate(sg.grad(loss.sum(), S), far)).all()


def test_more_and_fewer_axes() -> None:
    deep = sg.variable("deep", (2, 4, 3))
    labels = np.array([LABELS, LABELS[::-1]])
    scores = np.stack([SCORES, SCORES[::-1]])
    losses = sg.nn.cross_entropy(deep, labels, reduction="none")
    assert losses.shape == (2, 4)
    np.testing.assert_allclose(
        sg.evaluate(losses, {deep: scores})[1, ::-1], sg.evaluate(sg.nn.cross_entropy(S, LABELS, "none"), AT)
    )
    row = sg.variable("row", (3,))
    assert sg.nn.cross_entropy(row, 1).shape == ()
    batch = sg.variable("batch", (sg.dim("N"), 3))
    sized = sg.variable("sized", (sg.dim("N"),), "int64")
    found = sg.evaluate(sg.nn.cross_entropy(batch, sized), {batch: SCORES, sized: LABELS})
    np.testing.assert_allclose(found, sg.evaluate(sg.nn.cross_entropy(S, LABELS), AT), rtol=1e-15)


def test_hinge() -> None:
    margins = np.maximum(0, SCORES - SCORES[np.arange(4), LABELS][:, None] + 1)
    margins[np.arange(4), LABELS] = 0
    for reduction, wanted in [("mean", margins.sum(1).mean()), ("sum", margins.sum()), ("none", margins.sum(1))]:
        np.testing.assert_allclose(sg.evaluate(sg.nn.hinge(S, LABELS, reduction=reduction), AT), wanted, rtol=1e-13)
    active = (margins > 0).astype(float)
    active[np.arange(4), LABELS] = -active.sum(1)
    np.testing.assert_allclose(sg.evaluate(sg.grad(sg.nn.hinge(S, LABELS), S), AT), active / 4, atol=1e-16)
    wide = sg.evaluate(sg.nn.hinge(S, LABELS, margin=2.5, reduction="none"), AT)
    others = np.maximum(0, SCORES - SCORES[np.arange(4), LABELS][:, None] + 2.5).sum(1) - 2.5
    np.testing.assert_allclose(wide, others, rtol=1e-13)


def test_hinge_with_a_symbolic_or_negative_margin() -> None:
    margin = sg.variable("margin")
    loss = sg.nn.hinge(S, LABELS, margin)
    same = sg.evaluate(sg.nn.hinge(S, LABELS, 0.7), AT)
    np.testing.assert_allclose(sg.evaluate(loss, AT | {margin: 0.7}), same, rtol=1e-14)
    assert sg.evaluate(sg.nn.hinge(S, LABELS, -1e3), AT) == 0


def test_squared_error() -> None:
    target = np.ones((4, 3))
    for reduction, wanted in [("mean", np.mean), ("sum", np.sum), ("none", lambda a: a)]:
        loss = sg.nn.squared_error(S, target, reduction=reduction)
        np.testing.assert_allclose(sg.evaluate(loss, AT), wanted((SCORES - 1) ** 2), rtol=1e-13)
    np.testing.assert_allclose(sg.evaluate(sg.grad(sg.nn.squared_error(S, target), S), AT), (SCORES - 1) / 6)


def test_penalties() -> None:
    b = sg.variable("b", (2,), "float32")
    at = AT | {b: [3.0, -4.0]}
    np.testing.assert_allclose(sg.evaluate(sg.nn.l2({"S": S, "b": [b]}), at), np.sum(SCORES**2) + 25)
    np.testing.assert_allclose(sg.evaluate(sg.nn.l1([S, b]), at), np.abs(SCORES).sum() + 7)
    assert sg.nn.l2(b).dtype == "float32"
    with pytest.raises(GraphError, match="at least one tensor"):
        sg.nn.l2([])
    with pytest.raises(DtypeError, match="not NoneType"):
        sg.nn.l1([S, None])


def test_float32_stays() -> None:
    s = sg.variable("s", (4, 3), "float32")
    for loss in (
        sg.nn.cross_entropy(s, LABELS),
        sg.nn.cross_entropy(s, sg.variable("p", (4, 3), "float32")),
        sg.nn.hinge(s, LABELS, 0.5),
        sg.nn.squared_error(s, sg.variable("t", (4, 3), "float32")),
    ):
        assert loss.dtype == sg.grad(loss, s).dtype == "float32"


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: sg.nn.cross_entropy(S, [0, 1]),
            ShapeError,
            r"class indices of shape \(4,\) or probabilities of shape",
        ),
        (lambda: sg.nn.cross_entropy(S, np.ones(4)), ShapeError, r"not float64 of shape \(4,\)"),
        (lambda: sg.nn.cross_entropy(S, np.ones((4, 3), int)), ShapeError, r"not int64 of shape \(4, 3\)"),
        (lambda: sg.nn.cross_entropy(sg.variable("s"), 0), ShapeError, "scores need an axis of classes"),
        (lambda: sg.nn.cross_entropy(S, LABELS, reduction="max"), GraphError, "not 'max'"),
        (lambda: sg.nn.cross_entropy(S, None), DtypeError, "number"),
        (lambda: sg.nn.hinge(S, ONE_HOT), DtypeError, "hinge needs class indices"),
        (lambda: sg.nn.hinge(S, [0, 1, 2]), ShapeError, "class indices"),
        (lambda: sg.nn.squared_error(S, np.ones(3)), ShapeError, r"equal shapes, not \(4, 3\) and \(3,\)"),
        (lambda: sg.nn.squared_error(S, np.ones((4, 1))), ShapeError, "equal shapes"),
        (lambda: sg.nn.squared_error(S, ONE_HOT, "average"), GraphError, "not 'average'"),
    ],
)
def test_what_does_not_fit(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_labels_out_of_range_are_found() -> None:
    with pytest.raises(IndexRangeError, match="out of bounds"):
        sg.evaluate(sg.nn.cross_entropy(S, [0, 1, 2, 3]), AT)

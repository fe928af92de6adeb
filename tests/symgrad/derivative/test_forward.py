"""Forward mode: tangents of nested arguments, of intermediate tensors, of long chains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import GradientError, ShapeError

x, y = sg.variable("x", (3,)), sg.variable("y", ())
AT = {x: np.array([0.5, -1.0, 2.0]), y: 0.25}
LENGTH = 100_000


def test_nestings() -> None:
    outputs = {"product": x * y, "sums": [sg.sum(x), y]}
    tangents = sg.jvp(outputs, [x, {"y": y}], [np.ones(3), {"y": 2.0}])
    found = sg.evaluate(tangents, AT)
    np.testing.assert_allclose(found["product"], 0.25 + 2 * AT[x])
    assert [float(value) for value in found["sums"]] == [3, 2]


def test_what_does_not_depend_has_tangent_zero() -> None:
    assert sg.jvp(x, y, 1.0) is sg.zeros((3,))
    assert sg.jvp(sg.constant([1.0, 2.0]), x, [1.0, 2.0, 3.0]) is sg.zeros((2,))
    assert sg.jvp((x > 0).astype("float32"), x, [1.0, 1.0, 1.0]) is sg.zeros((3,), "float32")


def test_a_tensor_and_what_it_is_made_from_are_moved_together() -> None:
    """The tangent of h is its own plus what x brings: the transpose of the total gradients of the reverse mode."""
    h = sg.sin(x)
    z = h * h * x
    tangents = [np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 2.0])]
    moved = sg.evaluate(sg.jvp(sg.sum(z), [x, h], tangents), AT)
    slopes = sg.evaluate(sg.grad(sg.sum(z), [x, h]), AT)
    np.testing.assert_allclose(moved, sum(s @ t for s, t in zip(slopes, tangents, strict=True)), rtol=1e-12)


def test_tangents_may_be_symbolic() -> None:
    t = sg.variable("t", (3,))
    product = sg.jvp(x**2, x, t)
    np.testing.assert_allclose(sg.evaluate(product, AT | {t: [1.0, 2.0, 3.0]}), 2 * AT[x] * [1, 2, 3])
    # By the tangent it is linear.
    np.testing.assert_allclose(sg.evaluate(sg.grad(sg.sum(product), t), AT), 2 * AT[x])


def test_float32_stays() -> None:
    z = sg.variable("z", (3,), "float32")
    assert sg.jvp(sg.sum(z**3 / 7), z, np.ones(3, "float32")).dtype == "float32"
    assert sg.jvp(sg.sum(z**3 / 7), z, [1, 2.5, 3]).dtype == "float32"


@pytest.mark.parametrize(
    ("outputs", "wrt", "tangents", "error", "message"),
    [
        (x, x, [1.0], ShapeError, r"the tangent of <x.*must have shape \(3,\), not \(1,\)"),
        (x, [x, y], [np.ones(3)], GradientError, "the tangents must have the nesting"),
        (x, x, np.ones(3, "float32"), GradientError, "must have dtype float64, not float32"),
        (x, "x", 1.0, GradientError, "what to differentiate by must be a symbolic tensor"),
        (3.0, x, np.ones(3), GradientError, "an output must be a symbolic tensor"),
        (sg.argmax(x), x, np.ones(3), GradientError, "int64; derivatives exist for float32 and float64 only"),
    ],
)
def test_what_is_refused(outputs: Any, wrt: Any, tangents: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.jvp(outputs, wrt, tangents)


def test_a_chain_of_a_hundred_thousand() -> None:
    z = sg.variable("z")
    end = z
    for _ in range(LENGTH):
        end = sg.sin(end)
    value, slope = 1.0, 2.0
    for _ in range(LENGTH):
        value, slope = np.sin(value), slope * np.cos(value)
    np.testing.assert_allclose(sg.evaluate(sg.jvp(end, z, 2.0), {z: 1.0}), slope, rtol=1e-9)

"""Jacobians, Hessians and their products: shapes, nestings, symmetry, run-time sizes, high orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.derivative.higher import forward_jacobian, reverse_jacobian
from symgrad.errors import GradientError

x, A = sg.variable("x", (3,)), sg.variable("A", (2, 3))
AT = {x: np.array([0.5, -1.0, 2.0]), A: np.arange(6.0).reshape(2, 3)}


def test_jacobians_have_the_shapes_of_both() -> None:
    J = sg.jacobian(sg.sin(A @ x), {"x": x, "A": A})
    assert J["x"].shape == (2, 3)
    assert J["A"].shape == (2, 2, 3)
    slope = np.cos(AT[A] @ AT[x])
    np.testing.assert_allclose(sg.evaluate(J["x"], AT), slope[:, None] * AT[A], rtol=1e-12)
    np.testing.assert_allclose(
        sg.evaluate(J["A"], AT), slope[:, None, None] * np.eye(2)[:, :, None] * AT[x], rtol=1e-12
    )


def test_jacobians_of_numbers_and_of_nothing() -> None:
    y = sg.variable("y")
    assert sg.evaluate(sg.jacobian(y * y, y), {y: 3.0}) == 6
    assert sg.evaluate(sg.jacobian(x * y, y), AT | {y: 3.0}).tolist() == AT[x].tolist()
    assert sg.jacobian(x[:0], x).shape == (0, 3)
    assert sg.evaluate(sg.jacobian(x[:0], x), AT).shape == (0, 3)
    assert sg.evaluate(sg.jacobian(sg.variable("z", (2,)), x), {}).tolist() == np.zeros((2, 3)).tolist()


def test_both_modes_give_the_same_expression_values() -> None:
    y = sg.softmax(A * x, 1) @ x
    forward, reverse = sg.evaluate([forward_jacobian(y, A), reverse_jacobian(y, A)], AT)
    np.testing.assert_allclose(forward, reverse, rtol=1e-12)


def test_hessians_of_nestings_are_nestings_of_nestings() -> None:
    loss = sg.sum(sg.exp(A @ x))
    H = sg.hessian(loss, {"x": x, "A": [A]})
    assert H["x"]["x"].shape == (3, 3)
    assert H["x"]["A"][0].shape == (3, 2, 3)
    assert H["A"][0]["x"].shape == (2, 3, 3)
    assert H["A"][0]["A"][0].shape == (2, 3, 2, 3)
    values = sg.evaluate(H, AT)
    np.testing.assert_allclose(values["x"]["A"][0], np.moveaxis(values["A"][0]["x"], -1, 0), rtol=1e-11)
    weights = np.exp(AT[A] @ AT[x])
    np.testing.assert_allclose(values["x"]["x"], AT[A].T @ np.diag(weights) @ AT[A], rtol=1e-12)


def test_products_with_the_hessian_do_not_build_it() -> None:
    loss = sg.sum(sg.exp(A @ x))
    vectors = {"x": np.array([1.0, 2.0, 3.0]), "A": np.ones((2, 3))}
    wrt = {"x": x, "A": A}
    products = sg.evaluate(sg.hvp(loss, wrt, vectors), AT)
    H = sg.evaluate(sg.hessian(loss, wrt), AT)
    for name in wrt:
        wanted = sum(np.tensordot(H[name][k], vectors[k], vectors[k].ndim) for k in wrt)
        np.testing.assert_allclose(products[name], wanted, rtol=1e-11)


def test_run_time_sizes() -> None:
    z = sg.variable("z", (sg.dim("N"),))
    J = sg.jacobian(sg.cumsum(z**2), z)
    assert sg.evaluate(J, {z: [1.0, 2.0]}).tolist() == [[2, 0], [2, 4]]
    H = sg.hessian(sg.sum(z**3), z)
    assert sg.evaluate(H, {z: [1.0, 2.0, 3.0]}).tolist() == np.diag([6.0, 12.0, 18.0]).tolist()


def test_any_order() -> None:
    y = sg.variable("y")
    z = sg.exp(2 * y)
    for order in range(1, 7):
        z = sg.grad(z, y)
        assert float(sg.evaluate(z, {y: 0.5})) == pytest.approx(2**order * np.e, rel=1e-13)
    third = sg.jacobian(sg.hessian(sg.sum(x**4), x), x)
    wanted = np.zeros((3, 3, 3))
    wanted[range(3), range(3), range(3)] = 24 * AT[x]
    np.testing.assert_allclose(sg.evaluate(third, AT), wanted, rtol=1e-12)


def test_the_jacobian_of_a_jacobian_is_not_confused_by_names() -> None:
    y = sg.variable("y", (2,))
    inner = sg.jacobian(y * y, y)
    outer = sg.jacobian(inner @ y, y)
    assert sg.evaluate(outer, {y: [1.0, 2.0]}).tolist() == [[4, 0], [0, 8]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sg.jacobian([x], x), "the output must be a symbolic tensor, not list"),
        (lambda: sg.jacobian(x, None), "what to differentiate by must be a symbolic tensor"),
        (lambda: sg.jacobian(sg.argmax(x), x), "int64; derivatives exist"),
        (lambda: sg.hessian(x, x), "grad needs a single number"),
        (lambda: sg.hvp(x, x, x), "grad needs a single number"),
        (lambda: sg.hvp(sg.sum(x), [x], x), "the tangents must have the nesting"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(GradientError, match=message):
        call()

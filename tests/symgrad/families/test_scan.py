"""Scans: running sums and products, the recurrence they are made of, and its derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import ShapeError
from symgrad.families.scan import exclusive_product, is_running_sum, linear_recurrence, running_product_of, shift


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (0, 2), (3, 0)])
def test_running_sums_and_products_are_numpys(name: str, axis: int | None, shape: tuple[int, ...]) -> None:
    x, array = sg.variable("x", shape), np.random.default_rng(0).normal(size=shape)
    found = getattr(np, name)(x, axis=axis)
    np.testing.assert_allclose(sg.evaluate(found, {x: array}), getattr(np, name)(array, axis=axis), rtol=1e-13)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_recurrence_by_hand(reverse: bool) -> None:
    a, b = np.array([9.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])
    found = sg.evaluate(linear_recurrence(sg.constant(a), sg.constant(b), 0, reverse))
    # The coefficient of the first place meets h[-1] = 0.
    assert found.tolist() == ([9 * (2 * 1 + 1) + 1, 2 * 1 + 1, 1] if reverse else [1, 2 * 1 + 1, 3 * 3 + 1])


@pytest.mark.parametrize("zeros", [[], [0], [2], [1, 3], [0, 1, 2, 3]])
def test_cumprod_has_exact_slopes_at_zeros(zeros: list[int]) -> None:
    values = np.array([2.0, -1.5, 0.5, 3.0])
    values[zeros] = 0
    x = sg.variable("x", (4,))
    jacobian = sg.evaluate(sg.jacobian(sg.cumprod(x), x), {x: values})
    wanted = [[np.prod(np.delete(values[: i + 1], j)) if j <= i else 0 for j in range(4)] for i in range(4)]
    np.testing.assert_allclose(jacobian, wanted, rtol=1e-15)


def test_a_shift_brings_in_zeros() -> None:
    x = sg.variable("x", (3, 2))
    at = {x: np.arange(1.0, 7.0).reshape(3, 2)}
    assert sg.evaluate(shift(x, 0, 1), at).tolist() == [[0, 0], [1, 2], [3, 4]]
    assert sg.evaluate(shift(x, 1, -1), at).tolist() == [[2, 0], [4, 0], [6, 0]]
    empty = sg.variable("e", (0,))
    assert sg.evaluate(shift(empty, 0, 1), {empty: []}).shape == (0,)


def test_products_of_the_others_do_not_divide() -> None:
    x = sg.variable("x", (3,))
    assert sg.evaluate(exclusive_product(x, (0,)), {x: [0.0, 2.0, 5.0]}).tolist() == [10, 0, 0]
    assert sg.evaluate(exclusive_product(x, (0,)), {x: [0.0, 2.0, 0.0]}).tolist() == [0, 0, 0]


def test_run_time_sizes() -> None:
    x = sg.variable("x", (sg.dim("N"),))
    for size in (0, 1, 4):
        array = np.arange(1.0, size + 1)
        np.testing.assert_array_equal(sg.evaluate(sg.cumprod(x), {x: array}), np.cumprod(array))
        assert sg.evaluate(sg.grad(sg.sum(sg.cumprod(x)), x), {x: array}).shape == (size,)


def test_shapes_must_be_equal() -> None:
    with pytest.raises(ShapeError, match=r"equal shapes, not \(2,\) and \(3,\)"):
        linear_recurrence(sg.variable("a", (2,)), sg.variable("b", (3,)), 0)


X = sg.variable("X", (4, 3))
SIZE = sg.dim("N")
R = sg.variable("R", (SIZE,))


@pytest.mark.parametrize("tensor", [sg.cumsum(X, axis=0), sg.cumsum(X), sg.cumsum(R), sg.grad(sg.sum(sg.cumsum(R)), R)])
def test_running_sums_are_recognised(tensor):
    assert is_running_sum(tensor)
    assert running_product_of(tensor) is None


@pytest.mark.parametrize(
    ("tensor", "factors"), [(sg.cumprod(X, axis=0), X), (sg.cumprod(X, axis=1), X), (sg.cumprod(R), R)]
)
def test_running_products_are_recognised(tensor, factors):
    assert running_product_of(tensor) is factors
    assert not is_running_sum(tensor)


def test_other_recurrences_are_neither():
    first = sg.equal(sg.arange(4)[:, None], 0)
    others = [
        linear_recurrence(X, X, 0),
        linear_recurrence(sg.where(first, 0, X), sg.where(first, 2 * X, 0), 0),
        linear_recurrence(sg.where(first, 0, X), sg.where(first, X, 0), 1),
        linear_recurrence(sg.where(first, 0, X), sg.where(first, X, 0), 0, reverse=True),
    ]
    for other in others:
        assert not is_running_sum(other)
        assert running_product_of(other) is None

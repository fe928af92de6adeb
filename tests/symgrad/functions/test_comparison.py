"""Comparisons and choices: NaN, mixed dtypes, slopes of the branches."""

import numpy as np
import pytest

import symgrad as sg


@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
def test_nan_compares_as_in_numpy(name: str) -> None:
    x, y = sg.variable("x", (3,)), sg.variable("y", (3,))
    at = {x: [np.nan, 1.0, np.nan], y: [np.nan, np.nan, 1.0]}
    found = sg.evaluate(getattr(sg, name)(x, y), at)
    assert found.tolist() == getattr(np, name)(at[x], at[y]).tolist()


def test_different_dtypes_compare_in_their_common_one() -> None:
    x, n = sg.variable("x", (2,), "float32"), sg.variable("n", (2,), "int64")
    at = {x: np.array([1.5, 2.0], "float32"), n: np.array([1, 2])}
    assert sg.evaluate(sg.equal(x, n), at).tolist() == [False, True]


def test_logic_takes_numbers_as_numpy_does() -> None:
    x = sg.variable("x", (4,))
    at = {x: [0.0, -0.0, np.nan, 2.0]}
    assert sg.evaluate(sg.logical_not(x), at).tolist() == [True, True, False, False]
    assert sg.evaluate(sg.logical_and(x, True), at).tolist() == [False, False, True, True]


def test_where_gives_the_slope_to_the_branch_taken() -> None:
    c, x, y = sg.variable("c", (3,), "bool"), sg.variable("x", (3,)), sg.variable("y")
    by_x, by_y = sg.grad(sg.where(c, x, y).sum(), [x, y])
    at = {c: [True, False, False], x: [1.0, 2.0, 3.0], y: 4.0}
    assert sg.evaluate(by_x, at).tolist() == [1, 0, 0]
    assert sg.evaluate(by_y, at) == 2


def test_where_promotes_its_branches() -> None:
    c = sg.variable("c", (2,), "bool")
    assert sg.where(c, sg.variable("a", (2,), "float32"), 1).dtype == "float32"
    assert sg.where(c, sg.variable("a", (2,), "float32"), sg.variable("b", (2,))).dtype == "float64"
    assert sg.where(c, 1, 2).dtype == "int64"

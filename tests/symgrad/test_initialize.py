"""Initial values: what each rule draws, streams of their own, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.leaf import INIT_RULES
from symgrad.initialize import fans


def draw(shape: tuple[int, ...], init: Any, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return sg.initialize(sg.variable("W", shape, dtype, init=init), seed)


@pytest.mark.parametrize(
    ("rule", "shape", "deviation"),
    [
        ("he", (200, 300), np.sqrt(2 / 200)),
        ("he", (50, 20, 5, 5), np.sqrt(2 / 500)),
        ("he", (10000,), np.sqrt(2 / 10000)),
        ("lecun", (200, 300), np.sqrt(1 / 200)),
        ("normal", (200, 300), 0.01),
        ("glorot", (200, 300), np.sqrt(2 / 500)),
        ("glorot", (50, 20, 5, 5), np.sqrt(2 / 1750)),
        ("uniform", (200, 300), np.sqrt(1 / 200 / 3)),
    ],
)
def test_rules_have_their_spread(rule: str, shape: tuple[int, ...], deviation: float) -> None:
    values = draw(shape, rule)
    assert values.shape == shape
    assert values.std() == pytest.approx(deviation, rel=0.03)
    assert abs(values.mean()) < 0.03 * deviation
    assert values.flags.writeable
    assert values.flags.c_contiguous


@pytest.mark.parametrize(("rule", "limit"), [("glorot", np.sqrt(6 / 500)), ("uniform", 1 / np.sqrt(200))])
def test_uniform_rules_stay_within_their_limits(rule: str, limit: float) -> None:
    assert 0.99 * limit < np.abs(draw((200, 300), rule)).max() <= limit


@pytest.mark.parametrize(
    ("init", "dtype", "wanted"),
    [
        ("zeros", "float32", [0, 0]),
        ("ones", "int64", [1, 1]),
        ("ones", "bool", [True, True]),
        (0.25, "float32", [0.25, 0.25]),
        (3, "int32", [3, 3]),
        (3.0, "int32", [3, 3]),
        ([1.5, 2.5], "float32", [1.5, 2.5]),
        (np.array([1, 2]), "float64", [1, 2]),
        (lambda random, shape: np.arange(shape[0]), "float32", [0, 1]),
        (None, "float64", [0, 0]),
    ],
)
def test_values_are_those_given_in_the_dtype_of_the_variable(init: Any, dtype: str, wanted: list[Any]) -> None:
    values = draw((2,), init, dtype)
    assert values.dtype == dtype
    assert values.tolist() == wanted


def test_matrices_without_a_rule_are_glorots() -> None:
    assert np.array_equal(draw((3, 4), None), draw((3, 4), "glorot"))


def test_every_rule_that_can_be_declared_can_be_drawn() -> None:
    for rule in INIT_RULES:
        for shape in [(), (3,), (3, 2), (4, 3, 2), (0, 3), (3, 0)]:
            values = draw(shape, rule, "float32")
            assert values.shape == shape
            assert values.dtype == "float32"
            assert np.isfinite(values).all()


def test_a_stream_depends_on_seed_and_name_only() -> None:
    a, b = sg.variable("a", (3,), init="normal"), sg.variable("b", (3,), init="normal")
    together = sg.initialize({"first": a, "rest": [b, {"again": a}]}, seed=5)
    assert np.array_equal(together["first"], sg.initialize(a, seed=5))
    assert np.array_equal(together["rest"][0], sg.initialize([b], seed=5)[0])
    assert np.array_equal(together["rest"][1]["again"], together["first"])
    assert together["rest"][1]["again"] is not together["first"]
    assert not np.array_equal(together["first"], together["rest"][0])
    assert not np.array_equal(together["first"], sg.initialize(a, seed=6))


def test_callables_get_the_stream_and_the_shape() -> None:
    def rule(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        assert shape == (2, 3)
        return random.exponential(size=shape)

    assert (draw((2, 3), rule) > 0).all()
    assert np.array_equal(draw((2, 3), rule), draw((2, 3), rule))


def test_symmetric_variables_get_symmetric_values() -> None:
    values = sg.initialize(sg.variable("S", (2, 4, 4), init="he", symmetric=True))
    assert np.array_equal(values, values.swapaxes(1, 2))
    with pytest.raises(GraphError, match="must be symmetric"):
        sg.initialize(sg.variable("S", (2, 2), init=[[1.0, 2.0], [3.0, 4.0]], symmetric=True))


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            sg.variable("X", (sg.dim("N"), 3)),
            ShapeError,
            r"'X' of shape \(N, 3\) cannot be initialized: N is known only",
        ),
        (sg.variable("n", (2,), "int64", init="he"), DtypeError, "int64; the rule 'he' draws floats"),
        (sg.variable("n", (2,), "int64", init=2.5), DtypeError, "must be of dtype int64, not float64"),
        (sg.variable("n", (2,), "bool", init=2), DtypeError, "must be of dtype bool"),
        (sg.variable("x", (2,), init=[1.0]), ShapeError, r"must have shape \(2,\), not \(1,\)"),
        (sg.variable("x", (2,), init=lambda random, shape: 1.0), ShapeError, r"must have shape \(2,\), not \(\)"),
        (sg.variable("x", (), init=lambda random, shape: "a"), DtypeError, "must be of dtype float64"),
        ({"y": sg.variable("x") * 2}, GraphError, "only variables can be initialized"),
        ([None], GraphError, "only variables can be initialized, not None"),
    ],
)
def test_what_cannot_be_initialized(params: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.initialize(params)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, None])
def test_seeds_are_non_negative_ints(seed: Any) -> None:
    with pytest.raises(GraphError, match="seed must be a non-negative int"):
        sg.initialize(sg.variable("x"), seed)


def test_fans() -> None:
    assert fans((0, 5)) == (1, 5)
    assert fans((8, 4, 3)) == (12, 24)

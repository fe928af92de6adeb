"""Nested arguments: flattening, and the structure that others must have."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.derivative.trees import flatten, matching
from symgrad.errors import GradientError, ShapeError
from symgrad.nestings import unflatten

x, y = sg.variable("x", (2,)), sg.variable("y", (), "float32")


def test_a_nesting_survives_the_round_trip() -> None:
    tree = {"b": [x, (y,)], "a": {"c": x}, "empty": {}}
    leaves, structure = flatten(tree, "it")
    assert set(leaves) == {x, y}
    assert unflatten(structure, leaves) == tree


def test_leaves_are_named_in_errors() -> None:
    with pytest.raises(GradientError, match=r"a weight must be a symbolic tensor .* not float: 1\.5"):
        flatten({"w": 1.5}, "a weight")
    with pytest.raises(GradientError, match=r"a weight .* has dtype bool"):
        flatten(x > 0, "a weight")


def test_matching_leaves_are_converted() -> None:
    leaves, structure = flatten([x, {"y": y}], "it")
    found = matching([[1, 2], {"y": 3}], leaves, structure, "tangent")
    assert found == [sg.constant([1.0, 2.0]), sg.constant(3, "float32")]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([np.ones(2)], GradientError, "the tangents must have the nesting"),
        ([np.ones(3), 1.0], ShapeError, r"the tangent of <x.* must have shape \(2,\), not \(3,\)"),
        ([np.ones(2), np.float64(1.0)], GradientError, "must have dtype float32, not float64"),
        ([np.ones(2), sg.variable("n", (), "int32")], GradientError, "must have dtype float32, not int32"),
    ],
)
def test_what_does_not_match(given: object, error: type[Exception], message: str) -> None:
    leaves, structure = flatten([x, y], "it")
    with pytest.raises(error, match=message):
        matching(given, leaves, structure, "tangent")

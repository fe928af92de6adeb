"""Nestings: apart and together again."""

from collections import OrderedDict, namedtuple

import pytest

from symgrad.nestings import flatten, unflatten

Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    ("nesting", "leaves"),
    [
        (1, [1]),
        (None, [None]),
        ([1, (2, 3)], [1, 2, 3]),
        ({"b": 1, "a": [2]}, [2, 1]),
        (OrderedDict(b=1, a=2), [1, 2]),
        (Pair(1, {"x": 2}), [1, 2]),
        ([], []),
        ({"a": {}}, []),
    ],
)
def test_apart_and_together(nesting: object, leaves: list[object]) -> None:
    found, structure = flatten(nesting)
    assert found == leaves
    again = unflatten(structure, found)
    assert again == nesting
    assert type(again) is type(nesting)
    assert flatten(unflatten(structure, list("abc"[: len(leaves)])))[0] == list("abc"[: len(leaves)])

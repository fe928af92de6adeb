"""Nestings as tables."""

import ctypes
from collections import namedtuple

import numpy as np
import optree

from codegen.entry.interpreter import python_function
from codegen.entry.nestings import nestings, nodes

Pair = namedtuple("Pair", "first second")


def tree(nesting):
    return optree.tree_flatten(nesting, none_is_leaf=True)[1]


def test_containers_stand_before_what_is_in_them():
    found = nodes(tree(["a", {"k": ["b"], "j": "c"}]))
    assert found.arguments == 2
    kinds = [(node.type, node.parent, node.length) for node in found.table]
    assert kinds[0] == (id(np.ndarray), 0, -1)
    assert kinds[1] == (id(dict), 0, 2)
    assert [node.get for node in found.table[:2]] == [0, 0]
    assert [node.key for node in found.table[:2]] == [0, 1]
    # The flat order is that of optree, which sorts keys: a, c, b.
    assert [found.table[leaf].type for leaf in found.leaves] == [id(np.ndarray)] * 3
    b = found.table[found.leaves[2]]
    assert b.get == python_function("PyList_GetItem")
    inside = found.table[b.parent]
    assert (inside.type, inside.length, inside.parent) == (id(list), 1, 1)
    assert ctypes.cast(inside.key, ctypes.py_object).value == "k"


def test_results_are_built_from_the_inside():
    steps = nestings(tree([{"k": ("a",)}, "b"]))
    counts = [(step.count, bool(step.new), bool(step.keys)) for step in steps.table]
    assert counts == [(0, False, False), (1, True, False), (1, True, True), (0, False, False), (2, True, False)]
    assert [step.leaf for step in steps.table if not step.new] == [0, 1]


def test_what_only_python_knows_has_no_table():
    assert nodes(tree([Pair(1, 2)])) is None
    assert nestings(tree(["a", [Pair(1, 2)]])) is None
    assert len(nodes(tree([])).table) == 0
    assert len(nestings(tree("a")).table) == 1

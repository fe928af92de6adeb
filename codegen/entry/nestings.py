"""The nestings of arguments and results as tables of steps; lists, tuples and dicts of them.

Other nestings that optree knows (named tuples, ordered dicts, classes that were registered) have no table.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree

from codegen.entry.interpreter import python_function
from codegen.entry.layout import Nesting, Node

_GETTERS: dict[type, str] = {list: "PyList_GetItem", tuple: "PyTuple_GetItem", dict: "PyDict_GetItemWithError"}
_MAKERS: dict[type, tuple[str, str]] = {
    list: ("PyList_New", "PyList_SetItem"),
    tuple: ("PyTuple_New", "PyTuple_SetItem"),
    dict: ("PyDict_New", "PyDict_SetItem"),
}


@dataclass(frozen=True)
class Nodes:
    """How the arrays are found in the arguments: containers before what is in them."""

    arguments: int
    table: ctypes.Array[Node]
    leaves: list[int]
    """The node of each array."""
    keys: list[Any]
    """Objects that the table points to."""


@dataclass(frozen=True)
class Nestings:
    """How the result is built from arrays: what is in containers before these."""

    table: ctypes.Array[Nesting]
    kept: list[Any]
    """Objects that the table points to."""


def nodes(tree: optree.PyTreeSpec) -> Nodes | None:
    """Return the nodes of a list of arguments, or None if there is a nesting that only Python knows."""
    arguments: Any = optree.tree_unflatten(tree, range(tree.num_leaves))
    table: list[Node] = []
    leaves = [0] * tree.num_leaves
    keys: list[Any] = []
    pending: list[tuple[Any, int, int, int]] = [(thing, 0, 0, i) for i, thing in enumerate(arguments)][::-1]
    while pending:
        thing, get, parent, key = pending.pop()
        kind = type(thing)
        if kind is int:
            leaves[thing] = len(table)
            table.append(Node(get, parent, key, id(np.ndarray), -1, 0))
            continue
        if kind not in _GETTERS:
            return None
        getter, place = python_function(_GETTERS[kind]), len(table)
        table.append(Node(get, parent, key, id(kind), len(thing), 0))
        if kind is dict:
            keys += thing
            pending += [(entry, getter, place, id(name)) for name, entry in thing.items()]
        else:
            pending += [(entry, getter, place, i) for i, entry in enumerate(thing)]
    return Nodes(len(arguments), (Node * len(table))(*table), leaves, keys)


def nestings(tree: optree.PyTreeSpec) -> Nestings | None:
    """Return the steps that build a result, or None if only Python can build it."""
    steps: list[Nesting] = []
    kept: list[Any] = []
    # Written from the end: a container, then what is in it from the last to the first.
    pending: list[Any] = [optree.tree_unflatten(tree, range(tree.num_leaves))]
    while pending:
        thing = pending.pop()
        kind = type(thing)
        if kind is int:
            steps.append(Nesting(leaf=thing))
            continue
        if kind not in _MAKERS:
            return None
        new, setter = map(python_function, _MAKERS[kind])
        keys = 0
        if kind is dict:
            names = (ctypes.c_int64 * len(thing))(*map(id, thing))
            kept += [*thing, names]
            keys, thing = ctypes.addressof(names), list(thing.values())
        steps.append(Nesting(0, len(thing), new, setter, keys))
        pending += thing
    return Nestings((Nesting * len(steps))(*steps[::-1]), kept)

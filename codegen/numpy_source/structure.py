"""Nested arguments and results: how a function takes its parameters apart and puts its results together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import optree

from codegen.numpy_source.code import tuple_text
from codegen.numpy_source.names import Names
from symgrad.errors import GraphError

Structure = Any
"""What optree.tree_structure returns."""

_SEQUENCES = (optree.PyTreeKind.TUPLE, optree.PyTreeKind.LIST, optree.PyTreeKind.NAMEDTUPLE)
_MAPPINGS = (optree.PyTreeKind.DICT, optree.PyTreeKind.ORDEREDDICT, optree.PyTreeKind.DEFAULTDICT)


def parameters(structure: Structure, leaves: Sequence[str], names: Names) -> tuple[list[str], list[str]]:
    """Return the parameters of a function with the children of `structure` as arguments, and the unpacking lines.

    A child that is a single tensor is a parameter of the name in `leaves`; a nesting of them gets a name from `names`.

    >>> structure = optree.tree_structure([0, {"W": 0, "b": 0}])
    >>> parameters(structure, ["X", "W", "b"], Names())
    (['X', 'params'], ['W = params["W"]', 'b = params["b"]'])
    """
    rest = iter(leaves)
    children = [structure] if structure.is_leaf() else structure.children()
    arguments: list[str] = []
    lines: list[str] = []
    for child in children:
        if child.is_leaf():
            arguments.append(next(rest))
            continue
        _check(child)
        arguments.append(names.claim("params"))
        for path in child.paths():
            keys = "".join(f"[{key_text(key)}]" for key in path)
            lines.append(f"{next(rest)} = {arguments[-1]}{keys}")
    return arguments, lines


def result(structure: Structure, leaves: Sequence[str]) -> str:
    """Return the display of a nesting with the given texts as its leaves.

    >>> result(optree.tree_structure([0, {"W": 0, "b": (0,)}]), ["L", "dW", "db"])
    '[L, {"W": dW, "b": (db,)}]'
    """
    _check(structure)
    return _display(structure, iter(leaves))


def _display(structure: Structure, leaves: Iterator[str]) -> str:
    if structure.is_leaf():
        return next(leaves)
    parts = [_display(child, leaves) for child in structure.children()]
    if structure.kind in _MAPPINGS:
        pairs = zip(structure.entries(), parts, strict=True)
        return f"{{{', '.join(f'{key_text(key)}: {part}' for key, part in pairs)}}}"
    if structure.kind is optree.PyTreeKind.LIST:
        return f"[{', '.join(parts)}]"
    return tuple_text(parts)


def _check(structure: Structure) -> None:
    """Refuse containers that source without imports cannot name. Named tuples are written as plain ones."""
    waiting = [structure]
    while waiting:
        part = waiting.pop()
        if not part.is_leaf():
            if part.kind not in (*_SEQUENCES, *_MAPPINGS):
                raise GraphError(f"NumPy source can nest dicts, lists and tuples, not {part.type}")
            waiting.extend(part.children())


def key_text(key: object) -> str:
    """Return a key of a dictionary as source, strings in double quotes."""
    if isinstance(key, str) and not set(key) & {'"', "\\\\", "\\n"} and key.isprintable():
        return f'"{key}"'
    if not isinstance(key, (str, int, float, bool)):
        raise GraphError(f"NumPy source cannot write the dictionary key {key!r}")
    return repr(key)


def last_keys(structure: Structure) -> list[str | None]:
    """Return for each leaf the last key on its path that is a string, to name it by.

    >>> last_keys(optree.tree_structure((0, {"accuracy": 0})))
    [None, 'accuracy']
    """
    return [next((key for key in reversed(path) if isinstance(key, str)), None) for path in structure.paths()]

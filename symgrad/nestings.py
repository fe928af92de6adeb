"""Nestings: dicts, lists and tuples of leaves, as arguments and results have them.

optree takes them apart. It is loaded when the first nesting comes, so that `import symgrad` stays fast.
"""

from __future__ import annotations

from typing import Any

Structure = Any
"""What a nesting is without its leaves (an optree.PyTreeSpec)."""


def flatten(nesting: Any) -> tuple[list[Any], Structure]:
    """Return the leaves of a nesting, and its structure. None is a leaf.

    >>> flatten({"b": [1, None], "a": 2})
    ([2, 1, None], PyTreeSpec({'a': *, 'b': [*, *]}, NoneIsLeaf))
    """
    import optree

    return optree.tree_flatten(nesting, none_is_leaf=True)


def unflatten(structure: Structure, leaves: list[Any]) -> Any:
    """Return the nesting with other leaves."""
    import optree

    return optree.tree_unflatten(structure, leaves)

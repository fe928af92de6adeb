"""Comments: the formula of a line that does not read as one, in the words of `sg.formula`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from codegen.numpy_source.plan import Plan
from symgrad.families.leaf import constant_number
from symgrad.formula.document import write_document
from symgrad.formula.styles import print_readable
from symgrad.simplify.textbook import textbook
from symgrad.tensor import Tensor

_LONGEST = 300
"""Longer formulas say no more than the code does."""
_MOST_NODES = 60
_WIDTH = 96


class Comments:
    """Writes the formula of a named node in terms of the arguments and of the other named nodes."""

    def __init__(self, plan: Plan, arguments: Mapping[Tensor, str]) -> None:
        self.plan = plan
        self.arguments = arguments
        self.named = {node: name for node, name in plan.names_of_all().items() if constant_number(node) is None}

    def lines(self, node: Tensor, name: str, code: str, own: Mapping[str, str]) -> list[str]:
        """Return the comment for `name = code`; nothing where the code says as much in as few characters.

        `own` has what stands behind names that people did not give: the code of lines, nothing for helpers.
        """
        used = set(re.findall(r"\w+", code)).intersection(own)
        if not used:
            return []
        others = {other: called for other, called in self.named.items() if self.plan.meant(other) is not node}
        others |= self.arguments
        if not _is_small(node, others):
            return []
        (simple,) = textbook([node], keep=others)
        formula = print_readable(write_document([simple], opaque=others))
        shortest = min(_LONGEST, len(code) + sum(len(own[word]) for word in used))
        if ";" in formula or len(formula) >= shortest or _plain(formula) == _plain(code):
            return []
        text = f"{self.plan.names.get(node, name)} = {formula}"
        return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#     ")


def _plain(text: str) -> str:
    """Return a formula without what tells Python from notation: np., and dL_dh for dL/dh."""
    return re.sub(r"np\.|[\s_/]", "", text)


def _is_small(node: Tensor, known: Mapping[Tensor, str]) -> bool:
    """Return whether there are few nodes between a node and the known ones below it."""
    waiting, seen = [node], {node}
    while waiting and len(seen) <= _MOST_NODES:
        below = [child for child in waiting.pop().inputs if child not in known and child not in seen]
        seen.update(below)
        waiting += below
    return not waiting

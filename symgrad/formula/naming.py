"""Names in formulas: the user's own where there are any, made into Python identifiers that nothing else has."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Sequence

from symgrad.families.layout import Named
from symgrad.families.leaf import Constant, Variable
from symgrad.formula.notation import Name
from symgrad.formula.text_names import WORDS
from symgrad.tensor import Tensor


def identifier(name: str) -> str:
    """Return a Python identifier that reads like `name`.

    >>> identifier("dL/dW1"), identifier("layer.0.weight"), identifier("lambda"), identifier("2nd")
    ('dL_dW1', 'layer_0_weight', 'lambda_', '_2nd')
    """
    result = unicodedata.normalize("NFKC", name)  # as Python does with the names it reads
    if not result.isidentifier():
        kept = "".join(character if f"_{character}".isidentifier() else " " for character in result)
        result = "_".join(kept.split())
        result = result if result.isidentifier() else f"_{result}"
    return f"{result}_" if keyword.iskeyword(result) else result


class Names:
    """Names given out so far. No two are the same, and none is one of `reserved`."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = set(reserved)
        self._reserved = frozenset(self._taken)
        self._next: dict[str, int] = {}

    def claim(self, name: str, ending: str = "") -> Name:
        """Return `name` as it is; where another has it already, with `ending` or a number."""
        wanted = identifier(name)
        if wanted in self._reserved:
            wanted = f"{wanted}_"
        if wanted not in self._taken:
            self._taken.add(wanted)
            return Name(wanted, name)
        if ending:
            return self.claim(f"{name}{ending}")
        found, number = self._numbered(wanted, 2)
        return Name(found, f"{name}_{number}")

    def fresh(self, stem: str) -> Name:
        """Return `stem` with the next number that is free."""
        found, _ = self._numbered(stem, 1, "")
        return Name(found, found)

    def _numbered(self, stem: str, start: int, between: str = "_") -> tuple[str, int]:
        number = self._next.get(stem, start)
        while f"{stem}{between}{number}" in self._taken:
            number += 1
        self._next[stem] = number + 1
        self._taken.add(f"{stem}{between}{number}")
        return f"{stem}{between}{number}", number


def node_names(nodes: Sequence[Tensor], root: Tensor, root_name: str) -> dict[Tensor, str]:
    """Return what each node of a circuit is called: as the user called it, `root_name` or with a number.

    Numbers have no names. A tensor and its name for people are called the same.
    """
    names = Names(WORDS)
    result: dict[Tensor, str] = {}
    for node in nodes:
        if isinstance(node.operation, Variable):
            result[node] = names.claim(node.operation.name).display
    owners: dict[Tensor, str] = {}
    for node in nodes:
        if isinstance(node.operation, Named) and not isinstance(node.inputs[0].operation, (Variable, Constant, Named)):
            owners.setdefault(node.inputs[0], node.operation.name)
    for node in nodes:
        if node in result or (isinstance(node.operation, Constant) and node.operation.is_number):
            continue
        if isinstance(node.operation, Named) and owners.get(node.inputs[0]) == node.operation.name:
            result[node] = result[node.inputs[0]]
            continue
        own = node.operation.name if isinstance(node.operation, Named) else owners.get(node)
        if own is None and node is root:
            own = root_name
        result[node] = names.claim(own).display if own else names.fresh("t").identifier
    return result

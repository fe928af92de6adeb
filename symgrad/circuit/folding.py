"""Folding: what of a big circuit goes together into one box."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from symgrad.families.layout import Named
from symgrad.tensor import Tensor

MOST_GATES = 40
"""Circuits with more gates are folded by default, if there are names to fold by."""
MOST_BOXES = 80
"""A drawing never has more groups: neighbouring ones go together."""
MOST_GATES_UNFOLDED = 2000
"""Beyond this a drawing gate by gate is refused: nobody could read it, and it would take minutes."""


def is_folded(number_of_gates: int, number_of_names: int, wanted: bool | None) -> bool:
    """Return whether a circuit is drawn in groups: as wanted, or by its size and whether it has names."""
    if wanted is not None:
        return wanted
    return number_of_gates > (MOST_GATES if number_of_names else MOST_BOXES)


def named_gates(nodes: Sequence[Tensor], representative: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """Return the gates that the user named, in the order of `nodes`."""
    found = {
        representative[node] for node in nodes if isinstance(node.operation, Named) and representative[node].inputs
    }
    return [node for node in nodes if node in found]


def group_by_heads(
    gates: Sequence[Tensor], sources: Callable[[Tensor], Collection[Tensor]], heads: Sequence[Tensor]
) -> dict[Tensor, Tensor]:
    """Return for each gate the head of its group: the first head that its value flows into.

    `gates` are in topological order, and the last of them is a head. Going by the *first* head keeps the picture free
    of cycles: along every wire the place of the head in the order can only grow.
    """
    place = {head: i for i, head in enumerate(heads)}
    chosen: dict[Tensor, int] = {}
    for gate in reversed(gates):
        own = place.get(gate, chosen.get(gate, len(heads) - 1))
        chosen[gate] = own
        for source in sources(gate):
            chosen[source] = min(own, chosen.get(source, own))
    return {gate: heads[chosen[gate]] for gate in gates}


def thinned(heads: Sequence[Tensor], gates: Sequence[Tensor]) -> list[Tensor]:
    """Return at most MOST_BOXES heads: of too many every n-th; without names, every n-th gate of a big circuit.

    The last gate is always one of them.
    """
    root = gates[-1]
    chosen = [head for head in heads if head is not root]
    if not chosen and len(gates) > MOST_BOXES:
        chosen = list(gates[:-1])
    step = -(-len(chosen) // (MOST_BOXES - 1))
    return [*(chosen[step - 1 :: step] if step > 1 else chosen), root]

"""What is written in which order: which nodes are needed, how often, and under which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from codegen.numpy_source.form import Form
from codegen.numpy_source.forms import form_of
from symgrad.families.layout import Named
from symgrad.families.leaf import Constant, Variable, constant_number
from symgrad.graph import topological_order
from symgrad.tensor import Tensor


class Plan:
    """The nodes that `roots` need, by their forms.

    Attributes
    ----------
    forms: how each node is written; arguments have none.
    uses: in how many places the text of each node is needed.
    names: what people call a node.
    """

    def __init__(self, roots: Sequence[Tensor], names: Iterable[tuple[Tensor, str]] = ()) -> None:
        order = topological_order(roots)
        self._meant: dict[Tensor, Tensor] = {}
        self.names: dict[Tensor, str] = {}
        for node in order:
            named = isinstance(node.operation, Named)
            self._meant[node] = self._meant[node.inputs[0]] if named else node
            if named:
                self._name(self._meant[node], node.operation.name)  # type: ignore[attr-defined]
        for node, name in names:
            self._name(self.meant(node), name)
        users = Counter(
            self.meant(child) for node in order if not isinstance(node.operation, Named) for child in node.inputs
        )
        users.update(self.meant(root) for root in roots)

        def once(node: Tensor) -> bool:
            return users[node] == 1 and node not in self.names and self._meant[node] is node

        self.forms: dict[Tensor, Form] = {}
        self.uses: Counter[Tensor] = Counter(self.meant(root) for root in roots)
        waiting = list(self.uses)
        while waiting:
            node = waiting.pop()
            if node in self.forms or isinstance(node.operation, Variable):
                continue
            self.forms[node] = form_of(node, once)
            operands = self.operands(node)
            self.uses.update(operands)
            waiting.extend(operands)

    def _name(self, node: Tensor, name: str) -> None:
        if not isinstance(node.operation, Variable) and constant_number(node) is None:
            self.names.setdefault(node, name)

    def meant(self, node: Tensor) -> Tensor:
        """Return the node behind names."""
        return self._meant[node]

    def names_of_all(self) -> dict[Tensor, str]:
        """Return what people call a node, for each node that has a name or is one."""
        return {node: self.names[meant] for node, meant in self._meant.items() if meant in self.names}

    def operands(self, node: Tensor) -> list[Tensor]:
        """Return the nodes whose texts a node needs."""
        form = self.forms.get(node)
        return [] if form is None else [self.meant(operand) for operand in form.operands]

    def order(self, roots: Iterable[Tensor], done: Collection[Tensor] = ()) -> list[Tensor]:
        """Return what `roots` need beyond the nodes in `done`, each after its operands and as late as that allows."""
        seen = set(done)
        result: list[Tensor] = []
        for root in roots:
            stack = [(self.meant(root), False)]
            while stack:
                node, expanded = stack.pop()
                if expanded:
                    result.append(node)
                elif node not in seen:
                    seen.add(node)
                    stack.append((node, True))
                    stack.extend((operand, False) for operand in reversed(self.operands(node)))
        return result

    def backward_order(self, roots: Sequence[Tensor], forward: Collection[Tensor]) -> list[Tensor]:
        """Return what `roots` need beyond the forward pass, in the order in which the reverse sweep reaches it.

        Nodes with a name and the roots are sorted by how many other shared or named nodes they wait for; what is used
        only once comes right before its use.
        """
        order = self.order(roots, forward)
        depth: dict[Tensor, int] = {}
        for node in order:
            before = max((depth.get(operand, 0) for operand in self.operands(node)), default=0)
            depth[node] = before + (node in self.names or self.uses[node] > 1)
        ends = {self.meant(root) for root in roots}
        landmarks = [node for node in order if node in self.names or node in ends]
        return self.order(sorted(landmarks, key=depth.__getitem__), forward)

    def owner(self, node: Tensor) -> tuple[Tensor, bool]:
        """Return the node whose memory `node` may be a view of (or itself), and whether callers must not write to it.

        They must not write to arguments, to constants of the module, and to views in which entries are repeated.
        """
        foreign = False
        while node in self.forms and self.forms[node].shares:
            foreign = foreign or self.forms[node].read_only
            node = self.operands(node)[0]
        return node, foreign or (isinstance(node.operation, (Variable, Constant)) and constant_number(node) is None)

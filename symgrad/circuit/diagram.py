"""Diagrams: what is drawn of a circuit, as vertices and edges that are still without places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from symgrad.circuit.folding import MOST_GATES_UNFOLDED, group_by_heads, is_folded, named_gates, thinned
from symgrad.circuit.gates import Pattern, gate_of
from symgrad.circuit.lettering import array_label, shape_label, shortened, text_width
from symgrad.errors import GraphError
from symgrad.families.layout import Named, repeated_number
from symgrad.shapes import format_shape
from symgrad.tensor import Tensor
from symgrad.tracing import Trace

Array = np.ndarray[Any, Any]
Kind = Literal["leaf", "gate", "group", "copy", "label", "result"]
RADIUS = 21
CAPTION = 16
"""Room for a name above a gate."""
SYMBOL_SIZE, NAME_SIZE, LABEL_SIZE, SMALL_SIZE = 16, 17, 14, 12
_LONGEST_FORMULA = 44
_MOST_WIRES = 3
"""More tensors than this that go from one group to another are drawn as one wire."""
_MOST_LEAVES = 60
"""Of more leaves than this, those that one group alone uses are drawn with it."""
_MOST_GATES_OF_A_FORMULA = 60


@dataclass(frozen=True)
class Vertex:
    """Something that takes room in a drawing.

    `text` is the symbol or the name; `caption` a second line; `title` what is shown when one points at it. A label
    belongs to a wire: `value` stands above the wire, `gradient` below, and `ends` are the names of what it connects.
    """

    kind: Kind
    text: str
    size: tuple[float, float]
    pattern: Pattern = "other"
    caption: str = ""
    title: str = ""
    value: str = ""
    shape: str = ""
    gradient: str = ""
    ends: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Diagram:
    """Vertices, and edges between their numbers; `title` is the name of the result and its formula."""

    vertices: tuple[Vertex, ...]
    edges: tuple[tuple[int, int], ...]
    title: str

    @property
    def sizes(self) -> list[tuple[float, float]]:
        """Width and height of each vertex."""
        return [vertex.size for vertex in self.vertices]


def build_diagram(trace: Trace, fold: bool | None, precision: int) -> Diagram:
    """Return what is drawn of a trace; `fold` says whether in groups (None: as the size of the circuit asks for)."""
    return _Builder(trace, precision).build(fold)


@dataclass
class _Use:
    """A wire to be: a tensor, where it goes, and the inputs of gates that it becomes there."""

    target: Tensor
    inputs: list[tuple[Tensor, int]]


class _Builder:
    def __init__(self, trace: Trace, precision: int) -> None:
        self.trace = trace
        self.precision = precision
        self.vertices: list[Vertex] = []
        self.edges: list[tuple[int, int]] = []
        # A tensor and its name for people are one thing here; numbers stand in the symbols of gates.
        self.same: dict[Tensor, Tensor] = {}
        for node in trace.nodes:
            renames = isinstance(node.operation, Named) and trace.names.get(node.inputs[0]) == trace.names[node]
            self.same[node] = self.same[node.inputs[0]] if renames else node
        self.aliases: dict[Tensor, list[Tensor]] = {}
        for node, same in self.same.items():
            if node is not same:
                self.aliases.setdefault(same, []).append(node)
        self.root = self.same[trace.root]
        nodes = [
            node
            for node in trace.nodes
            if self.same[node] is node and (repeated_number(node) is None or node is self.root)
        ]
        self.gates = [node for node in nodes if node.inputs]
        self.leaves = [node for node in nodes if not node.inputs]
        self.pulled: dict[Tensor, Sequence[Array | None]] = {}

    def sources(self, gate: Tensor) -> list[Tensor]:
        """Return what a gate is made from, numbers left out."""
        return [self.same[x] for x in gate.inputs if repeated_number(x) is None]

    def build(self, fold: bool | None) -> Diagram:
        heads = named_gates(self.trace.nodes, self.same)
        folded = is_folded(len(self.gates), len(heads), fold) and bool(self.gates)
        if not folded and len(self.gates) > MOST_GATES_UNFOLDED:
            raise GraphError(
                f"a circuit of {len(self.gates)} gates is not drawn gate by gate (at most {MOST_GATES_UNFOLDED}): "
                "leave `fold` out, and name what should head a group with .named(...)"
            )
        group = {gate: gate for gate in self.gates}
        if folded:
            group = group_by_heads(self.gates, self.sources, thinned(heads, self.gates))
        members: dict[Tensor, list[Tensor]] = {}
        for gate in self.gates:
            members.setdefault(group[gate], []).append(gate)
        uses = self.find_uses(group, folded)
        hidden = self.hidden_leaves(uses) if folded else set[Tensor]()
        number: dict[Tensor, int] = {}
        for node in (*self.leaves, *members):
            if node in hidden or (node not in members and node not in uses and node is not self.root):
                continue
            inside = members.get(node)
            vertex = self.leaf(node) if inside is None else self.gate(node)
            if folded and inside is not None:
                vertex = self.group(node, inside, uses)
            number[node] = self.add(vertex)
        bundles: dict[tuple[Tensor, Tensor], list[Tensor]] = {}
        for source, wires in uses.items():
            for use in wires:
                bundles.setdefault((group.get(source, source), use.target), []).append(source)
        crowded = {ends: found for ends, found in bundles.items() if len(found) > _MOST_WIRES} if folded else {}
        for (origin, target), found in crowded.items():
            ends = (self.name(origin), self.name(target))
            self.connect(number[origin], number[target], self.label(f"{len(found)} tensors", "", "", ends))
        for source, wires in uses.items():
            if source in hidden:
                continue
            origin = group.get(source, source)
            self.draw_uses(source, number[origin], [u for u in wires if (origin, u.target) not in crowded], number)
        self.draw_result(number[group.get(self.root, self.root)])
        return Diagram(tuple(self.vertices), tuple(self.edges), self.formula_title(self.root))

    def find_uses(self, group: dict[Tensor, Tensor], folded: bool) -> dict[Tensor, list[_Use]]:
        """Return for each tensor the wires that leave it: one for each use or, of groups, for each group."""
        uses: dict[Tensor, list[_Use]] = {}
        for gate in self.gates:
            for place, x in enumerate(gate.inputs):
                source, target = self.same[x], group[gate]
                if repeated_number(x) is not None or group.get(source) is target:
                    continue
                wires = uses.setdefault(source, [])
                known = [use for use in wires[-1:] if folded and use.target is target] or [
                    use for use in wires if folded and use.target is target
                ]
                if known:
                    known[0].inputs.append((gate, place))
                else:
                    wires.append(_Use(target, [(gate, place)]))
        return uses

    def hidden_leaves(self, uses: dict[Tensor, list[_Use]]) -> set[Tensor]:
        if len(self.leaves) <= _MOST_LEAVES:
            return set()
        return {leaf for leaf in self.leaves if len(uses.get(leaf, [])) == 1}

    def draw_uses(self, source: Tensor, origin: int, wires: list[_Use], number: dict[Tensor, int]) -> None:
        name = self.name(source)
        if len(wires) > 1:
            # Several uses leave by a copy gate, in which what comes back adds up.
            title = f"{name} is used {len(wires)} times: the gradients add up"
            copy = self.add(Vertex("copy", name, (12, 12), "copy", title=title))
            self.connect(origin, copy, self.value_label(source, self.gradient(source), (name, "copy")))
            for use in wires:
                label = self.value_label(source, self.downstream(use), ("copy", self.name(use.target)))
                self.connect(copy, number[use.target], label)
        for use in wires if len(wires) == 1 else ():
            label = self.value_label(source, self.gradient(source), (name, self.name(use.target)))
            self.connect(origin, number[use.target], label)

    def draw_result(self, origin: int) -> None:
        name = self.name(self.root)
        result = self.add(Vertex("result", name, (text_width(name, NAME_SIZE) + 8, 26)))
        self.connect(origin, result, self.value_label(self.root, self.gradient(self.root), (name, "result")))

    def downstream(self, use: _Use) -> Array | None:
        """Return what comes back along one wire: the sum over the inputs it becomes."""
        total: Array | None = None
        for gate, place in use.inputs:
            if gate not in self.pulled:
                self.pulled[gate] = self.trace.downstream(gate)
            part = self.pulled[gate][place]
            if part is not None:
                total = part if total is None else total + part
        return total

    def gradient(self, node: Tensor) -> Array | None:
        return self.trace.gradient(node) if self.trace.has_gradient(node) else None

    def name(self, node: Tensor) -> str:
        return self.trace.names.get(node, "")

    # vertices ----------------------------------------------------------------------------------------------------

    def add(self, vertex: Vertex) -> int:
        self.vertices.append(vertex)
        return len(self.vertices) - 1

    def connect(self, source: int, target: int, label: Vertex) -> None:
        between = self.add(label)
        self.edges += [(source, between), (between, target)]

    def leaf(self, node: Tensor) -> Vertex:
        name = self.name(node)
        if not name:  # a circuit that is only a number
            name = array_label(self.trace.value(node), self.precision)
        return Vertex("leaf", name, (text_width(name, NAME_SIZE) + 8, 26), title=f"{name} {format_shape(node.shape)}")

    def gate(self, node: Tensor) -> Vertex:
        gate = gate_of(node)
        width = max(2 * RADIUS, text_width(gate.symbol, SYMBOL_SIZE) + 8)
        # The root has its name at the end of its wire.
        caption = self.name(node) if node in self.aliases and node is not self.root else ""
        height = 2 * RADIUS + (2 * CAPTION if caption else 0)
        return Vertex("gate", gate.symbol, (width, height), gate.pattern, caption, self.formula_title(node))

    def group(self, head: Tensor, inside: Sequence[Tensor], uses: dict[Tensor, list[_Use]]) -> Vertex:
        name = self.name(head)
        if len(inside) <= _MOST_GATES_OF_A_FORMULA:
            within = {gate for gate in inside if gate not in uses}
            within.update([other for gate in inside if gate in within for other in self.aliases.get(gate, ())])
            formula = self.trace.formula(head, within)
        else:
            formula = f"{len(inside)} gates"
        caption = shortened(formula, _LONGEST_FORMULA)
        width = max(text_width(name, NAME_SIZE), text_width(caption, SMALL_SIZE)) + 20
        gates = f"{len(inside)} gate{'s' if len(inside) > 1 else ''}"
        return Vertex("group", name, (width, 48), "other", caption, f"{name} = {formula} ({gates})")

    def label(self, value: str, shape: str, gradient: str, ends: tuple[str, str]) -> Vertex:
        width = max(text_width(text, size) for text, size in ((value, LABEL_SIZE), (gradient, LABEL_SIZE), (shape, 12)))
        height = 38 + (22 if shape else 0)
        return Vertex("label", "", (width + 8, height), value=value, shape=shape, gradient=gradient, ends=ends)

    def value_label(self, source: Tensor, gradient: Array | None, ends: tuple[str, str]) -> Vertex:
        value = self.trace.value(source)
        below = "" if gradient is None else array_label(gradient, self.precision)
        return self.label(array_label(value, self.precision), shape_label(value), below, ends)

    def formula_title(self, node: Tensor) -> str:
        if not node.inputs:
            return self.name(node)
        return f"{self.name(node)} = {self.trace.formula(node)} {format_shape(node.shape)}"

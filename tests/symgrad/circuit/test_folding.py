"""Tests of groups: names head them, and the picture of groups has no cycles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.circuit.folding import MOST_BOXES, group_by_heads, is_folded, thinned

x = sg.variable("x")


@st.composite
def circuits(draw):
    """A random circuit of sums, in topological order, with some of its gates as heads."""
    nodes = [x]
    for i in range(draw(st.integers(1, 25))):
        a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        nodes.append(sg.sin(a) + sg.cos(b) * (i + 2.0))
    root = sum(nodes)
    gates = [node for node in sg.graph.topological_order([root]) if node.inputs]
    heads = [gate for gate in gates[:-1] if draw(st.booleans())]
    return gates, [*heads, root]


@given(circuits())
def test_groups_form_no_cycle(circuit):
    gates, heads = circuit
    group = group_by_heads(gates, lambda gate: gate.inputs, heads)
    place = {head: i for i, head in enumerate(heads)}
    for gate in gates:
        for source in gate.inputs:
            if source in group:
                assert place[group[source]] <= place[group[gate]]
    for head in heads:
        assert group[head] is head


def test_there_are_never_too_many_groups():
    gates = []
    node = x
    for _ in range(1000):
        node = sg.sin(node)
        gates.append(node)
    for heads in ([], gates[:3], gates[::2], gates):
        found = thinned(heads, gates)
        assert len(found) <= MOST_BOXES
        assert found[-1] is gates[-1]
    assert thinned(gates[:3], gates) == [*gates[:3], gates[-1]]


@pytest.mark.parametrize(
    ("gates", "names", "wanted", "expected"),
    [(10, 3, None, False), (50, 3, None, True), (50, 0, None, False), (100, 0, None, True), (9, 0, True, True)],
)
def test_when_to_fold(gates, names, wanted, expected):
    assert is_folded(gates, names, wanted) is expected

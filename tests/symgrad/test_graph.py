"""Walks over graphs: order, rebuilding, substitution, users, dependence, flat form."""

from __future__ import annotations

import symgrad as sg
from symgrad.graph import (
    depends_on,
    flatten_graph,
    rebuild,
    restore_graph,
    substitute,
    topological_order,
    users,
)

x, y = sg.variable("x", (3,)), sg.variable("y", (3,))
a = sg.sin(x)
b = a * y
c = b + a
LENGTH = 100_000


def test_every_node_comes_after_its_inputs_and_once() -> None:
    order = topological_order([c, a, c])
    assert len(order) == len(set(order)) == 5
    for node in order:
        assert all(order.index(child) < order.index(node) for child in node.inputs)
    assert order == topological_order([c, a])
    assert topological_order([]) == []


def test_the_walk_stops_where_it_is_told() -> None:
    assert topological_order([c], stop=lambda node: node is a) == [a, y, b, c]


def test_rebuilding_keeps_what_does_not_change() -> None:
    assert rebuild([c], lambda node: node)[c] is c
    new = rebuild([c], lambda node: sg.cos(*node.inputs) if node is a else node)
    assert new[c] is sg.cos(x) * y + sg.cos(x)
    assert new[y] is y


def test_substitution() -> None:
    assert substitute([c, b], {a: y}) == [y * y + y, y * y]
    assert substitute([c], {x: y, y: x}) == [sg.sin(y) * x + sg.sin(y)]
    assert substitute([c], {c: x}) == [x]
    assert substitute([c], {}) == [c]


def test_new_nodes_come_from_the_lines_of_the_old_ones() -> None:
    (new,) = substitute([c], {x: y})
    assert new.origin == c.origin


def test_users() -> None:
    found = users(topological_order([c, a * a]))
    assert found[a] == [b, c, a * a, a * a]
    assert found[c] == []
    assert found[x] == [a]


def test_dependence() -> None:
    order = topological_order([c])
    assert depends_on(order, [y]) == {y, b, c}
    assert depends_on(order, [a]) == {a, b, c}
    assert depends_on(order, []) == set()


def test_the_flat_form_restores_the_graph() -> None:
    flat = flatten_graph(c)
    assert len(flat) == 5
    assert restore_graph(flat) is c


def test_long_chains() -> None:
    z = x
    for _ in range(LENGTH):
        z = sg.tanh(z)
    assert len(topological_order([z])) == LENGTH + 1
    assert len(depends_on(topological_order([z]), [x])) == LENGTH + 1
    (other,) = substitute([z], {x: y})
    assert topological_order([other])[0] is y

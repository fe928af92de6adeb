"""Tests of the choice between layouts, and of where edges enter boxes."""

from __future__ import annotations

import shutil

import pytest

import symgrad as sg
from symgrad.circuit.layered import arrange_in_layers
from symgrad.circuit.layout import arrange, bend, entry_offsets, straight

SIZES, EDGES = [(20.0, 10.0)] * 3, [(0, 2), (1, 2)]


def test_without_dot_the_layout_is_ours(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert arrange(SIZES, EDGES) == arrange_in_layers(SIZES, EDGES)
    with pytest.raises(sg.MissingDependencyError, match="Graphviz"):
        arrange(SIZES, EDGES, "dot")


def test_large_graphs_are_not_given_to_dot(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: pytest.fail("dot was looked for"))
    arrange([(5.0, 5.0)] * 1000, [])


def test_edges_enter_one_above_the_other():
    assert entry_offsets(EDGES, [5.0, 1.0], [(20.0, 30.0)] * 3) == [7.0, -7.0]
    assert entry_offsets([(0, 1)], [5.0], [(20.0, 30.0)] * 2) == [0.0]
    many = entry_offsets([(i, 9) for i in range(9)], list(range(9)), [(20.0, 30.0)] * 10)
    assert many == sorted(many)
    assert max(many) <= 15


def test_curves_end_where_they_should():
    assert straight((0, 0), (3, 6)) == [(1, 2), (2, 4), (3, 6)]
    assert bend((0, 0), (4, 6)) == [(2, 0), (2, 6), (4, 6)]

"""Tests of what is drawn: groups with their formulas, wires between them, and what stands on the wires."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.circuit.diagram import build_diagram
from tests.symgrad.circuit.pictures import net, read


def test_a_net_folds_into_its_named_parts():
    picture = read(net().svg(fold=True))
    assert picture.groups.keys() == {"h", "scores", "data_loss", "penalty", "loss"}
    assert picture.groups["h"] == "relu(X @ W1 + b1)"
    assert picture.groups["scores"] == "h @ W2 + b2"
    assert picture.groups["loss"] == "data_loss + penalty"
    assert picture.groups["data_loss"].endswith("…")
    ends = {wire[:2] for wire in picture.wires}
    assert {("X", "h"), ("h", "scores"), ("scores", "data_loss"), ("penalty", "loss"), ("W1", "copy")} <= ends


def test_wires_into_groups_carry_the_sum_of_what_is_used_there():
    t = net()
    diagram = build_diagram(t, True, 6)
    (W1,) = [node for node, name in t.names.items() if name == "W1"]
    (into_penalty,) = [v for v in diagram.vertices if v.ends == ("copy", "penalty") and v.shape == "(5, 6)"]
    expected = 0.2 * t.value(W1)  # of 0.1 sum(W1 * W1), where W1 is used twice
    low, high = (f"{value:.6f}".replace("-", "−") for value in (expected.min(), expected.max()))
    assert into_penalty.gradient == f"{low} … {high}"


def test_small_circuits_are_drawn_gate_by_gate():
    assert not read(net().svg()).groups
    assert not read(net().svg(fold=False)).groups


def test_names_of_users_stand_above_gates():
    captions = {vertex.caption for vertex in build_diagram(net(), False, 2).vertices if vertex.kind == "gate"}
    assert captions == {"", "h", "scores", "data_loss", "penalty"}


def test_numbers_are_not_drawn_as_leaves():
    x = sg.variable("x")
    leaves = [v.text for v in build_diagram(sg.trace(2 * x + 1, {x: 1.0}), None, 2).vertices if v.kind == "leaf"]
    assert leaves == ["x"]


def test_integers_have_no_gradient():
    y = [v for v in build_diagram(net(), False, 2).vertices if v.ends[0] == "y"]
    assert y
    assert all(not v.gradient for v in y)


def test_a_circuit_without_gates():
    x = sg.variable("x")
    assert read(sg.trace(x, {x: 3.0}).svg()).wires == [("x", "result", "3.00", "1.00")]
    assert read(sg.trace(x, {x: 3.0}).svg(fold=True)).wires == [("x", "result", "3.00", "1.00")]
    assert [wire[2:] for wire in read(sg.trace(sg.constant(3.0)).svg()).wires] == [("3.00", "1.00")]


def test_many_leaves_are_drawn_with_the_group_that_uses_them():
    leaves = [sg.variable(f"x{i}") for i in range(300)]
    w = sg.variable("w")
    t = sg.trace(sum(sg.sin(leaf * w) for leaf in leaves), {w: 1.0} | dict.fromkeys(leaves, 0.5))
    picture = read(t.svg())
    assert 1 < len(picture.groups) <= 80
    assert len(picture.wires) < 400


def test_many_tensors_between_two_groups_are_one_wire():
    x = sg.variable("x", (3,))
    parts = [sg.sin(x * (i + 1.0)) for i in range(8)]
    first = sum(parts).named("first")
    t = sg.trace(sg.sum(first * sum(part * (i + 2.0) for i, part in enumerate(parts))), {x: np.ones(3)})
    picture = read(t.svg(fold=True))
    assert [wire[2] for wire in picture.wires if wire[:2] == ("first", "f")] == ["9 tensors"]


@pytest.mark.parametrize("fold", [True, False])
def test_titles_are_escaped(fold):
    x = sg.variable("x<&>")
    svg = sg.trace((x < 2) * (x * x).named('"q" & <r>'), {x: 1.0}).svg(fold=fold)
    assert "x&lt;&amp;&gt;" in svg
    read(svg)

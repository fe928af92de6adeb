"""Tests of the SVG: well formed, self-contained, coloured by pattern, readable on any page."""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from tests.symgrad.circuit.pictures import SVG, net, neuron, read


@pytest.mark.parametrize("svg", [neuron().svg(), net().svg(fold=True), net().svg(fold=False)])
def test_nothing_comes_from_outside_and_nothing_leaks(svg):
    assert not re.search(r"<style|<script|href|url\(|\sid=|@import|font-face", svg)
    assert svg.count("http") == 1  # the namespace


def test_the_ground_is_white():
    root = read(neuron().svg()).root
    ground = root.find(f"{SVG}rect")
    assert ground.get("fill") == "#ffffff"
    assert (ground.get("width"), ground.get("height")) == (root.get("width"), root.get("height"))


def test_gates_of_a_pattern_have_one_colour():
    colours: dict[str, set[str]] = {}
    for part in read(net().svg(fold=False)).root.iter(f"{SVG}g"):
        shape = next((child for child in part if child.tag in (f"{SVG}rect", f"{SVG}circle")), None)
        if part.get("class", "").startswith("gate"):
            colours.setdefault(part.get("class"), set()).add(shape.get("fill"))
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == len(colours) == 5


def test_the_legend_names_the_patterns_that_occur():
    x, y = sg.variable("x"), sg.variable("y")
    (legend,) = [
        part for part in read(sg.trace(x + y, {x: 1, y: 2}).svg()).root.iter(f"{SVG}g") if part.get("class") == "legend"
    ]
    assert [text.text for text in legend.iter(f"{SVG}text")] == ["value", "gradient", "add distributes"]


def test_text_that_xml_forbids_is_left_out():
    x = sg.variable("x\x00\x1b<")
    assert read(sg.trace(x * 2, {x: 1.0}).svg()).wires[0][0] == "x<"


def test_pointing_at_a_gate_shows_its_formula():
    titles = [title.text for title in read(neuron().svg()).root.iter(f"{SVG}title")]
    assert "t6 = exp(t5) ()" in titles
    assert titles[0] == "f = 1 / t7 ()"

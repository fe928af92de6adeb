"""Tests of whole pictures: the lecture's figures stand at the right wires, in both layouts."""

from __future__ import annotations

import shutil
import time

import pytest

import symgrad as sg
from tests.symgrad.circuit.pictures import neuron, product_of_sum, read

LAYOUTS = ["layered", pytest.param("dot", marks=pytest.mark.skipif(shutil.which("dot") is None, reason="no dot"))]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_first_circuit(layout):
    picture = read(product_of_sum().svg(layout=layout))
    assert sorted(picture.wires) == [
        ("f", "result", "-12.00", "1.00"),
        ("q", "f", "3.00", "-4.00"),
        ("x", "q", "-2.00", "-4.00"),
        ("y", "q", "5.00", "-4.00"),
        ("z", "f", "-4.00", "3.00"),
    ]
    assert sorted(picture.gates) == [("*", "multiply"), ("+", "add")]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_neuron_gate_by_gate(layout):
    picture = read(neuron().svg(layout=layout))
    figures = {start: (value, gradient) for start, _, value, gradient in picture.wires}
    assert [figures[name] for name in ("w0", "x0", "w1", "x1", "w2")] == [
        ("2.00", "-0.20"), ("-1.00", "0.39"), ("-3.00", "-0.39"), ("-2.00", "-0.59"), ("-3.00", "0.20"),
    ]  # fmt: skip
    chain = [("1.00", "0.20"), ("-1.00", "-0.20"), ("0.37", "-0.53"), ("1.37", "-0.53"), ("0.73", "1.00")]
    assert [figures[name] for name in ("t4", "t5", "t6", "t7", "f")] == chain
    assert sorted(symbol for symbol, _ in picture.gates) == ["*", "*", "*-1", "+", "+", "+1", "1/x", "exp"]


def test_the_neuron_with_its_tail_lumped_into_one_gate():
    picture = read(neuron(lumped=True).svg())
    assert ("σ", "other") in picture.gates
    assert ("t4", "f", "1.00", "0.20") in picture.wires
    assert ("w1", "t2", "-3.00", "-0.39") in picture.wires


def test_a_copy_adds_up_what_its_uses_send_back():
    x, y, z = (sg.variable(name) for name in "xyz")
    picture = read(sg.trace(x * y + x * z, {x: 3, y: -4, z: 2}).svg())
    assert ("x", "copy", "3.00", "-2.00") in picture.wires
    assert [wire[2:] for wire in picture.wires if wire[0] == "copy"] == [("3.00", "-4.00"), ("3.00", "2.00")]
    assert ("", "copy") in picture.gates


def test_max_routes():
    z, w = sg.variable("z"), sg.variable("w")
    picture = read(sg.trace(sg.maximum(z, w), {z: 2, w: -1}).svg())
    assert picture.gates == [("max", "max")]
    assert {wire[0]: wire[3] for wire in picture.wires} == {"z": "1.00", "w": "0.00", "f": "1.00"}


def test_pictures_are_the_same_every_time():
    assert neuron().svg() == neuron().svg()
    assert neuron().svg(layout="layered") == neuron().svg(layout="layered")


def test_precision():
    assert ("w0", "t1", "2.0000", "-0.1966") in read(neuron().svg(precision=4)).wires


def test_notebooks_show_the_picture():
    t = product_of_sum()
    assert t._repr_svg_() == t.svg()
    assert t.svg() in t._repr_html_()


def test_ten_thousand_gates_are_drawn_in_seconds():
    x, w = sg.variable("x"), sg.variable("w")
    y = x
    for i in range(5000):
        y = sg.tanh(y * w)
        if i % 500 == 0:
            y = y.named(f"h{i}")
    t = sg.trace(y, {x: 1.0, w: 1.01})
    start = time.perf_counter()
    picture = read(t.svg())
    assert time.perf_counter() - start < 20
    assert set(picture.groups) == {f"h{i}" for i in range(0, 5000, 500)} | {"f"}
    with pytest.raises(sg.GraphError, match=r"10000 gates is not drawn gate by gate.*named"):
        t.svg(fold=False)


def test_unknown_layouts_are_refused():
    with pytest.raises(sg.GraphError, match="'dot' or 'layered', not 'circle'"):
        product_of_sum().svg(layout="circle")

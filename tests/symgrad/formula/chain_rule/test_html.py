"""Tests of derivations as HTML: well formed, self-contained, with the right formulas."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import symgrad as sg

X, W, B = sg.variable("X", (5, 4)), sg.variable("W", (4, 3)), sg.variable("b", (3,))
MATH = "{http://www.w3.org/1998/Math/MathML}"


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).replace("\u2061", "")


def rows(table: ElementTree.Element) -> list[tuple[str, ...]]:
    return [tuple(words(cell) for cell in row) for row in table.iter("tr")]


def test_each_step_is_a_table() -> None:
    root = ElementTree.fromstring(sg.derivation(sg.sum((X @ W).named("Y")), [X, W]).html())
    _, product = root.iter("table")
    found = rows(product)
    assert found[0] == ("2. Y=XW", "(5, 4), (4, 3) → (5, 3)")
    assert found[1][0] == "rule"
    assert found[1][1].startswith("matrix-multiply rule")
    assert found[2] == ("upstream", "∂L∂Y", "(5, 3)")
    assert found[3] == ("downstream", "∂L∂X=∂L∂YW⊤", "(5, 4)")
    assert found[4] == ("downstream", "∂L∂W=X⊤∂L∂Y", "(4, 3)")
    assert found[5][1].startswith("the Jacobian dY/dX, (5, 3, 5, 4), would take")


def test_copies_and_local_derivatives() -> None:
    h = sg.tanh(X @ W + B).named("h")
    root = ElementTree.fromstring(sg.derivation(sg.sum(h * h), [W, B]).html())
    found = [row for table in root.iter("table") for row in rows(table)]
    assert ("local", "∂h∂t2=1−h2") in found
    assert any(row[1].startswith("∂L∂h+=") and "use 2 of 2 of h" in row[1] for row in found)
    assert any("b was repeated" in row[1] for row in found)


def test_nothing_comes_from_outside_and_nothing_leaks() -> None:
    name = sg.variable("<script>&", (2,))
    loss = sg.nn.cross_entropy(X @ W, sg.variable("y", (5,), "int64"))
    written = sg.derivation(loss + sg.sum(name), [W, name, sg.variable('"V"<', (3,))]).html()
    ElementTree.fromstring(written)
    assert not re.search(r"<script|<style|href|src=|\sid=|class=", written)
    assert '"V"&lt;' in written.replace("&quot;", '"')


def test_notebooks_show_the_first_steps() -> None:
    y = x = sg.variable("x")
    for _ in range(100):
        y = sg.sin(y)
    derivation = sg.derivation(y, x)
    assert derivation._repr_html_().count("<table") == 40
    assert "and 60 more steps" in derivation._repr_html_()
    assert derivation.html().count("<table") == 100
    assert sg.derivation(sg.sin(x), x)._repr_html_() == sg.derivation(sg.sin(x), x).html()

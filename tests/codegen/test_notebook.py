"""Compiled functions in notebooks."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import symgrad as sg
from codegen.notebook import source_html

x = sg.variable("x", (3,))


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_a_function_shows_its_source(backend):
    f = sg.compile([x], sg.where(x < 1, x, 0), backend=backend)
    shown = ElementTree.fromstring(f"<div>{f._repr_html_()}</div>")
    assert shown.find("p/code").text == repr(f)
    assert shown.find("pre").text.strip() == f.source.strip()


def test_long_sources_are_not_shown():
    assert source_html("f", "x" * 100_000) is None


def test_programs_of_many_calls_are_not_written_out_for_a_notebook():
    y = x
    for i in range(400):
        y = sg.variable(f"W{i}", (3, 3)) @ y
    inputs = [x, *(sg.variable(f"W{i}", (3, 3)) for i in range(400))]
    assert sg.compile(inputs, y)._repr_html_() is None

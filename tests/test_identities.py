"""The table of textbook derivatives: every line is derived again, run as text, and compared with the textbook's form."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

import symgrad as sg
from examples.identities import PAGE, arrays, identities, operations, page
from symgrad.families.leaf import symbols_of, variables_of
from symgrad.formula.text_names import run_text
from symgrad.graph import topological_order

IDENTITIES = identities()
VALUES = arrays()


def run(text, derivative):
    """Run a formula as Python over NumPy; its last line is the value."""
    leaves = variables_of(topological_order([derivative]))
    names = {leaf.operation.name: VALUES[leaf] for leaf in VALUES}
    names |= {str(symbol): 7 for leaf in leaves for symbol in symbols_of(leaf.shape)}
    return list(run_text(text, names).values())[-1]


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda row: f"{row.theme}: {row.name}")
@pytest.mark.parametrize("form", ["printed", "textbook"])
def test_the_text_has_the_value_of_the_derivative(identity, form):
    text = getattr(identity, form)
    wanted = sg.evaluate(identity.derivative, VALUES)
    got = np.broadcast_to(run(text, identity.derivative), wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda row: f"{row.theme}: {row.name}")
def test_a_closed_formula_has_the_same_value_on_one_line(identity):
    text = sg.formula(identity.derivative, expand=True)
    assert len(text.splitlines()) == 1
    wanted = sg.evaluate(identity.derivative, VALUES)
    got = np.broadcast_to(run(text, identity.derivative), wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12 * np.abs(wanted).max())


def test_latex_and_mathml_are_well_formed():
    for identity in IDENTITIES:
        latex = sg.formula(identity.derivative, "latex")
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")
        ElementTree.fromstring(sg.formula(identity.derivative, "mathml"))


def test_nine_of_ten_are_as_short_as_in_textbooks():
    assert len(IDENTITIES) >= 40
    near = [row for row in IDENTITIES if operations(row.printed) <= 1.25 * operations(row.textbook)]
    assert len(near) >= 0.9 * len(IDENTITIES)


def test_the_page_shows_what_is_printed_now():
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x", 0),
        ("-x", 1),
        ("-2 * x", 1),
        ("x**2 + 1", 2),
        ("A.T @ (A @ x - b)", 4),
        ("linalg.norm(x)", 1),
        ("x[0] + x[:, None]", 2),
        ("h = exp(x)\nh * h", 2),
    ],
)
def test_operations_are_counted(text, count):
    assert operations(text) == count

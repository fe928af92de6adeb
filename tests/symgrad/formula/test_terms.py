"""Tests of the table of terms: every family of operations has its notation."""

from __future__ import annotations

import symgrad as sg
from symgrad.evaluate import _RULES as EVALUATED
from symgrad.formula.notation import Reference
from symgrad.formula.terms import _RULES as WRITTEN
from symgrad.formula.terms import Terms, add_term


def test_everything_that_can_be_evaluated_can_be_written() -> None:
    assert set(EVALUATED) <= set(WRITTEN)


def test_opaque_nodes_stand_for_themselves() -> None:
    x = sg.variable("x", (3,))
    terms = Terms({sg.exp(x): "e"})
    add_term(sg.exp(x), terms)
    assert terms.found[sg.exp(x)].tree == Reference(sg.exp(x))

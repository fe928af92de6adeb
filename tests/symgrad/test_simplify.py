"""simplify and stabilize of random graphs: the values are the same ones, and nothing is left to do."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

import symgrad as sg
from symgrad.graph import topological_order
from symgrad.simplify import SIMPLIFYING, STABILIZING, Rewrite
from tests.graph_builder import RandomGraph
from tests.graphs import assert_close, graphs


@settings(max_examples=100)
@given(graphs(special=True))
def test_simplifying_changes_no_value(graph: RandomGraph) -> None:
    after = sg.simplify(graph.outputs)
    for wanted, found in zip(
        sg.evaluate(graph.outputs, graph.bindings), sg.evaluate(after, graph.bindings), strict=True
    ):
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        precision = np.finfo(wanted.dtype).eps if wanted.dtype.kind == "f" else 0
        assert_close(found, wanted, precision)
        zero = wanted == 0
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(wanted[zero]))


@given(graphs())
def test_simplifying_twice_changes_nothing(graph: RandomGraph) -> None:
    once = sg.simplify(graph.outputs)
    assert sg.simplify(once) == once


@given(graphs())
def test_stabilising_keeps_moderate_values(graph: RandomGraph) -> None:
    after = sg.stabilize(graph.outputs)
    for wanted, found in zip(
        sg.evaluate(graph.outputs, graph.bindings), sg.evaluate(after, graph.bindings), strict=True
    ):
        assert_close(found, wanted, np.finfo(wanted.dtype).eps if wanted.dtype.kind == "f" else 0, factor=1e5)


@given(graphs())
def test_what_is_kept_is_still_there(graph: RandomGraph) -> None:
    order = topological_order(graph.outputs)
    kept = order[len(order) // 2]
    after = sg.simplify(graph.outputs, keep=[kept])
    assert kept in topological_order(after)


def test_the_log_lists_what_fired_with_its_reason() -> None:
    x = sg.variable("x", (3,))
    log: list[Rewrite] = []
    sg.simplify([-(-x) * 1], log=log)
    sg.stabilize([sg.log(1 + sg.exp(x))], log=log)
    assert [entry.rule.name for entry in log] == ["negation", "product", "logarithm"]
    assert all(entry.rule.reason for entry in log)


def test_rules_have_names_of_their_own() -> None:
    names = [rule.name for rule in (*SIMPLIFYING, *STABILIZING)]
    assert len(set(names)) == len(names)

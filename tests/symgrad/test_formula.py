"""Tests of `sg.formula`, as users call it."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.bindings import solve_sizes
from symgrad.formula.document import write_document
from symgrad.formula.styles import print_document
from symgrad.formula.text_names import run_text
from symgrad.shapes import is_static
from symgrad.simplify.textbook import textbook
from tests.graphs import assert_close, random_graph

X, Y = sg.variable("x", (3,)), sg.variable("y", (3,))


def test_a_tensor_is_an_expression() -> None:
    assert sg.formula(sg.exp(X) * Y) == "exp(x) * y"


def test_entries_of_a_nesting_are_lines() -> None:
    assert sg.formula({"a": X + Y, "b": {"c": X * Y}}) == "a = x + y\nb_c = x * y"
    assert sg.formula([X + Y, X * Y]) == "result_0 = x + y\nresult_1 = x * y"


def test_styles() -> None:
    assert sg.formula(X * Y, style="latex") == r"x \odot y"
    assert sg.formula(X, style="mathml").startswith('<math xmlns="http://www.w3.org/1998/Math/MathML"')
    with pytest.raises(sg.GraphError, match="one of text, latex, mathml, not 'word'"):
        sg.formula(X, style="word")


def test_only_tensors_have_formulas() -> None:
    with pytest.raises(sg.GraphError, match=r"not float: 2\.0"):
        sg.formula({"a": 2.0})


def read_back(graph, expand):
    """Write the outputs of a random graph as text, run the text, and compare values."""
    # Labels do not count from the end: one_hot does not know negative ones.
    bindings = {
        leaf: np.maximum(array, 0) if array.dtype.kind == "i" else array for leaf, array in graph.bindings.items()
    }
    names = [f"result{i}" for i in range(len(graph.outputs))]
    document = write_document(textbook(graph.outputs), names, expand=expand)
    sizes = solve_sizes((leaf, array.shape) for leaf, array in bindings.items())
    values = {
        name: sizes[leaf] if isinstance(leaf, sympy.Symbol) else sg.evaluate(leaf, bindings)
        for name, leaf in document.leaves.items()
    }
    got = run_text(print_document(document, "text"), values, document.functions)
    for name, wanted in zip(names, sg.evaluate(list(graph.outputs), bindings), strict=True):
        result = np.asarray(got[name]).astype(wanted.dtype)  # numbers are Python's
        assert_close(np.broadcast_to(result, wanted.shape), wanted, graph.precision, name)


def has_empty_run_time_size(graph):
    return any(0 in array.shape and not is_static(leaf.shape) for leaf, array in graph.bindings.items())


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("first", range(0, 160, 40))
def test_gradients_of_random_graphs_read_back_as_text(first, expand):
    graphs = [random_graph(seed).with_gradients() for seed in range(first, first + 40)]
    chosen = [graph for graph in graphs if not has_empty_run_time_size(graph)]
    assert len(chosen) > 20
    for graph in chosen:
        read_back(graph, expand)

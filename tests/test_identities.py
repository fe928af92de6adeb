"""The table of textbook derivatives: every line is derived again, run as text, and compared with the textbook's form."""

from __future__ import annotations

from itertools import pairwise
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


def _layers(x, sizes):
    """Return the last layer's scores and the parameters of a network with relu."""
    parameters = []
    for i, (rows, columns) in enumerate(pairwise(sizes), 1):
        W, b = sg.variable(f"W{i}", (rows, columns)), sg.variable(f"b{i}", (columns,))
        parameters += [W, b]
        x = (x @ W + b).named(f"z{i}" if i < len(sizes) - 1 else "scores")
        x = sg.nn.relu(x).named(f"h{i}") if i < len(sizes) - 1 else x
    return x, parameters


def _network(*sizes):
    N = sg.dim("N")
    scores, parameters = _layers(sg.variable("X", (N, sizes[0])), sizes)
    loss = sg.nn.cross_entropy(scores, sg.variable("y", (N,), dtype="int64"))
    return parameters, sg.grad(loss, parameters)


def _attention():
    X, G = sg.variable("X", (10, 8)), sg.variable("G", (10, 4))
    parameters = [sg.variable(name, (8, 4)) for name in ("W_Q", "W_K", "W_V")]
    Q, K, V = ((X @ W).named(W.operation.name[-1]) for W in parameters)
    P = sg.nn.softmax((Q @ K.T / 2).named("S")).named("P")
    return parameters, sg.grad(sg.sum(G * (P @ V)), parameters)


@pytest.mark.parametrize(
    ("model", "telling"),
    [
        (
            lambda: _network(64, 100, 10),
            ["dL_dscores = (softmax(scores) - one_hot(y, 10)) / N", "dL_dW2 = h1.T @ dL_dscores"],
        ),
        (lambda: _network(64, 50, 40, 30, 10), ["dL_dh3 = dL_dscores @ W4.T", "dL_db1 = sum(dL_dz1, axis=0)"]),
        (
            _attention,
            [
                "dL_dP = G @ V.T",
                "dL_dS = (dL_dP - sum(dL_dP * P, axis=1, keepdims=True)) * P",
                "dL_dQ = dL_dS @ K / 2",
                "dL_dW_K = X.T @ dL_dK",
            ],
        ),
    ],
    ids=["quickstart's network", "four layers", "attention head"],
)
def test_gradients_of_networks_fill_no_more_than_a_page(model, telling):
    parameters, gradients = model()
    lines = sg.formula({f"dL/d{p.operation.name}": g for p, g in zip(parameters, gradients, strict=True)}).splitlines()
    assert set(telling) <= set(lines)
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


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

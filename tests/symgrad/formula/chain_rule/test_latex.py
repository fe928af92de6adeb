"""Tests of derivations as LaTeX."""

from __future__ import annotations

import symgrad as sg
from symgrad.formula.chain_rule.latex import escape_text

X, W, B = sg.variable("X", (5, 4)), sg.variable("W", (4, 3)), sg.variable("b", (3,))


def test_each_step_has_its_rule_its_derivatives_and_its_shapes() -> None:
    written = sg.derivation(sg.sum((X @ W).named("Y")), [X, W]).latex()
    assert (
        r"\frac{\partial L}{\partial X} &= \frac{\partial L}{\partial Y} W^{\top} && \text{downstream, (5, 4)}"
        in written
    )
    assert r"X^{\top} \frac{\partial L}{\partial Y}" in written
    assert r"& \textbf{2. matrix-multiply rule: each factor" in written
    assert r"Y &= X W && \text{(5, 4), (4, 3)} \to \text{(5, 3)}" in written
    assert r"\frac{\partial L}{\partial Y} & && \text{upstream, (5, 3)}" in written
    assert "would take 2.344 KiB in float64" in written


def test_local_derivatives_and_sums_over_uses() -> None:
    h = sg.tanh(X @ W + B).named("h")
    written = sg.derivation(sg.sum(h * h), [W, B]).latex()
    assert r"\frac{\partial h}{\partial t_{2}} &= 1 - h^{2} && \text{local}" in written
    assert r"\frac{\partial L}{\partial h} &\mathrel{+}=" in written
    assert "copies add up: this is use 2 of 2 of h" in written


def test_braces_and_environments_are_balanced() -> None:
    loss = sg.nn.cross_entropy(sg.nn.relu(X @ W + B).named("h_1"), sg.variable("y", (5,), "int64"))
    written = sg.derivation({"loss": loss}["loss"], {"W": W, "V": sg.variable("V_%", (2,))}).latex()
    plain = written.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")
    assert written.count(r"\begin{") == written.count(r"\end{")
    assert written.count(r"\left") == written.count(r"\right")
    assert r"does not depend on V\_\%" in written


def test_words_are_escaped() -> None:
    assert escape_text(r"a_b \ {c} 5% #1 & $x$ ^") == r"a\_b  \{c\} 5\% \#1 \& \$x\$ \^{}"

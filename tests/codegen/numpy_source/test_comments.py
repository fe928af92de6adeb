"""Comments: formulas where the code does not read as one."""

from __future__ import annotations

import symgrad as sg
from codegen.numpy_source.generate import generate

X = sg.variable("X", (64, 20))
W = sg.variable("W", (20, 10))
labels = sg.variable("labels", (64,), dtype="int64")


def comments(text):
    return [line.strip() for line in text.splitlines() if line.strip().startswith("# ")]


def test_a_cotangent_made_by_several_lines_is_explained():
    scores = (X @ W).named("scores")
    loss = sg.nn.cross_entropy(scores, labels)
    text = generate([X, labels, W], [loss, sg.grad(loss, W)])
    assert "# dL/dscores = (softmax(scores) - one_hot(labels, 10)) / 64" in comments(text)
    line = next(i for i, line in enumerate(text.splitlines()) if "# dL/dscores" in line)
    assert text.splitlines()[line + 1].strip().startswith("dL_dscores = ")


def test_code_that_reads_as_the_formula_has_no_comment():
    h = sg.tanh(X @ W).named("h")
    assert comments(generate([X, W], [h])) == []
    assert comments(generate([X, W], [sg.sum(h**2).named("L")])) == []


def test_long_formulas_are_left_to_the_code():
    x = sg.variable("x", (3,))
    total = x
    for _ in range(200):
        total = sg.sin(total) + x
    assert comments(generate([x], [total.named("end")])) == []

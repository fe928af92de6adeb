"""Tests of documents: which parts of a graph get lines, and what the lines are called."""

from __future__ import annotations

import numpy as np

import symgrad as sg
from symgrad.formula.document import LONGEST_LINE, write_document
from symgrad.formula.styles import print_document
from symgrad.formula.text_names import run_text

X, Y = sg.variable("x", (3,)), sg.variable("y", (3,))


def printed(*tensors: sg.Tensor, keys: tuple[str | None, ...] = (), opaque: dict[sg.Tensor, str] | None = None) -> str:
    return print_document(write_document(tensors, keys, opaque), "text")


def test_a_part_used_twice_gets_a_line() -> None:
    e = sg.exp(X * Y)
    assert printed(e / sg.sum(e)) == "t1 = exp(x * y)\nt1 / sum(t1)"


def test_what_is_short_is_written_twice() -> None:
    assert printed((X - Y) * sg.exp(X - Y)) == "(x - y) * exp(x - y)"
    assert printed(sg.exp(sg.eye(3)) @ sg.eye(3).T @ sg.sin(sg.eye(3))) == "exp(eye(3)) @ sin(eye(3))"


def test_a_name_of_the_user_is_a_line() -> None:
    assert printed(sg.sum(sg.exp(X).named("h"))) == "h = exp(x)\nsum(h)"


def test_a_named_value_goes_by_its_name_everywhere() -> None:
    h = sg.tanh(X).named("h")
    assert printed(h * (1 - sg.tanh(X))) == "h = tanh(x)\nh * (1 - h)"


def test_a_name_for_a_variable_and_a_name_for_a_name_keep_their_lines() -> None:
    assert printed(sg.exp(X.named("a").named("b"))) == "a = x\nb = a\nexp(b)"


def test_cotangents_are_called_by_what_they_belong_to() -> None:
    W = sg.variable("W", (3, 3))
    h = sg.tanh(W @ X).named("h")
    text = printed(sg.grad(sg.sum((h - Y) ** 2), W))
    assert text == "h = tanh(W @ x)\ndL_dh = 2 * (h - y)\nouter(dL_dh * (1 - h**2), x)"


def test_two_things_of_one_name_are_kept_apart() -> None:
    first = sg.exp(X).named("h")
    second = sg.exp(first).named("h")
    other = sg.variable("x", (2,))
    assert printed(second) == "h = exp(x)\nh_2 = exp(h)"
    assert printed(sg.sum(X) + sg.sum(other)) == "sum(x) + sum(x_2)"


def test_names_hide_no_words() -> None:
    exp, n = sg.variable("exp", (3,)), sg.dim("sum")
    document = write_document([sg.sum(sg.exp(exp)) / n * sg.sum(sg.variable("v", (n,)))])
    text = print_document(document, "text")
    assert text == "sum(exp(exp_)) * sum(v) / sum_"
    assert set(document.leaves) == {"exp_", "sum_", "v"}


def test_keys_are_the_names_of_results() -> None:
    e = sg.exp(X)
    assert printed(e, keys=("dL/dx",)) == "dL_dx = exp(x)"
    assert printed(e, sg.sum(e), keys=("e", "s")) == "e = exp(x)\ns = sum(e)"
    assert printed(e, e, keys=("a", "b")) == "a = exp(x)\nb = a"
    assert printed(X, keys=("y",)) == "y = x"
    assert printed(e * X, keys=("x",)) == "x_result = exp(x) * x"
    assert printed(sg.ones(3), sg.ones(3), keys=("a", "b")) == "a = ones((3,))\nb = ones((3,))"


def test_results_come_in_their_order_each_after_what_it_needs() -> None:
    a, b = sg.exp(X).named("a"), sg.log(Y).named("b")
    assert printed(b * 2, a * 3, keys=("p", "q")).splitlines() == ["b = log(y)", "p = 2 * b", "a = exp(x)", "q = 3 * a"]


def test_a_repeated_result_is_made_whole() -> None:
    total = sg.sum(X)
    wide = sg.broadcast_to(total, (3,)) + sg.broadcast_to(total, (3,))
    assert printed(wide, keys=("w",)) == "t1 = sum(x)\nw = broadcast_to(2 * t1, (3,))"
    assert run_text(printed(wide, keys=("w",)), {"x": np.ones(3)})["w"].tolist() == [6, 6, 6]


def test_opaque_tensors_are_names() -> None:
    e = sg.exp(X)
    assert printed(e * 2 + X, opaque={e: "e"}) == "2 * e + x"


def test_users_functions_keep_their_names_apart() -> None:
    twice = sg.elementwise("act", lambda x: 2 * x)
    thrice = sg.elementwise("act", lambda x: 3 * x)
    document = write_document([twice(X) + thrice(X)])
    assert print_document(document, "text") == "act(x) + act_2(x)"
    assert run_text("act(x) + act_2(x)", {"x": np.ones(3)}, document.functions)["result"].tolist() == [5, 5, 5]


def test_long_formulas_are_broken_into_lines() -> None:
    y = X
    for _ in range(2 * LONGEST_LINE):
        y = sg.sin(y)
    lines = printed(y).splitlines()
    assert len(lines) == 2
    assert lines[1].count("sin") <= LONGEST_LINE


def test_any_depth_works_and_python_can_read_it() -> None:
    y = X
    for _ in range(20_000):
        y = sg.sin(y) * 0.999
    values = {X: np.array([0.1, 0.2, 0.3])}
    found = run_text(printed(y), {"x": values[X]})
    np.testing.assert_allclose(list(found.values())[-1], sg.evaluate(y, values))

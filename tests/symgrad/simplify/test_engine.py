"""The engine: order, sharing, what it keeps, what it logs, and rules that never end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import GraphError
from symgrad.families.elementwise import apply
from symgrad.simplify.engine import Rewrite, Rule, rewrite
from symgrad.tensor import Tensor

x, y = sg.variable("x", (3,)), sg.variable("y", (3,))


def replace(head: str, other: str) -> Rule:
    return Rule(f"{head} to {other}", (head,), lambda node: apply(other, *node.inputs), "for a test")


def test_rules_apply_below_first_and_to_what_rules_made() -> None:
    rules = (replace("sin", "cos"), replace("cos", "tan"))
    log: list[Rewrite] = []
    (result,) = rewrite([sg.sin(sg.sin(x))], rules, log=log)
    assert result is sg.tan(sg.tan(x))
    assert [entry.rule.name for entry in log] == ["sin to cos", "cos to tan"] * 2
    assert log[0].before is sg.sin(x)
    assert log[0].after is sg.cos(x)


def test_the_first_rule_that_fits_wins() -> None:
    rules = (
        Rule("never", ("sin",), lambda node: None, ""),
        Rule("nothing new", ("sin",), lambda node: node, ""),
        replace("sin", "cos"),
    )
    assert rewrite([sg.sin(x)], rules) == [sg.cos(x)]


def test_shared_nodes_are_rewritten_once() -> None:
    calls: list[Tensor] = []

    def count(node: Tensor) -> None:
        calls.append(node)

    shared = sg.sin(x)
    rewrite([shared + shared, shared * 2], (Rule("count", ("sin",), count, ""),))
    assert calls == [shared]


def test_what_no_rule_fits_is_the_same_object() -> None:
    z = sg.sin(x) * y
    assert rewrite([z, x], (replace("tan", "cos"),)) == [z, x]


def test_kept_tensors_and_all_below_stay() -> None:
    rules = (replace("sin", "cos"),)
    inner = sg.sin(x)
    outer = sg.sin(inner)
    assert rewrite([outer], rules, keep=[inner]) == [sg.cos(inner)]
    assert rewrite([outer], rules, keep=[outer]) == [outer]
    assert rewrite([outer], rules, keep=[x]) == [sg.cos(sg.cos(x))]
    assert rewrite([outer + x], rules, keep=[inner, outer]) == [outer + x]


def test_rules_cannot_look_into_what_is_kept() -> None:
    def look(node: Tensor) -> Tensor | None:
        (inner,) = node.inputs
        return x if inner.operation == sg.exp(x).operation else None

    rule = Rule("log of exp", ("log",), look, "")
    z = sg.log(sg.exp(x))
    log: list[Rewrite] = []
    assert rewrite([z], (rule,)) == [x]
    assert rewrite([z], (rule,), keep=[sg.exp(x)], log=log) == [z]
    assert log == []


def test_the_log_shows_kept_tensors_as_they_are() -> None:
    log: list[Rewrite] = []
    h = sg.exp(x)
    rewrite([sg.sin(h)], (replace("sin", "cos"),), keep=[h], log=log)
    assert [(entry.before, entry.after) for entry in log] == [(sg.sin(h), sg.cos(h))]


def test_new_nodes_come_from_the_line_of_what_they_replace() -> None:
    z = sg.sin(sg.variable("only here", (3,)))
    (after,) = rewrite([z], (replace("sin", "arctan"),))
    assert after.origin == z.origin


@pytest.mark.parametrize(
    "rules",
    [
        (replace("sin", "cos"), replace("cos", "sin")),
        (Rule("growing", ("sin",), lambda node: sg.sin(node * 2), ""),),
        (Rule("wrapping", ("sin",), lambda node: sg.exp(node), ""),),
        (replace("sin", "cos"), Rule("back", ("cos",), lambda node: sg.exp(sg.sin(*node.inputs)), "")),
    ],
    ids=["a circle", "ever larger", "around itself", "around another"],
)
def test_rules_that_never_end_are_found(rules: tuple[Rule, ...]) -> None:
    with pytest.raises(GraphError, match="does not end"):
        rewrite([sg.sin(x) + y], rules)


@pytest.mark.parametrize("wrong", [lambda node: sg.sum(node), lambda node: node.astype("float32")])
def test_rules_may_not_change_shape_or_dtype(wrong: Any) -> None:
    with pytest.raises(GraphError, match="rule 'wrong' changed"):
        rewrite([sg.sin(x)], (Rule("wrong", ("sin",), wrong, ""),))


def test_long_chains_of_rewrites() -> None:
    z = x
    for _ in range(20_000):
        z = -(-z) * 1
    assert sg.simplify([z]) == [x]
    deep = x
    for _ in range(20_000):
        deep = sg.sin(deep)
    (after,) = rewrite([deep], (replace("sin", "tanh"),))
    value = np.ones(3)
    for _ in range(20_000):
        value = np.tanh(value)
    np.testing.assert_allclose(sg.evaluate(after, {x: np.ones(3)}), value, rtol=1e-10)


@pytest.mark.parametrize("wrong", [x, [x, 1.0], "x", [None]])
def test_only_lists_of_tensors_are_rewritten(wrong: Any) -> None:
    with pytest.raises(GraphError, match="must be"):
        rewrite(wrong, ())
    with pytest.raises(GraphError, match="what is kept must be"):
        rewrite([x], (), keep=wrong)


def test_a_shape_may_be_written_in_another_way() -> None:
    N, M = sg.dim("N"), sg.dim("M")
    flat = sg.variable("flat", (N * M + N,))
    there_and_back = flat.reshape(N, M + 1).reshape(N * (M + 1))
    assert there_and_back.shape != flat.shape
    assert sg.simplify([there_and_back]) == [flat]

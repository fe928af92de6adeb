"""Every rule of the textbook form: where it fires, what comes out, and that values stay."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.layout import EmbedDiagonal
from symgrad.families.linear_algebra import Inverse
from symgrad.formula.document import write_document
from symgrad.formula.styles import print_document
from symgrad.simplify import SIMPLIFYING
from symgrad.simplify.textbook import RULES, textbook
from symgrad.tensor import make
from tests.graphs import assert_close, random_graph
from tests.symgrad.simplify.rules import assert_same_values

x, y, z = (sg.variable(name, (3,)) for name in "xyz")
A, B = sg.variable("A", (3, 3)), sg.variable("B", (3, 3))
W = sg.variable("W", (3, 4))
S = sg.variable("S", (3, 3), symmetric=True)
s, t = sg.variable("s"), sg.variable("t")
c = x > 0
labels = sg.constant([2, 0, 1])
diag = make(EmbedDiagonal(), (x,))

CASES = [
    ("diagonal choice", sg.where(c, diag, 0), "diag(where(x > 0, x, 0))"),
    ("half at ties", sg.grad(sg.sum(sg.maximum(x, y)), x), "heaviside(x - y, 0.5)"),
    ("indicator", sg.where(c, 3.0, 0) * y, "3 * y * (x > 0)"),
    ("nothing", 0 * x + y, "y"),
    ("diagonal product", sg.eye(3) * x / y, "diag(x / y)"),
    ("distribution", (diag - A) * y, "diag(x * y) - A * y"),
    ("outer product", x[:, None] * y * 2, "2 * outer(x, y)"),
    ("one product", 2 * x / s * -3 / s, "-6 * x / s**2"),
    ("one sum", s * x + y * s - (-x) * s, "s * (2 * x + y)"),
    ("numbers out of layout", (2 * A)[1:], "2 * A[1:]"),
    ("kept axes", x - sg.mean(x, keepdims=True), "x - mean(x)"),
    ("known sum", sg.sum(3 * sg.nn.softmax(x)) * y, "3 * y"),
    ("known sum", sg.sum(x - sg.mean(x)) * y + z, "z"),
    ("numbers out of sums", sg.sum(2 * sg.exp(A), axis=0), "2 * sum(exp(A), axis=0)"),
    ("sum of a product", sg.sum(A * x, axis=1), "A @ x"),
    ("sum of a product", sg.sum(x * y), "x @ y"),
    ("sum of a product", sg.sum(diag, axis=0), "x"),
    ("numbers out of products", (2 * A) @ (s * W), "2 * s * A @ W"),
    ("product with repeats", sg.ones((3,)) @ A, "sum(A, axis=0)"),
    ("product with repeats", sg.broadcast_to(x, (4, 3)) @ W, "broadcast_to(x @ W, (4, 4))"),
    ("product with a diagonal", diag @ W, "x[:, None] * W"),
    ("product with a diagonal", W.T @ diag, "x * W.T"),
    ("product with a diagonal", sg.eye(3) @ W, "W"),
    ("diagonal of a product", np.trace(diag @ A), "x @ diag(A)"),
    ("product with an inverse", make(Inverse(), (A,)) @ A @ W, "W"),
    ("symmetric operand", sg.einsum("ij,ik->jk", S, W), "S @ W"),
    ("symmetric matrix", sg.exp(S.T), "exp(S)"),
    ("transpose of a product", (W.T * x).T, "W * x[:, None]"),
]


def written(tensor):
    return print_document(write_document([tensor]), "text")


def well_behaved(shape, seed):
    array = np.random.default_rng(seed).uniform(0.5, 2, shape)
    return array + array.T + 3 * np.eye(3) if shape == (3, 3) else array


@pytest.mark.parametrize(
    ("rule", "tensor", "expected"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_rules_fire_and_keep_values(rule, tensor, expected):
    log = []
    (result,) = textbook([tensor], log)
    assert rule in [entry.rule.name for entry in log]
    assert written(result) == expected
    assert_same_values(tensor, result, well_behaved, signs=False, rtol=1e-12, atol=1e-14)
    for entry in log:
        assert_same_values(entry.before, entry.after, well_behaved, signs=False, rtol=1e-12, atol=1e-14)


def test_every_rule_is_tested():
    own = {rule.name for rule in RULES} - {rule.name for rule in SIMPLIFYING}
    assert {rule for rule, *_ in CASES} == own


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_gradients_keep_their_values(first):
    for seed in range(first, first + 50):
        graph = random_graph(seed).with_gradients()
        before = sg.evaluate(list(graph.outputs), graph.bindings)
        after = sg.evaluate(textbook(graph.outputs), graph.bindings)
        for a, b in zip(after, before, strict=True):
            assert_close(a, b, graph.precision, seed)


@pytest.mark.deep
def test_many_random_gradients_keep_their_values():
    for seed in range(200, 12_000):
        graph = random_graph(seed).with_gradients()
        before = sg.evaluate(list(graph.outputs), graph.bindings)
        after = sg.evaluate(textbook(graph.outputs), graph.bindings)
        for a, b in zip(after, before, strict=True):
            assert_close(a, b, graph.precision, seed)


def test_the_form_is_final():
    for _, tensor, _ in CASES:
        (once,) = textbook([tensor])
        assert textbook([once]) == [once]


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (x / x, "x / x"),
        (x - x, "x - x"),
        (x + x**2, "x + x**2"),
        (sg.log(x) / 0, "log(x) / 0"),
        (sg.sum(sg.nn.softmax(sg.variable("v", (sg.dim("N"),)))), "sum(softmax(v))"),
    ],
)
def test_what_need_not_be_equal_stays_as_written(tensor, expected):
    assert sg.formula(tensor) == expected


def test_long_sums_and_products_take_linear_work():
    total = x
    for i in range(3000):
        total = sg.tanh(total * sg.variable(f"w{i % 7}", (3,)) + y)
    log = []
    textbook([sg.grad(sg.sum(total), x)], log)
    assert len(log) < 60_000

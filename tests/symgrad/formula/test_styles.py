"""Tests of whole formulas: the networks of the lecture, random graphs, and the summaries at the prompt."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symgrad as sg
from symgrad.families.elementwise import apply
from symgrad.families.leaf import Variable
from symgrad.formula.document import write_document
from symgrad.formula.styles import (
    print_document,
    print_readable,
    write_formula,
    write_notebook_html,
    write_notebook_latex,
    write_summary,
)
from symgrad.graph import topological_order

N = sg.dim("N")
X, Y = sg.variable("X", (N, 4)), sg.variable("y", (N,), "int64")
W1, B1, W2 = sg.variable("W1", (4, 3)), sg.variable("b1", (3,)), sg.variable("W2", (3, 2))
A, V, B = sg.variable("A", (4, 3)), sg.variable("x", (3,)), sg.variable("b", (4,))


def network() -> sg.Tensor:
    h = sg.nn.relu(X @ W1 + B1).named("h")
    scores = (h @ W2).named("scores")
    return sg.nn.cross_entropy(scores, Y)


def values_of(tensor: sg.Tensor, seed: int = 0) -> dict[Any, Any]:
    numbers = np.random.default_rng(seed)
    values: dict[Any, Any] = {N: 5}
    for leaf in topological_order([tensor]):
        if isinstance(leaf.operation, Variable):
            shape = tuple(5 if size == N else size for size in leaf.shape)
            values[leaf] = numbers.integers(0, 2, shape) if leaf.dtype.kind == "i" else numbers.normal(size=shape)
    return values


def test_a_network_reads_as_one_would_write_it() -> None:
    assert write_formula(network(), "text").splitlines() == [
        "h = relu(X @ W1 + b1)",
        "scores = h @ W2",
        "mean(logsumexp(scores, axis=1) - scores[arange(N), y])",
    ]


def test_gradients_read_as_backpropagation_is_taught() -> None:
    gradients = sg.grad(network(), {"dL/dW1": W1, "dL/db1": B1, "dL/dW2": W2})
    assert write_formula(gradients, "text").splitlines() == [
        "t1 = X @ W1 + b1",
        "h = relu(t1)",
        "scores = h @ W2",
        "dL_dscores = (softmax(scores) - one_hot(y, 2)) / N",
        "dL_dh = dL_dscores @ W2.T",
        "t2 = where(t1 > 0, dL_dh, 0)",
        "dL_dW1 = X.T @ t2",
        "dL_dW2 = h.T @ dL_dscores",
        "dL_db1 = sum(t2, axis=0)",
    ]


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        (lambda: sg.grad(sg.sum((A @ V - B) ** 2), V), "2 * A.T @ (A @ x - b)"),
        (lambda: sg.grad(sg.nn.squared_error(X @ A, sg.variable("T", (N, 3))), A), "2 * X.T @ (X @ A - T) / (3*N)"),
        (lambda: sg.grad(sg.sum(sg.nn.softplus(-V)), V), "-sigmoid(-x)"),
        (lambda: sg.grad(V @ V / 2, V), "x"),
        (lambda: sg.hessian(sg.sum(V**3) / 6, V), None),
        (lambda: sg.grad(B @ A @ V, A), "outer(b, x)"),
    ],
)
def test_classical_derivatives(gradient: Callable[[], sg.Tensor], expected: str | None, read_back: Any) -> None:
    tensor = gradient()
    printed = read_back(tensor, values_of(tensor))
    assert expected is None or printed == expected


def test_latex_of_a_network() -> None:
    assert write_formula({"dL/dW1": sg.grad(network(), W1)}, "latex").splitlines() == [
        r"\begin{aligned}",
        r"t_{1} &= X W_{1} + b_{1} \\",
        r"h &= \operatorname{relu}\left(t_{1}\right) \\",
        r"\mathrm{scores} &= h W_{2} \\",
        r"\frac{\partial L}{\partial \mathrm{scores}} &= \frac{\operatorname{softmax}\left(\mathrm{scores}\right)"
        r" - \operatorname{onehot}\left(y\right)}{N} \\",
        r"\frac{\partial L}{\partial h} &= \frac{\partial L}{\partial \mathrm{scores}} W_{2}^{\top} \\",
        r"\frac{\partial L}{\partial W_{1}} &= X^{\top}"
        r"\left(\frac{\partial L}{\partial h} \odot\left[t_{1} > 0\right]\right)",
        r"\end{aligned}",
    ]


def _random_operation(choose: random.Random, pool: list[sg.Tensor]) -> sg.Tensor:
    a, b = choose.choice(pool[-6:]), choose.choice(pool)
    axis = choose.randrange(a.ndim) if a.ndim else None
    operations: list[Callable[[], sg.Tensor]] = [
        lambda: apply(choose.choice(["exp", "tanh", "sigmoid", "relu", "square", "negative", "softplus", "sin"]), a),
        lambda: apply(choose.choice(["add", "subtract", "multiply", "divide", "maximum"]), a, b),
        lambda: choose.choice([2, -1, 0.5, -3]) * a,
        lambda: a / choose.choice([2, -4]),
        lambda: a @ b,
        lambda: sg.outer(a, b),
        lambda: choose.choice([sg.sum, sg.mean, sg.max, sg.logsumexp])(a, axis=axis, keepdims=choose.random() < 0.5),
        lambda: sg.softmax(a),
        lambda: a.T,
        lambda: sg.where(a > b, a, choose.choice([0, b])),
        lambda: a[choose.choice([0, slice(1, None), slice(None, None, -1), None, (Ellipsis, slice(None, None, 2))])],
        lambda: sg.concatenate([a, b]),
        lambda: sg.diag(a),
        lambda: a[Y],
        lambda: sg.cumsum(a, axis=0),
        lambda: sg.einsum(choose.choice(["ij,kj->ik", "ij,ik->jk", "i,ij->ij", "ij,ij->i", "bij,bjk->bik"]), a, b),
        lambda: a.named(choose.choice(["h", "z", "sum", "dL/dz"])),
    ]
    return choose.choice(operations)()


def _random_tensor(seed: int) -> sg.Tensor:
    choose = random.Random(seed)
    pool = [sg.variable(f"v{i}", shape) for i, shape in enumerate([(), (3,), (N,), (3, 3), (N, 3), (2, N, 3)])]
    choose.shuffle(pool)
    for _ in range(choose.randint(3, 25)):
        try:
            pool.append(_random_operation(choose, pool))
        except sg.SymgradError:
            continue  # shapes that do not fit
    return next(tensor for tensor in reversed(pool) if tensor.ndim <= 4)


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_random_formulas_and_their_gradients_are_true(read_back: Any, seed: int) -> None:
    tensor = _random_tensor(seed)
    values = values_of(tensor, seed)
    leaves = [leaf for leaf in values if isinstance(leaf, sg.Tensor) and leaf.dtype.kind == "f"]
    with np.errstate(all="ignore"):
        read_back(tensor, values)
        loss = sg.sum(sg.tanh(tensor))
        for gradient in sg.grad(loss, leaves):
            read_back(gradient, values)


def test_formulas_grow_with_the_graph() -> None:
    def lines(layers: int) -> int:
        h = V
        for i in range(layers):
            h = sg.tanh(A[:3] @ h + V).named(f"h{i}")
        return len(print_document(write_document([sg.grad(sg.sum(h), V)]), "text").splitlines())

    assert lines(20) > 20
    assert lines(40) < 2.1 * lines(20)


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (X, "<X: float64 (N, 4)>"),
        (X @ W1 + B1, "<X @ W1 + b1: float64 (N, 3)>"),
        (sg.constant(2.5), "2.5"),
        (sg.exp(V).named("h"), "<h = exp(x): float64 (3,)>"),
        (sg.sum(sg.exp(V).named("h")), "<sum(h): float64 ()>"),
        (sg.exp(V) / sg.sum(sg.exp(V)), "<divide(...): float64 (3,)>"),
        (
            sg.sum(sg.exp(X @ W1 + B1) / sg.tanh(X @ W1 - B1) + sg.log(B1 / 0.333333333333)),
            "<reduction(...): float64 ()>",
        ),
    ],
)
def test_summaries_fit_on_a_line(tensor: sg.Tensor, expected: str) -> None:
    assert write_summary(tensor) == expected
    assert repr(tensor) == expected


def test_summaries_look_at_few_nodes_only() -> None:
    y = V
    for _ in range(50_000):
        y = sg.sin(y)
    assert write_summary(y) == "<sin(...): float64 (3,)>"
    assert write_summary(y.named("h")) == "<h: float64 (3,)>"


def test_notebooks_show_latex_unless_it_fills_pages() -> None:
    assert write_notebook_latex(V @ V) == r"$\displaystyle x^{\top} x$"
    y = V
    for _ in range(2000):
        y = sg.sin(y)
    assert write_notebook_latex(y) is None
    assert (V @ V)._repr_latex_() == write_notebook_latex(V @ V)


def test_notebooks_show_mathml_with_shape_and_dtype_as_long_as_they_show_latex() -> None:
    y = sg.variable("x<1>", (3, sg.dim("N")))
    html = y._repr_html_()
    assert html == write_notebook_html(y)
    root = ElementTree.fromstring(html)
    math, about = root
    assert math.tag.endswith("math")
    assert about.text == "float64 (3, N)"
    for _ in range(2000):
        y = sg.sin(y)
    assert write_notebook_html(y) is write_notebook_latex(y) is None


def test_readable_text_keeps_names_that_python_does_not_allow() -> None:
    h = sg.exp(V).named("dL/dh")
    assert print_readable(write_document([h * 2])) == "dL/dh = exp(x); 2 * dL/dh"
    assert print_readable(write_document([h * 2], opaque={h: "dL/dh"})) == "2 * dL/dh"

"""Sums of products are added up in place: what is found, what is left alone, and that values stay."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from codegen.program.build import build
from codegen.program.sums import MultiplyAdd, add_in_place
from symgrad.graph import topological_order

N = sg.dim("N")
A, B, C, D = (sg.variable(name, (N, 5)) for name in "ABCD")
U, V, W = (sg.variable(name, (5, 7)) for name in "UVW")
b = sg.variable("b", (7,))


def additions(*ends: sg.Tensor) -> int:
    return sum(isinstance(node.operation, MultiplyAdd) for node in topological_order(add_in_place(ends)))


def test_products_of_one_sum_share_memory():
    assert additions(A @ U + B @ V) == 1
    assert additions(A @ U + (B @ V + b) + C @ W) == 2
    assert additions(A @ U + (B @ V) * 2) == 0
    assert additions(A @ U + b) == 0


def test_products_that_others_need_are_left_alone():
    product = A @ U
    assert additions(product + B @ V, sg.exp(product)) == 0
    assert additions(product + B @ V, product) == 0
    total = A @ U + B @ V
    assert additions(total + C @ W, total) == 1


def test_products_that_broadcast_are_left_alone():
    assert additions(A @ U + sg.variable("u", (5,)) @ V) == 0


ends = {
    "two": A @ U + B @ V,
    "with others": sg.tanh(b + A @ U + (B @ V + 1) + C @ W),
    "nested": (A @ U + B @ V).T @ (C @ W + D @ V),
    "windows": sg.einsum("ni,nj->ij", A, B) + sg.einsum("ni,nj->ij", C, D) + sg.einsum("nj,ni->ij", A, D),
    "used by two": sg.exp(A @ U + B @ V) * (A @ U),
}


@pytest.mark.parametrize("name", ends)
@pytest.mark.parametrize("n", [0, 1, 3, 200])
def test_values(name, n):
    expression = ends[name]
    rng = np.random.default_rng(0)
    inputs = [A, B, C, D, U, V, W, b]
    arrays = {v: rng.standard_normal((n, 5) if v.shape[0] == N else v.shape) for v in inputs}
    function = sg.compile(inputs, [expression, sg.grad(sg.sum(expression), inputs)])
    value, gradients = function(*arrays.values())
    np.testing.assert_allclose(value, sg.evaluate(expression, arrays), rtol=1e-10, atol=1e-10)
    for v, gradient in zip(inputs, gradients, strict=True):
        np.testing.assert_allclose(gradient, sg.evaluate(sg.grad(sg.sum(expression), v), arrays), rtol=1e-9, atol=1e-9)


def test_a_sum_takes_the_memory_of_one_product():
    variables = [sg.variable(f"x{i}", (300, 40)) for i in range(10)]
    w = sg.variable("w", (40, 50))
    program = build([*variables, w], [sg.sum(sg.exp(sum((x @ w for x in variables[1:]), variables[0] @ w)))], {})
    large = [life for life in program.storage.arena if life.entries == 300 * 50]
    assert len(large) == 1

"""Batching: a stack of values in the place of one. Every operation is batched in tests/symgrad/test_families.py too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

import symgrad as sg
from symgrad.derivative.batching import batched
from symgrad.dtypes import Dtype
from symgrad.errors import GradientError
from symgrad.families.linear_algebra import Solve, TriangularSolve
from symgrad.graph import substitute, topological_order
from symgrad.shapes import Shape
from symgrad.tensor import LinearOperation, Tensor, make
from tests.symgrad.families.cases import CASES, Case
from tests.symgrad.numeric import variables


@dataclass(frozen=True)
class Doubled(LinearOperation):
    """An operation that batching does not know."""

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return inputs[0].shape, inputs[0].dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (make(self, (g,)),)


def both_ways(y: Tensor, source: Tensor, values: np.ndarray, others: dict[Tensor, np.ndarray]) -> tuple:
    stack = sg.variable("stack", values.shape)
    together = sg.evaluate(batched(y, source, stack), others | {stack: values})
    return together, [sg.evaluate(y, others | {source: value}) for value in values]


@pytest.mark.parametrize("case", [c for c in CASES if c.differentiable], ids=lambda c: c.name)
def test_a_stack_is_computed_entry_by_entry(case: Case) -> None:
    tensors = variables(*case.arrays)
    y = case.build(*tensors)
    position = next(i for i, array in enumerate(case.arrays) if array.dtype.kind == "f")
    source, array = tensors[position], case.arrays[position]
    others = {x: a for x, a in zip(tensors, case.arrays, strict=True) if x is not source}
    # Near the arrays of the case: not every matrix is positive definite.
    values = array + np.random.default_rng(1).normal(size=(3, *array.shape)) / 10
    together, apart = both_ways(y, source, values, others)
    assert together.shape == (3, *y.shape)
    np.testing.assert_allclose(together, np.array(apart).reshape(together.shape), rtol=1e-10, atol=1e-13)


def test_what_does_not_depend_on_the_source_is_repeated() -> None:
    x, y = sg.variable("x", (2,)), sg.variable("y", (3,))
    result = batched(sg.sin(y), x, sg.variable("s", (4, 2)))
    assert result.shape == (4, 3)


def test_one_matrix_solves_for_a_whole_batch_at_once() -> None:
    a, b = sg.variable("a", (3, 3)), sg.variable("b", (3,))
    for y in (sg.linalg.solve(a, b), sg.linalg.solve_triangular(a, b)):
        order = topological_order([batched(y, b, sg.variable("stack", (5, 3)))])
        assert [node.shape for node in order if isinstance(node.operation, (Solve, TriangularSolve))] == [(3, 5)]


def test_unknown_operations_are_computed_one_by_one() -> None:
    x = sg.variable("x", (2,))
    y = make(Doubled(), (x * x,))
    for size in (0, 3):
        stack = sg.variable("s", (size, 2))
        result = batched(y, x, stack)
        assert result.shape == (size, 2)
        plain = {make(Doubled(), ((stack * stack)[i],)): 2 * stack[i] * stack[i] for i in range(size)}
        (same,) = substitute([result], plain)
        values = np.arange(2.0 * size).reshape(size, 2)
        np.testing.assert_array_equal(sg.evaluate(same, {stack: values}), 2 * values**2)
    with pytest.raises(GradientError, match="Doubled cannot be computed for N entries at once"):
        batched(y, x, sg.variable("s", (sg.dim("N"), 2)))

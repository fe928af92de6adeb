"""Finer axes: the same values, found without dividing."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from codegen.program.access import input_index
from codegen.program.prepare import prepare
from codegen.program.refine import REFINING, joined_axes, stored_as
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import Concatenate, Reshape
from symgrad.graph import topological_order
from symgrad.simplify import rewrite
from tests.codegen.agreement import check

RNG = np.random.default_rng(0)
N = sg.dim("N")
x, y = sg.variable("x", (3, 4, 5)), sg.variable("y", (3, 20))


def refined(tensor: sg.Tensor) -> sg.Tensor:
    (result,) = rewrite([tensor], REFINING)
    return result


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ((3, 4, 5), (3, 20), [[0], [1, 2]]),
        ((3, 4, 5), (60,), [[0, 1, 2]]),
        ((3, 4, 5), (12, 1, 5), [[0, 1], [], [2]]),
        ((3, 1, 4, 5), (3, 20), [[0], [2, 3]]),
        ((N, 4, 5), (N, 20), [[0], [1, 2]]),
        ((3, 4, 5), (3, 4, 1, 5), None),
        ((4, 6), (3, 8), None),
        ((3, 20), (3, 4, 5), None),
        ((0, 4, 5), (0, 20), None),
    ],
)
def test_which_axes_are_joined(before, after, parts) -> None:
    assert joined_axes(sg.variable("v", before).reshape(after)) == parts


@pytest.mark.parametrize(
    "tensor",
    [
        sg.sin(x).reshape(3, 20) * y,
        y - sg.sin(x).reshape(3, 20),
        sg.sin(x).reshape(3, 20) * y[:1],
        sg.sin(x).reshape(3, 20) + y[:, :1],
        sg.sin(x).reshape(3, 20) + y[0],
        sg.cos(sg.sin(x).transpose(0, 2, 1).reshape(3, 20)).astype("float32"),
        sg.where(y > 0, sg.sin(x).reshape(3, 20), sg.cos(x).reshape(3, 20)),
        sg.sin(x).reshape(3, 20) * sg.sin(x.transpose(1, 0, 2)).reshape(12, 5).reshape(3, 20),
        sg.sum(x, 0, keepdims=True).reshape(1, 20) * y,
    ],
)
def test_what_is_computed_stays(tensor: sg.Tensor) -> None:
    result = refined(tensor)
    assert isinstance(result.operation, Reshape)
    functions = [node for node in topological_order([result]) if isinstance(node.operation, Elementwise)]
    assert all(node.shape != (3, 20) or not node.inputs[0].inputs for node in functions[-1:])
    at = {x: RNG.normal(size=x.shape), y: RNG.normal(size=y.shape)}
    np.testing.assert_array_equal(sg.evaluate(result, at), sg.evaluate(tensor, at))
    check([x, y], [tensor])


def test_stored_tensors_are_joined_where_they_lie() -> None:
    """Their memory is the same under both shapes."""
    assert refined(x.reshape(3, 20) * y) is x.reshape(3, 20) * y


@pytest.mark.parametrize("sizes", [(16, 16), (8, 24, 16), (12, 12, 12)])
def test_parts_side_by_side(sizes) -> None:
    parts = [sg.variable(f"p{i}", (N, size)) for i, size in enumerate(sizes)]
    tensor = sg.concatenate([sg.sin(part) for part in parts], 1)
    (joined,) = [node for node in topological_order([refined(tensor)]) if isinstance(node.operation, Concatenate)]
    assert joined.operation.axis == joined.ndim - 2
    check(parts, [tensor, sg.exp(tensor)], {N: 3})


@pytest.mark.parametrize(
    "tensor",
    [
        sg.concatenate([y[:, :7], y[:, :5]], 1),
        sg.concatenate([y, y], 0),
        sg.concatenate([sg.variable("u", (N,)), sg.variable("v", (8,))]),
    ],
)
def test_parts_that_stay(tensor: sg.Tensor) -> None:
    assert refined(tensor) is tensor


def test_the_gradient_of_pooling_divides_nothing() -> None:
    image, kernel = sg.variable("image", (2, 3, 8, 8)), sg.variable("kernel", (4, 3, 3, 3))
    h = sg.nn.max_pool2d(sg.nn.relu(sg.nn.conv2d(image, kernel, padding=1)), 2)

    class Strict:
        """Arithmetic that has no division."""

        def multiply_add(self, index, factor, addend):
            return ("+", index, factor, addend)

    (gradient,) = prepare([sg.grad(sg.sum(h * h), kernel)])
    factor = next(node for node in gradient.inputs if isinstance(node.operation, Reshape))
    nodes = [factor.inputs[0]]
    while nodes:
        node = nodes.pop()
        if isinstance(node.operation, Elementwise):
            for i, operand in enumerate(node.inputs):
                assert input_index(node, i, tuple(f"i{k}" for k in range(node.ndim)), Strict()) is not None
                nodes.append(operand)


@pytest.mark.parametrize(
    ("axes", "keepdims"), [((1,), False), ((0,), False), ((0, 1), False), ((1,), True), ((-1, 0), True)]
)
@pytest.mark.parametrize("kind", [sg.sum, sg.max, sg.prod, sg.logsumexp])
def test_sums_over_joined_axes(kind, axes, keepdims) -> None:
    tensor = kind(sg.sin(x).reshape(3, 20), axes, keepdims)
    result = refined(tensor)
    assert result.shape == tensor.shape
    assert all(node.shape != (3, 20) for node in topological_order([result]))
    at = {x: RNG.normal(size=x.shape)}
    np.testing.assert_allclose(sg.evaluate(result, at), sg.evaluate(tensor, at), rtol=1e-13)
    assert refined(sg.argmax(sg.sin(x).reshape(3, 20), 1)) is sg.argmax(sg.sin(x).reshape(3, 20), 1)


def test_results_lie_in_memory_as_they_are_computed() -> None:
    whole = sg.sin(x).reshape(3, 20)
    other = sg.sin(x).reshape(12, 5)
    assert stored_as([whole]) == {whole: sg.sin(x)}
    assert stored_as([whole, sg.sin(x)]) == {whole: whole, sg.sin(x): sg.sin(x)}
    assert stored_as([whole, other, whole]) == {whole: sg.sin(x), other: other}
    assert stored_as([x.reshape(3, 20), y]) == {x.reshape(3, 20): x.reshape(3, 20), y: y}
    check([x], [whole, whole, other])
    check([x], [whole, sg.sin(x), sg.cos(whole), sg.sum(whole, 1)])

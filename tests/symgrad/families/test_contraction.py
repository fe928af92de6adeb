"""Contractions: einsum in all its forms, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.contraction import Contraction, contract
from symgrad.graph import topological_order
from tests.symgrad.numeric import finite_difference, variables


@st.composite
def einsums(draw: Any) -> tuple[str, list[np.ndarray]]:
    """Subscripts with repeated labels, "...", outputs given or implied; operands of which some have size 1 instead."""
    sizes = {label: draw(st.integers(1, 3)) for label in "abcd"}
    free = draw(st.lists(st.integers(1, 3), max_size=2))
    terms, arrays, any_dots = [], [], False
    for i in range(draw(st.integers(1, 4))):
        labels = draw(st.lists(st.sampled_from("abcd"), max_size=3))
        dots = draw(st.booleans())
        any_dots |= dots
        shape = [sizes[label] if labels.count(label) > 1 or draw(st.integers(0, 4)) else 1 for label in labels]
        ellipsis = (
            [n if draw(st.integers(0, 3)) else 1 for n in free][draw(st.integers(0, len(free))) :] if dots else []
        )
        place = draw(st.integers(0, len(labels))) if dots else 0
        terms.append("".join(labels[:place]) + ("..." if dots else "") + "".join(labels[place:]))
        full = shape[:place] + ellipsis + shape[place:]
        arrays.append(np.random.default_rng(i).normal(size=full))
    subscripts = ",".join(terms)
    used = sorted(set(subscripts) & set("abcd"))
    if draw(st.booleans()):
        output = draw(st.permutations(draw(st.lists(st.sampled_from(used), unique=True)) if used else []))
        subscripts += "->" + ("..." if any_dots else "") + "".join(output)
    return subscripts, arrays


@given(einsums())
def test_einsum_is_numpys(example: tuple[str, list[np.ndarray]]) -> None:
    subscripts, arrays = example
    tensors = variables(*arrays)
    values = dict(zip(tensors, arrays, strict=True))
    wanted = np.einsum(subscripts, *arrays)
    found = sg.einsum(subscripts, *tensors)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(sg.evaluate(found, values), wanted, rtol=1e-11, atol=1e-13)
    assert np.einsum(subscripts, *tensors) is found


@given(einsums())
def test_einsum_has_the_derivative_of_a_product(example: tuple[str, list[np.ndarray]]) -> None:
    subscripts, arrays = example
    tensors = variables(*arrays)
    loss = sg.sum(sg.sin(sg.einsum(subscripts, *tensors)))
    direction = [np.random.default_rng(9 + i).normal(size=array.shape) for i, array in enumerate(arrays)]
    gradients = sg.evaluate(sg.grad(loss, tensors), dict(zip(tensors, arrays, strict=True)))
    slope = sum(np.sum(g * d) for g, d in zip(gradients, direction, strict=True))
    wanted = finite_difference(
        lambda at: np.sum(np.sin(np.einsum(subscripts, *at))),
        arrays,
        direction,
    )
    np.testing.assert_allclose(slope, wanted, rtol=1e-5, atol=1e-5)


def test_many_operands_are_contracted_in_a_cheap_order() -> None:
    a, b, c = sg.variable("a", (100, 2)), sg.variable("b", (2, 100)), sg.variable("c", (100, 1))
    nodes = topological_order([sg.einsum("ij,jk,kl->il", a, b, c)])
    assert not any(node.shape == (100, 100) for node in nodes)


def test_products_of_vectors_matrices_and_stacks_are_single_contractions() -> None:
    x, w = sg.variable("X", (8, 3)), sg.variable("W", (3, 4))
    assert (x @ w).operation == Contraction((0, 1), (1, 2), (0, 2))
    assert len(topological_order([sg.variable("A", (5, 8, 3)) @ w])) == 3


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
def test_dtypes_are_kept(dtype: str) -> None:
    x = np.arange(6, dtype=dtype).reshape(2, 3)
    tensor = sg.variable("x", (2, 3), dtype)
    for subscripts, operands in [("ij->i", 1), ("ij,ij->", 2), ("ij,kl->", 2), ("ij,kj->ik", 2)]:
        found = sg.einsum(subscripts, *[tensor] * operands)
        assert found.dtype == np.einsum(subscripts, *[x] * operands).dtype
        np.testing.assert_array_equal(sg.evaluate(found, {tensor: x}), np.einsum(subscripts, *[x] * operands))
    assert (tensor @ tensor.T).dtype == dtype
    assert (tensor @ sg.variable("y", (3,))).dtype == "float64"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda x: x @ x, r"matmul of \(2, 3\) and \(2, 3\): the inner sizes 3 and 2 differ"),
        (lambda x: x @ 2.0, "at least one axis"),
        (lambda x: sg.variable("y", (4, 2, 5)) @ sg.variable("z", (3, 5, 2)), "sizes 4 and 3 differ"),
        (lambda x: sg.einsum("ij,jk", x), "2 terms for 1 operands"),
        (lambda x: sg.einsum("ijk->i", x), r"term 'ijk' does not fit shape \(2, 3\)"),
        (lambda x: sg.einsum("i->i", x), "term 'i' does not fit"),
        (lambda x: sg.einsum("ij->k", x), "every output label must occur once, and in an operand"),
        (lambda x: sg.einsum("ij->ii", x), "every output label must occur once"),
        (lambda x: sg.einsum("ii->i", x), "label 'i' has sizes 2 and 3"),
        (lambda x: sg.einsum("i1->i", x), "labels must be letters"),
        (lambda x: sg.einsum("ij,ij->", x, sg.variable("y", (2, 4))), "sizes 3 and 4 differ"),
        (lambda x: sg.einsum("i...j...->i", x), "term 'i...j...' does not fit"),
        (lambda x: sg.einsum("i...->i", x), "must be in the output"),
        (lambda x: sg.tensordot(x, x, 3), r"tensordot over 3 axes of \(2, 3\) and \(2, 3\)"),
        (lambda x: sg.tensordot(x, x, ((0, 1), (0,))), "as many axes of one operand as of the other"),
        (lambda x: sg.tensordot(x, x, ((2,), (0,))), "axis 2 is out of range"),
        (lambda x: sg.vdot(x, sg.variable("y", (5,))), "sizes 6 and 5 differ"),
        (lambda x: np.trace(sg.variable("y", (5,))), "a diagonal needs two axes"),
    ],
)
def test_what_does_not_fit_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        build(sg.variable("x", (2, 3)))


def test_subscripts_must_be_text() -> None:
    x = sg.variable("x", (2, 3))
    with pytest.raises(GraphError, match="subscripts of einsum must be text"):
        sg.einsum(x, [0, 1])


def test_bools_are_refused() -> None:
    b = sg.variable("b", (2, 2), "bool")
    with pytest.raises(DtypeError, match="product of a bool tensor"):
        b @ b


def test_labels_of_one_operand_are_summed_first() -> None:
    a, b = sg.variable("a", (2, 3)), sg.variable("b", (4,))
    result = contract(a, "ij", b, "k", "k")
    assert result.shape == (4,)
    at = {a: np.ones((2, 3)), b: np.arange(4.0)}
    assert sg.evaluate(result, at).tolist() == [0, 6, 12, 18]

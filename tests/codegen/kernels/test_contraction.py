"""Contractions as matrix products: the labels, their strides, and what is joined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from codegen.kernels.contraction import matrix_product
from codegen.program.prepare import prepare
from symgrad.families.contraction import Contraction
from tests.codegen.agreement import arrays_for
from tests.codegen.kernels.test_lower import assert_right

N = sg.dim("N")


def product_of(node):
    (prepared,) = prepare([node])
    while not isinstance(prepared.operation, Contraction):
        (prepared,) = prepared.inputs
    return matrix_product(prepared)


def sizes(product):
    return product.rows.size, product.columns.size, product.summed.size, [axis.size for axis in product.loops]


A, B, v = sg.variable("A", (5, 7)), sg.variable("B", (7, 6)), sg.variable("v", (7,))


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (A @ B, (5, 6, 7, [])),
        (A.T[::-1].T @ B, (5, 6, 7, [])),
        (A @ v, (5, 1, 7, [])),
        (v @ B, (1, 6, 7, [])),
        (v @ v, (1, 1, 7, [])),
        (sg.einsum("ij,kj->ki", A, B.T), (5, 6, 7, [])),
        (sg.einsum("ij,ij->", A, A), (1, 1, 35, [])),
        (sg.einsum("ij,ij->j", A, A), (1, 1, 5, [7])),
        (sg.einsum("bij,bjk->bik", *(sg.variable(n, (3, 4, 4)) for n in "PQ")), (4, 4, 4, [3])),
        (sg.einsum("abij,jk->abik", sg.variable("P", (2, 3, 4, 5)), sg.variable("Q", (5, 6))), (24, 6, 5, [])),
        (sg.einsum("iajb,ab->ij", sg.variable("P", (2, 3, 4, 5)), sg.variable("Q", (3, 5))), (4, 1, 5, [2, 3])),
        (sg.einsum("ij,jk->ik", sg.variable("P", (N, 4)), sg.variable("Q", (4, N))), (N, N, 4, [])),
        (sg.einsum("ij,jk->ik", sg.variable("P", (1, 4)), sg.variable("Q", (4, 3))), (1, 3, 4, [])),
    ],
)
def test_axes_of_the_product(node, wanted):
    assert sizes(product_of(node)) == wanted


def test_strides_and_offsets():
    product = product_of(A[::-1, 1:] @ B.T[:, 1:].T)
    assert (product.left.base, product.right.base) == (A, B)
    assert (product.rows.left, product.summed.left, product.left.offset) == (-7, 1, 29)
    assert (product.summed.right, product.columns.right, product.right.offset) == (6, 1, 6)
    assert (product.rows.output, product.columns.output) == (6, 1)
    repeated = product_of(sg.broadcast_to(v, (5, 7)) @ B)
    assert (repeated.rows.left, repeated.summed.left) == (0, 1)


def test_sums_that_are_not_one_axis_are_added_up_in_loops():
    product = product_of(sg.einsum("aib,bka->ik", sg.variable("P", (2, 3, 4)), sg.variable("Q", (4, 5, 2))))
    assert sizes(product) == (3, 5, 4, [2])
    assert product.adds == (True,)


@st.composite
def contractions(draw):
    labels = "abcdef"
    left, right = (draw(st.lists(st.sampled_from(labels), unique=True, max_size=4)) for _ in range(2))
    output = draw(st.permutations(sorted(set(left) | set(right))))
    output = output[: draw(st.integers(0, len(output)))]
    extents = {label: draw(st.sampled_from([0, 1, 2, 3, N])) for label in labels}
    operands = [sg.variable(n, tuple(extents[a] for a in own)) for n, own in (("P", left), ("Q", right))]
    steps = draw(st.tuples(*(st.sampled_from([1, -1]) for _ in left)))
    first = operands[0][tuple(slice(None, None, step) for step in steps)] if left else operands[0]
    subscripts = f"{''.join(left)},{''.join(right)}->{''.join(output)}"
    return sg.einsum(subscripts, first, operands[1]), operands, draw(st.integers(0, 3))


@given(contractions())
def test_every_pattern_of_labels(contraction):
    node, operands, n = contraction
    bindings = arrays_for(operands, {N: n}, 5)
    assert_right([node * 1.5], bindings)
    function = sg.compile(operands, node)
    np.testing.assert_allclose(function(*bindings.values()), sg.evaluate(node, bindings), rtol=1e-12, atol=1e-12)

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
    return [tuple(axis.size for axis in axes) for axes in product.groups]


A, B, v = sg.variable("A", (5, 7)), sg.variable("B", (7, 6)), sg.variable("v", (7,))


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (A @ B, (1, 5, 6, 7)),
        (A.T[::-1].T @ B, (1, 5, 6, 7)),
        (A @ v, (1, 5, 1, 7)),
        (v @ B, (1, 1, 6, 7)),
        (v @ v, (1, 1, 1, 7)),
        (sg.einsum("ij,kj->ki", A, B.T), (1, 5, 6, 7)),
        (sg.einsum("ij,ij->", A, A), (1, 1, 1, 35)),
        (sg.einsum("ij,ij->j", A, A), (7, 1, 1, 5)),
        (sg.einsum("bij,bjk->bik", *(sg.variable(n, (3, 4, 4)) for n in "PQ")), (3, 4, 4, 4)),
        (sg.einsum("abij,jk->abik", sg.variable("P", (2, 3, 4, 5)), sg.variable("Q", (5, 6))), (1, 24, 6, 5)),
        (sg.einsum("ij,jk->ik", sg.variable("P", (N, 4)), sg.variable("Q", (4, N))), (1, N, N, 4)),
        (sg.einsum("ij,jk->ik", sg.variable("P", (1, 4)), sg.variable("Q", (4, 3))), (1, 1, 3, 4)),
    ],
)
def test_axes_that_are_one_in_memory_are_joined(node, wanted):
    product = product_of(node)
    assert sizes(product) == [(size,) for size in wanted]
    assert product.kernel == "plain"


def test_strides_and_offsets():
    product = product_of(A[::-1, 1:] @ B.T[:, 1:].T)
    (rows,), (columns,), (summed,) = product.rows, product.columns, product.summed
    assert (product.left.base, product.right.base) == (A, B)
    assert (rows.left, summed.left, product.left.offset) == (-7, 1, 29)
    assert (summed.right, columns.right, product.right.offset) == (6, 1, 6)
    assert (rows.output, columns.output) == (6, 1)
    repeated = product_of(sg.broadcast_to(v, (5, 7)) @ B)
    assert (repeated.rows[0].left, repeated.summed[0].left) == (0, 1)


def test_the_kernel_follows_from_what_is_contiguous():
    P, Q = sg.variable("P", (64, 3, 70)), sg.variable("Q", (70, 9))
    # Rows that are not one axis: a product for each turn of the short one if the other is long, else tables.
    long = product_of(sg.einsum("abi,ij->baj", P, Q))
    assert (sizes(long), long.kernel) == ([(3,), (64,), (9,), (70,)], "plain")
    short = product_of(sg.einsum("abi,ij->baj", P[:20], Q))
    assert (sizes(short), short.kernel) == ([(1,), (3, 20), (9,), (70,)], "tiles")
    # Sums over several axes: with contiguous columns of the result, or contiguous terms in both operands.
    S, R = (sg.variable(name, (64, n, 70)) for name, n in (("S", 24), ("R", 25)))
    terms = product_of(sg.einsum("aib,ajb->ij", S.transpose((2, 1, 0)), R.transpose((2, 1, 0))))
    assert (sizes(terms), terms.kernel) == ([(1,), (24,), (25,), (64, 70)], "dots")
    few = product_of(sg.einsum("aib,ajb->ij", S[:, :3], R))
    assert (sizes(few), few.kernel) == ([(1,), (25,), (3,), (64, 70)], "tiles")
    other = product_of(sg.einsum("aib,abj->ij", S, sg.variable("T", (64, 70, 17))))
    assert (sizes(other), other.kernel) == ([(1,), (24,), (17,), (64, 70)], "tiles")
    swapped = product_of(sg.einsum("abj,aib->ji", sg.variable("T", (64, 70, 5)), R))
    assert swapped.kernel == "tiles"


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

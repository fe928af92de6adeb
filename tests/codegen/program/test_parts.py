"""Long sums in parts: which, how, and that they are what they were."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from codegen.program.parts import MOST_PARTS, in_parts
from codegen.program.prepare import prepare
from symgrad.families.contraction import Contraction
from symgrad.graph import topological_order


def products(node: sg.Tensor) -> list[sg.Tensor]:
    return [x for x in topological_order(prepare([node])) if isinstance(x.operation, Contraction)]


@pytest.mark.parametrize(
    ("subscripts", "left", "right", "parts"),
    [
        ("ij,jk->ik", (10, 36864), (36864, 25), 8),
        ("ij,jk->ik", (10, 36865), (36865, 25), 5),
        ("ij,jk->ik", (10, 36871), (36871, 25), None),  # a prime number of terms
        ("i,i->", (5_000_000,), (5_000_000,), 8),
        ("i,i->", (5_000,), (5_000,), None),
        ("ij,jk->ik", (64, 36864), (36864, 25), None),  # rows enough
        ("bij,bjk->bik", (3, 10, 36864), (3, 36864, 25), None),  # a batch
        ("ij,jk->ik", (10, 100), (100, 10_000), 4),  # few rows of a larger matrix
        ("ij,jk->ik", (64, 784), (784, 256), 4),
        ("ij,jk->ik", (64, 786), (786, 256), None),  # no four parts
        ("ij,jk->ik", (64, 256), (256, 128), None),  # no large matrix
        ("ij,jk->ik", (256, 784), (784, 256), None),  # many rows
        ("ij,kj->ik", (64, 784), (256, 784), None),  # by columns
        ("nto,oc->ntc", (8, 64, 128), (128, 384), None),  # 8 rows of 64 rows
        ("nyo,nyc->oc", (64, 1000, 9), (64, 1000, 12), 8),
    ],
)
def test_which_sums_go_in_parts(subscripts, left, right, parts):
    a, b = sg.variable("a", left), sg.variable("b", right)
    node = sg.einsum(subscripts, a, b)
    (product,) = products(node)
    if parts is None:
        assert product.shape == node.shape
        assert in_parts(product) is None
    else:
        assert product.shape == (parts, *node.shape)
        assert parts <= MOST_PARTS


def test_products_of_what_is_computed_stay_with_their_rows():
    a, b = sg.variable("a", (64, 784)), sg.variable("b", (784, 256))
    assert [product.shape for product in products(sg.exp(a) @ b)] == [(64, 256)]
    assert [product.shape for product in products(a.T.T @ b[::-1])] == [(4, 64, 256)]


def test_sizes_known_later_stay_whole():
    N = sg.dim("N")
    node = sg.einsum("ij,jk->ik", sg.variable("a", (4, N)), sg.variable("b", (N, 5)))
    assert [product.shape for product in products(node)] == [(4, 5)]


def test_values():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((64, 900, 9)), rng.standard_normal((64, 900, 12))
    X, Y = sg.variable("X", x.shape), sg.variable("Y", y.shape)
    function = sg.compile([X, Y], sg.einsum("nyo,nyc->oc", X[::-1], Y))
    np.testing.assert_allclose(function(x, y), np.einsum("nyo,nyc->oc", x[::-1], y), rtol=1e-10, atol=1e-10)

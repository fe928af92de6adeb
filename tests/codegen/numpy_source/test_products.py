"""Contractions: @ wherever it fits, and always the values of einsum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from tests.codegen.numpy_source.written import expression, run, source

A = sg.variable("A", (4, 3))


@pytest.mark.parametrize(
    ("subscripts", "shapes", "text"),
    [
        ("ij,jk->ik", ((4, 3), (3, 2)), "a @ b"),
        ("ji,jk->ik", ((3, 4), (3, 2)), "a.T @ b"),
        ("ij,kj->ik", ((4, 3), (2, 3)), "a @ b.T"),
        ("ji,kj->ik", ((3, 4), (2, 3)), "a.T @ b.T"),
        ("ij,jk->ki", ((4, 3), (3, 2)), "b.T @ a.T"),
        ("ij,ik->kj", ((4, 3), (4, 2)), "b.T @ a"),
        ("ij,j->i", ((4, 3), (3,)), "a @ b"),
        ("ij,i->j", ((4, 3), (4,)), "a.T @ b"),
        ("i,ij->j", ((4,), (4, 3)), "a @ b"),
        ("i,i->", ((4,), (4,)), "a @ b"),
        ("i,j->ij", ((4,), (3,)), "np.outer(a, b)"),
        ("i,j->ji", ((4,), (3,)), "np.outer(b, a)"),
        ("ij,ij->", ((4, 3), (4, 3)), "np.vdot(a, b)"),
        ("bij,bjk->bik", ((2, 4, 3), (2, 3, 5)), "a @ b"),
        ("bij,bkj->bik", ((2, 4, 3), (2, 5, 3)), "a @ b.mT"),
        ("bji,bjk->bik", ((2, 3, 4), (2, 3, 5)), "a.mT @ b"),
        ("btj,jk->btk", ((2, 4, 3), (3, 5)), "a @ b"),
        ("btj,kj->btk", ((2, 4, 3), (5, 3)), "a @ b.T"),
        ("ij,ij->ij", ((4, 3), (4, 3)), "a * b"),
        ("bij,bik->jk", ((2, 4, 3), (2, 4, 5)), 'np.einsum("ijk,ijl->kl", a, b, optimize=True)'),
        ("ij,ij->i", ((4, 3), (4, 3)), 'np.einsum("ij,ij->i", a, b, optimize=True)'),
    ],
)
def test_texts(subscripts, shapes, text):
    a, b = sg.variable("a", shapes[0]), sg.variable("b", shapes[1])
    product = sg.einsum(subscripts, a, b)
    assert expression(product) == text
    arrays = {x: np.random.default_rng(0).normal(size=x.shape) for x in (a, b)}
    np.testing.assert_allclose(run(source(product), arrays), np.einsum(subscripts, *arrays.values()), atol=1e-14)


@given(st.permutations("abcd"), st.permutations("abcd"), st.integers(0, 4), st.integers(0, 4), st.data())
def test_any_contraction(first, second, m, n, data):
    left, right = "".join(first[:m]), "".join(second[:n])
    output = "".join(data.draw(st.permutations(sorted(set(left + right)))))[: data.draw(st.integers(0, 4))]
    size = dict(zip("abcd", (2, 3, 1, 4), strict=True))
    a, b = (sg.variable(x, [size[label] for label in labels]) for x, labels in (("a", left), ("b", right)))
    product = sg.einsum(f"{left},{right}->{output}", a, b)
    arrays = {x: np.random.default_rng(1).normal(size=x.shape) for x in (a, b)}
    wanted = np.einsum(f"{left},{right}->{output}", *arrays.values())
    np.testing.assert_allclose(run(source(product, a, b), arrays)[0], wanted, atol=1e-13)


def test_integers_stay_integers():
    a, b = sg.variable("a", (2, 3), "int32"), sg.variable("b", (3,), "int32")
    got = run(source(a @ b), {a: np.ones((2, 3), "int32"), b: np.ones(3, "int32")})
    assert got.dtype == np.int32

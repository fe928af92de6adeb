"""Tests of the notation of contractions."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.formula.terms.contraction import matmul_labels

SHAPES = {
    "A": (3, 4), "B": (4, 2), "C": (3, 4), "Q": (3, 3), "x": (4,), "y": (3,), "T": (5, 3, 4), "U": (5, 4, 2), "s": (),
}  # fmt: skip
VARIABLES = {name: sg.variable(name, shape) for name, shape in SHAPES.items()}
VALUES = {VARIABLES[name]: np.random.default_rng(0).normal(size=shape) for name, shape in SHAPES.items()}


@pytest.mark.parametrize(
    ("subscripts", "names", "expected"),
    [
        ("ij,jk->ik", "AB", "A @ B"),
        ("ij,jk->ki", "AB", "B.T @ A.T"),
        ("ij,ik->jk", "AC", "A.T @ C"),
        ("ij,kj->ik", "AC", "A @ C.T"),
        ("ij,j->i", "Ax", "A @ x"),
        ("ij,i->j", "Ay", "A.T @ y"),
        ("i,ij->j", "yA", "y @ A"),
        ("j,ij->i", "xA", "A @ x"),
        ("i,i->", "xx", "x @ x"),
        ("i,j->ij", "xy", "outer(x, y)"),
        ("i,j->ji", "xy", "outer(y, x)"),
        ("ij,ij->ij", "AC", "A * C"),
        ("ij,ij->", "AC", "sum(A * C)"),
        ("ij,ij->i", "AC", "sum(A * C, axis=1)"),
        ("ij,ji->", "QQ", "trace(Q @ Q)"),
        ("i,ij->ij", "yA", "y[:, None] * A"),
        ("ij,j->ij", "Ax", "A * x"),
        (",ij->ij", "sA", "s * A"),
        ("ij,->ij", "As", "s * A"),
        ("bij,bjk->bik", "TU", "T @ U"),
        ("bij,bkj->bik", "TT", "T @ T.mT"),
        ("bij,jk->bik", "TB", "T @ B"),
        ("ij,bjk->bik", "AU", "A @ U"),
        ("bij,bij->b", "TT", "sum(T * T, axis=(1, 2))"),
        ("bij,bjk->bki", "TU", "U.mT @ T.mT"),
        ("bij,bik->jk", "TT", "einsum('ijk,ijl->kl', T, T)"),
        ("bij,bjk->ibk", "TU", "einsum('bij,bjk->ibk', T, U)"),
        ("ij,ij->ji", "AC", "einsum('bc,bc->cb', A, C)"),
    ],
)
def test_contractions_are_textbook_products_where_they_are(
    subscripts: str, names: str, expected: str, read_back
) -> None:
    assert read_back(sg.einsum(subscripts, *(VARIABLES[name] for name in names)), VALUES) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((0,), (0,), ()),
        ((0, 1), (1, 2), (0, 2)),
        ((0, 1), (0, 2), None),
        ((7, 0, 1), (7, 1, 2), (7, 0, 2)),
        ((7, 8, 0, 1), (8, 1, 2), (7, 8, 0, 2)),
        ((7, 8, 0, 1), (7, 1, 2), None),
        ((0, 1), (1, 0), None),
        ((), (0,), None),
        ((0, 1), (), None),
    ],
)
def test_matmul_labels(left: tuple[int, ...], right: tuple[int, ...], expected: tuple[int, ...] | None) -> None:
    assert matmul_labels(left, right) == expected

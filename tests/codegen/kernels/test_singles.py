"""Checks, scatters and recurrences, run by the interpreter of kernels."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.families.indexing import gather
from symgrad.families.scan import linear_recurrence
from tests.codegen.kernels.interpreted import run
from tests.codegen.kernels.test_lower import assert_right

N = sg.dim("N")
x = sg.variable("x", (4, 3))
GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(-2, 2, (4, 3))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_indices_are_checked_from_both_ends(dtype):
    i = sg.variable("i", (2,), dtype)
    for good in ([0, 3], [-4, -1]):
        assert_right([sg.take(x, i, 0)], {x: X, i: np.array(good, dtype)})
    for bad in ([0, 4], [-5, 0], [np.iinfo(dtype).max, 0], [0, np.iinfo(dtype).min]):
        with pytest.raises(IndexError), np.errstate(all="ignore"):
            run([sg.take(x, i, 0)], {x: X, i: np.array(bad, dtype)})


def test_scatters():
    i, j = sg.variable("i", (4,), "int64"), sg.variable("j", (4, 2), "int32")
    arrays = {x: X, i: np.array([1, -1, 1, 0]), j: np.array([[0, 1], [1, 1], [-1, 0], [1, 2]], "int32")}
    assert_right([sg.scatter_add(x, i, 2, 0), sg.scatter_add(x.T, i, 3, 1)], arrays)
    pairs = gather(sg.outer(x[:, 0], x[:, 1]), [i, i])
    assert_right([sg.grad(sg.sum(pairs * pairs), x)], arrays)
    taken = sg.take_along_axis(x, j, 1)
    assert_right([sg.grad(sg.sum(taken * taken), x)], arrays)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_recurrences(axis, reverse, n):
    z = sg.variable("z", (N, 2))
    arrays = {z: GENERATOR.uniform(-1, 1, (n, 2))}
    assert_right([linear_recurrence(sg.cos(z), z + 1, axis, reverse)], arrays)
    assert_right([sg.cumsum(z, axis), sg.cumprod(z[::-1], axis)], arrays)


def test_recurrences_of_integers():
    k = sg.variable("k", (5,), "int32")
    assert_right([sg.cumsum(k), sg.cumprod(k)], {k: np.array([2, -3, 4, 1, 2], "int32")})

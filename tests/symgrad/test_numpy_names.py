"""The names of sg that are put together from several operations, and that all names are there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import numpy_names
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.functions import FUNCTIONS

N = sg.dim("N")
x = sg.variable("x", (5,))
AT = {x: np.array([-2.0, -0.0, 0.5, 3.0, np.nan])}


def test_all_names_are_there_and_described() -> None:
    assert len(set(numpy_names.__all__)) == len(numpy_names.__all__)
    for name in numpy_names.__all__:
        assert getattr(numpy_names, name).__doc__
        assert callable(getattr(sg, name))


def test_every_ufunc_of_the_formula_book_has_its_name() -> None:
    for function in FUNCTIONS.values():
        if function.numpy and function.numpy.startswith("np."):
            assert function.numpy[3:] in numpy_names.__all__


@pytest.mark.parametrize(
    "exponent", [0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5, 0.0, 1.0, 2.0, -1.0, np.float64(3), np.array(2.0)]
)
def test_powers_have_numpys_values(exponent: Any) -> None:
    for build in (lambda v: v**exponent, lambda v: np.power(v, exponent)):
        with np.errstate(all="ignore"):
            wanted = build(AT[x])
        found = build(x)
        assert found.dtype == wanted.dtype
        values = sg.evaluate(found, AT)
        np.testing.assert_allclose(values, wanted, rtol=1e-15)
        np.testing.assert_array_equal(np.signbit(values[:4]), np.signbit(wanted[:4]))


def test_powers_of_integers_stay_integers() -> None:
    n = sg.variable("n", (3,), "int32")
    at = {n: [-2, 0, 3]}
    for exponent in (0, 1, 2, 3):
        power = n**exponent
        assert power.dtype == (np.array([1], "int32") ** exponent).dtype
        assert sg.evaluate(power, at).tolist() == [(-2) ** exponent, 0**exponent, 3**exponent]
    assert (n**0.5).dtype == "float64"
    assert (n**2.0).dtype == "float64"
    with pytest.raises(DtypeError, match="negative power -1, cast it to a float first"):
        n**-1


def test_powers_with_symbolic_exponents() -> None:
    base, n = sg.variable("b"), sg.variable("n", (), "int64")
    assert sg.evaluate(base**n, {base: 2.0, n: -3}) == 0.125
    assert sg.evaluate(sg.grad(base**n, base), {base: 2.0, n: 3}) == 12
    assert sg.evaluate(2**n, {n: 5}) == 32
    assert sg.power(base, sg.constant(2.0)) is sg.square(base)


def test_clip_limits_from_either_side() -> None:
    for limits in [(-1, 1), (None, 1), (-1, None), (2, 1)]:
        np.testing.assert_array_equal(sg.evaluate(sg.clip(x, *limits), AT), np.clip(AT[x], *limits))
    assert sg.clip(x) is x
    y = sg.variable("y", ())
    assert sg.evaluate(sg.grad(sg.clip(x, y, None)[0], y), AT | {y: 1.0}) == 1
    with pytest.raises(GraphError, match="not both"):
        sg.clip(x, 0, min=0)


@pytest.mark.parametrize("arguments", [(5,), (2, 7), (1, 10, 3), (10, 0, -4), (5, 2), (0,)])
def test_arange_of_plain_sizes(arguments: tuple[int, ...]) -> None:
    found = sg.evaluate(sg.arange(*arguments))
    assert found.dtype == "int64"
    assert found.tolist() == np.arange(*arguments).tolist()


def test_arange_of_run_time_sizes() -> None:
    y = sg.variable("y", (N,))
    at = {y: np.zeros(4)}
    for found, wanted in [
        (sg.arange(N), [0, 1, 2, 3]),
        (sg.arange(1, N), [1, 2, 3]),
        (sg.arange(0, 2 * N, 3), [0, 3, 6]),
        (sg.arange(N, 0, -1), [4, 3, 2, 1]),
        (sg.arange(9, N), []),
    ]:
        total = found + 0 * sg.sum(y).astype("int64")
        assert sg.evaluate(total, at).tolist() == wanted
    assert sg.arange(3, dtype="float32").dtype == "float32"


@pytest.mark.parametrize("arguments", [(0.5,), (0, 5, 0), (0, 5, 0.5), ("a",), (0, 2.5)])
def test_arange_counts_in_integers(arguments: tuple[Any, ...]) -> None:
    with pytest.raises((DtypeError, ShapeError)):
        sg.arange(*arguments)


def test_eye_and_triangles() -> None:
    for arguments, k in [((3,), 0), ((2, 4), 1), ((4, 2), -1)]:
        np.testing.assert_array_equal(sg.evaluate(sg.eye(*arguments, k=k)), np.eye(*arguments, k=k))
    assert sg.eye(2, dtype="int32").dtype == "int32"
    for dtype in ("float32", "int64", "bool"):
        a, array = sg.variable("a", (2, 3, 3), dtype), np.ones((2, 3, 3), dtype)
        for k in (-1, 0, 2):
            for name in ("triu", "tril"):
                found = getattr(np, name)(a, k)
                wanted = getattr(np, name)(array, k)
                assert found.dtype == wanted.dtype
                np.testing.assert_array_equal(sg.evaluate(found, {a: array}), wanted)
    y = sg.variable("y", (N, N))
    assert sg.evaluate(sg.tril(y) * sg.eye(N), {y: np.ones((2, 2))}).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ShapeError, match="a triangle needs two axes"):
        sg.triu(x)


def test_heaviside() -> None:
    np.testing.assert_array_equal(sg.evaluate(sg.heaviside(x, 0.5), AT), np.heaviside(AT[x], 0.5))
    assert np.heaviside(x, 0.5) is sg.heaviside(x, 0.5)


def test_other_names_of_the_same() -> None:
    assert sg.abs is sg.absolute is sg.fabs
    assert sg.amax is sg.max
    assert sg.concat is sg.concatenate
    assert sg.mod is sg.remainder
    assert sg.atan2 is sg.arctan2

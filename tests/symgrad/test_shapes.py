"""Sizes and shapes: what is one, when two are the same, broadcasting, axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from symgrad.errors import BindingError, ShapeError
from symgrad.shapes import (
    as_shape,
    as_size,
    broadcast_shapes,
    dim,
    format_bytes,
    format_shape,
    is_static,
    normalize_axes,
    normalize_axis,
    product,
    same_shape,
    same_size,
    substitute,
)

N, M = dim("N"), dim("M")


def test_sizes_of_one_name_are_one_size() -> None:
    assert dim("N") is N or dim("N") == N
    assert N != M
    assert N.is_integer
    assert N.is_nonnegative


@pytest.mark.parametrize("name", ["", "2N", "a b", None, 3])
def test_names_of_sizes_are_identifiers(name: Any) -> None:
    with pytest.raises(ShapeError, match="must be an identifier"):
        dim(name)


def test_whole_numbers_of_every_kind_are_sizes() -> None:
    for size in (3, np.int64(3), sympy.Integer(3), np.array(3)):
        assert as_size(size) == 3
        assert type(as_size(size)) is int
    assert as_size(2 * N + 1) == 2 * N + 1
    assert as_shape(4) == (4,)
    assert as_shape([2, N]) == (2, N)
    assert as_shape(()) == ()


@pytest.mark.parametrize("size", [-1, 1.0, "2", None, True, N / 2, sympy.Rational(1, 2), sympy.Symbol("z"), [1]])
def test_what_is_no_size(size: Any) -> None:
    with pytest.raises(ShapeError):
        as_size(size)


def test_equal_sizes_are_recognised_however_they_are_written() -> None:
    assert same_size(2 * (N + 1), 2 * N + 2)
    assert same_size(3, 3)
    assert not same_size(N, M)
    assert not same_size(N, 3)
    assert same_shape((N * (M + 1), 2), (N * M + N, 2))
    assert not same_shape((2, 3), (2, 3, 1))
    assert is_static((2, 3))
    assert not is_static((2, N))


def test_products() -> None:
    assert product(()) == 1
    assert product((2, 3, 0)) == 0
    assert product((2, N, 3)) == 6 * N
    assert product((0, N)) == 0


def test_shapes_are_printed_as_numpys() -> None:
    assert [format_shape(s) for s in ((), (3,), (2, N), (N + 1,))] == ["()", "(3,)", "(2, N)", "(N + 1,)"]


@given(st.lists(st.lists(st.sampled_from([0, 1, 2, 3]), max_size=4).map(tuple), min_size=1, max_size=4))
def test_broadcasting_is_numpys(shapes: list[tuple[int, ...]]) -> None:
    try:
        wanted = np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(ShapeError, match="cannot be broadcast together"):
            broadcast_shapes(*shapes)
    else:
        assert broadcast_shapes(*shapes) == wanted


def test_run_time_sizes_broadcast_against_one_and_themselves() -> None:
    assert broadcast_shapes((N, 1), (1, M), (N, M)) == (N, M)
    assert broadcast_shapes((2 * N + 2,), (2 * (N + 1),)) == (2 * N + 2,)
    for other in ((M,), (3,), (N + 1,)):
        with pytest.raises(ShapeError, match="cannot be broadcast together: axis -1"):
            broadcast_shapes((N,), other)


def test_axes() -> None:
    assert normalize_axis(-1, 3) == 2
    assert normalize_axis(np.int64(0), 3) == 0
    assert normalize_axes(None, 3) == (0, 1, 2)
    assert normalize_axes((2, -3), 3) == (0, 2)
    assert normalize_axes((), 3) == ()
    assert normalize_axes(1, 3) == normalize_axes([1], 3) == (1,)
    for wrong, message in [(3, "axis 3 is out of range"), (-4, "out of range"), (0.5, "must be an int"), ("a", "must")]:
        with pytest.raises(ShapeError, match=message):
            normalize_axis(wrong, 3)
    with pytest.raises(ShapeError, match=r"axis given twice in \(0, -3\)"):
        normalize_axes((0, -3), 3)


def test_sizes_get_their_values() -> None:
    assert substitute(3, {}) == 3
    assert substitute(N * M + 1, {N: 2, M: 5}) == 11
    assert substitute(sympy.Max(N - 3, 0), {N: 2}) == 0
    with pytest.raises(BindingError, match=r"the size M\*N needs a value for M"):
        substitute(N * M, {N: 2})


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (2**38, "256 GiB"),
        (3 * 2**39, "1.5 TiB"),
        (2**100, "1.049e+06 YiB"),
        (2 * N, "2*N bytes"),
    ],
)
def test_bytes_have_units(size: int, expected: str) -> None:
    assert format_bytes(size) == expected

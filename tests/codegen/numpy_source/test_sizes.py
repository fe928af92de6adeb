"""Sizes in Python give what sizes in SymPy give."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from codegen.numpy_source.sizes import size_code
from symgrad.errors import GraphError
from symgrad.shapes import substitute

N, M = sg.dim("N"), sg.dim("M")
SIZES = st.recursive(
    st.sampled_from([N, M, sympy.Integer(2), sympy.Integer(3)]),
    lambda parts: st.one_of(
        st.tuples(parts, parts).map(lambda t: t[0] + t[1]),
        st.tuples(parts, parts).map(lambda t: t[0] * t[1]),
        st.tuples(parts, parts).map(lambda t: sympy.Max(t[0], t[1] - 1)),
        st.tuples(parts, parts).map(lambda t: sympy.Min(*t)),
        parts.map(lambda n: sympy.floor((n + 1) / 2)),
        parts.map(lambda n: sympy.ceiling(n / 3)),
        parts.map(lambda n: n * (n + 1) / 2),
        parts.map(lambda n: sympy.Mod(n, 3)),
    ),
    max_leaves=5,
)


@given(SIZES, st.integers(0, 7), st.integers(0, 7))
def test_sizes_have_the_value_they_have_in_sympy(size, n, m):
    value = eval(size_code(size, str).text, {"N": n, "M": m})
    assert value == int(size.subs({N: n, M: m}))
    assert type(value) is int


@pytest.mark.parametrize(
    ("size", "text"),
    [(5, "5"), (-1, "-1"), (N, "N"), (2 * N + 1, "2 * N + 1"), (N - 2, "N - 2"), (sympy.floor(N / 2), "N // 2")],
)
def test_texts(size, text):
    assert size_code(size, str).text == text


def test_what_is_no_whole_number_is_refused():
    with pytest.raises(GraphError, match="cannot be written"):
        size_code(sympy.sin(N), str)


def test_substitution_agrees():
    assert substitute(sympy.floor(N / 2), {N: 7}) == eval(size_code(sympy.floor(N / 2), str).text, {"N": 7})

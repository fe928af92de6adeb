"""Index arithmetic: which entry of an input an entry of a node is made from."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg
from codegen.program.access import UNKNOWN, LoopAxis, PatternArithmetic, blocks, input_index, reshaped_index
from symgrad.shapes import product, same_size

N, M = sg.dim("N"), sg.dim("M")


class Numbers:
    """Arithmetic on plain numbers; run-time sizes have values."""

    def __init__(self, sizes=None):
        self.sizes = sizes or {}

    def size(self, size):
        return size if isinstance(size, int) else int(size.subs(self.sizes))

    def multiply_add(self, index, factor, addend):
        return index * self.size(factor) + self.size(addend)

    def floor_divide(self, index, size):
        return index // self.size(size)

    def remainder(self, index, size):
        return index % self.size(size)


x = sg.variable("x", (4, 3))


@pytest.mark.parametrize(
    "node",
    [
        sg.exp(x),
        x.T,
        x[::-1, 1:],
        x[1:4:2, ::-2],
        x.reshape((2, 6)),
        x.reshape((3, 2, 2, 1)),
        sg.broadcast_to(x[:, :1], (2, 4, 5)),
        sg.diagonal(x[:3]),
        sg.windows(x, (2, 2), (0, 1), (2, 1)),
        sg.windows(x, 2, 0, 1, 3),
        x.named("h"),
        x.astype("float32"),
    ],
)
def test_entries_come_from_where_numpy_takes_them(node):
    value = np.arange(12.0).reshape(4, 3)
    source = node.inputs[0]
    inner, outer = sg.evaluate([source, node], {x: value})
    for index in itertools.product(*map(range, outer.shape)):
        place = input_index(node, 0, index, Numbers())
        assert outer[index] == pytest.approx(np.exp(inner[place]) if node is sg.exp(x) else inner[place])


def test_operations_that_choose_by_value_have_no_index():
    assert input_index(sg.concatenate([x, x]), 0, (0, 0), Numbers()) is None


@given(st.lists(st.sampled_from([1, 2, 3, 4, 6]), max_size=4), st.randoms(use_true_random=False))
def test_reshapes_keep_the_order_of_entries(outer, random):
    factors = [f for size in outer for f in ((2, 2) if size == 4 else (2, 3) if size == 6 else (size,))]
    random.shuffle(factors)
    inner = []
    while factors:
        inner.append(int(np.prod([factors.pop() for _ in range(random.randint(1, len(factors)))])))
    outer, inner = tuple(outer), tuple(inner)
    for flat, index in enumerate(itertools.product(*map(range, outer))):
        assert np.ravel_multi_index(reshaped_index(index, outer, inner, Numbers()), inner) == flat


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ((N, 4), (2, 2 * N)),
        ((4, N), (2 * N, 2)),
        ((N, M), (M, N)),
        ((N, 6, M), (N * 3, 2, M)),
        ((N * M,), (N, M)),
        ((2, N, 3), (2 * N * 3,)),
        ((N, 1, M), (N, M, 1)),
        ((4, N, 5), (2 * N, 2, 5)),
    ],
)
def test_reshapes_of_run_time_sizes(outer, inner):
    arithmetic = Numbers({N: 3, M: 5})
    wide, narrow = (tuple(map(arithmetic.size, shape)) for shape in (outer, inner))
    for flat, index in enumerate(itertools.product(*map(range, wide))):
        assert np.ravel_multi_index(reshaped_index(index, outer, inner, arithmetic), narrow) == flat
    for left, right in blocks(outer, inner):
        assert same_size(product(outer[a] for a in left), product(inner[a] for a in right))


def test_blocks_are_short():
    assert blocks((2, 3, 4), (6, 4)) == [([0, 1], [0]), ([2], [1])]
    assert blocks((N, 4), (N, 2, 2)) == [([0], [0]), ([1], [1, 2])]
    assert blocks((5, 1), (5,)) == [([0, 1], [0])]
    assert blocks((), ()) == []
    assert blocks((0, 3), (5, 0)) == [([0, 1], [0, 1])]


def test_patterns_know_loop_variables_and_numbers_only():
    i, j = LoopAxis(0), LoopAxis(1)
    pattern = PatternArithmetic()
    assert input_index(x.T, 0, (i, j), pattern) == (j, i)
    assert input_index(x[1:], 0, (i, j), pattern) == (UNKNOWN, j)
    assert input_index(x[1], 0, (j,), pattern) == (0, j)
    assert input_index(x.reshape((12,)), 0, (i,), pattern) == (UNKNOWN, UNKNOWN)
    assert input_index(x.reshape((4, 1, 3)), 0, (i, 0, j), pattern) == (i, j)
    assert input_index(sg.broadcast_to(x[:, :1], (4, 3)), 0, (i, j), pattern) == (i, 0)

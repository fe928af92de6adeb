"""Rows: what can be cut, and which results read only their own rows of another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import symgrad as sg
from codegen.program.nest import Nest
from codegen.program.prepare import prepare
from codegen.program.rows import cut_axis, is_partial, least_rows, reads_own_rows, row_axis, rows_of, work_of
from codegen.program.schedule import Check, Single, Step, schedule
from symgrad.families.contraction import Contraction
from symgrad.graph import topological_order
from symgrad.tensor import Tensor

N, M = sg.dim("N"), sg.dim("M")
X = sg.variable("X", (8, 8))
V = sg.variable("V", (8, 5))
W = sg.variable("W", (8, 4))
T = sg.variable("T", (8, 3, 3))
PLACES = sg.variable("I", (8, 8), "int64")


def steps_of(*outputs: Tensor) -> list[Step]:
    """Return the steps that compute outputs."""
    return schedule(list(dict.fromkeys(prepare(outputs))), {}).steps


def last_step(output: Tensor) -> Step:
    return steps_of(output)[-1]


def keeps_rows(output: Tensor, read: Tensor) -> bool:
    """Return whether everything that reads a variable for an output reads its own rows only."""
    readers = [(root, step) for step in steps_of(output) for root in step.roots if read in root.reads]
    assert readers
    return all(reads_own_rows(root, step, read) for root, step in readers)


def test_rows_are_the_first_axis_longer_than_one() -> None:
    assert [row_axis(shape) for shape in ((), (1,), (3,), (1, 1, 4, 2), (N, 3), (0, 3), (1, N))] == [
        *(None, None, 0, 2, 0, 0, 1),
    ]


OWN: list[tuple[str, Callable[[], Tensor]]] = [
    ("the same place", lambda: sg.exp(X)),
    ("a product", lambda: X @ W),
    ("a product from behind", lambda: sg.einsum("bi,ij->bj", X, W)),
    ("a product whose result is turned inside", lambda: sg.einsum("bij,jk->bki", T, W[:3])),
    ("a row's sum", lambda: sg.sum(X, axis=1)),
    ("softmax", lambda: sg.softmax(X)),
    ("columns", lambda: X[:, 2:5] * 2),
    ("columns from behind", lambda: X[:, ::-1] * 2),
    ("chosen columns", lambda: sg.take_along_axis(X, PLACES, 1) * 2),
    ("rows as matrices", lambda: sg.exp(X.reshape(8, 2, 4))),
    ("joined columns", lambda: sg.exp(T.reshape(8, 9))),
    ("ones in front", lambda: sg.exp(X.reshape(1, 8, 1, 8))),
    ("ones in front of a product", lambda: X.reshape(1, 8, 8) @ W),
    ("rows turned", lambda: sg.exp(sg.transpose(T, (0, 2, 1)))),
    ("rows turned in a product", lambda: sg.einsum("bji,ik->bjk", sg.transpose(T, (0, 2, 1)), W[:3])),
    ("columns of a product", lambda: X[:, 1:5] @ W[:4]),
    ("windows in rows", lambda: sg.einsum("bwi,i->bw", sg.sliding_window_view(X, 3, axis=1), W[:3, 0])),
    ("a batch of squares", lambda: sg.einsum("bij,bjk->bik", T, T)),
    ("a diagonal in rows", lambda: sg.exp(sg.diagonal(T, axis1=1, axis2=2))),
    ("padded columns", lambda: sg.pad(X, ((0, 0), (1, 2))) * 2),
    ("two places in the same row", lambda: X[:, 1:] * X[:, :-1]),
]

OTHERS: list[tuple[str, Callable[[], Tensor]]] = [
    ("turned", lambda: sg.exp(X.T)),
    ("as it is and turned", lambda: X + X.T),
    ("from behind", lambda: sg.exp(X[::-1])),
    ("fewer rows", lambda: sg.exp(X[:7])),
    ("later rows", lambda: sg.exp(X[1:])),
    ("every other row", lambda: sg.exp(X[::2])),
    ("a square", lambda: X @ X),
    ("a square turned", lambda: X.T @ X),
    ("all pairs of rows", lambda: X @ X.T),
    ("the operand on the right", lambda: W.T @ X),
    ("rows by the other axis", lambda: sg.einsum("ji,jk->ik", X, W)),
    ("the result's other axis", lambda: sg.einsum("ij,jk->ki", X, W)),
    ("chosen rows", lambda: sg.take(X, PLACES[0], 0) * 2),
    ("chosen along the rows", lambda: sg.take_along_axis(X, PLACES, 0) * 2),
    ("one row for all", lambda: sg.exp(V) + X[3, :5]),
    ("a row's numbers along the rows", lambda: sg.exp(V) + X[0].reshape(8, 1)),
    ("joined rows", lambda: sg.exp(T.reshape(24, 3))),
    ("split rows", lambda: sg.exp(X.reshape(2, 4, 8))),
    ("another cut of the same memory", lambda: sg.exp(X.reshape(64)[::-1].reshape(8, 8))),
    ("moved rows", lambda: sg.concatenate([X[1:], X[:1]]) * 2),
    ("padded rows", lambda: sg.pad(X[1:], ((0, 1), (0, 0))) * 2),
    ("windows along the rows", lambda: sg.einsum("wci,i->wc", sg.sliding_window_view(X, 3, axis=0), W[:3, 0])),
    ("windows in front", lambda: sg.exp(sg.sliding_window_view(X, 8, axis=0))),
    ("a broadcast diagonal", lambda: sg.exp(V) + sg.diagonal(X)[:5]),
    ("a batch from behind", lambda: sg.einsum("bij,bjk->bik", T[::-1], T)),
]


@pytest.mark.parametrize("make", [make for _, make in OWN], ids=[name for name, _ in OWN])
def test_own_rows(make: Callable[[], Tensor]) -> None:
    output = make()
    read = T if T in topological_order([output]) else X
    assert keeps_rows(output, read)


@pytest.mark.parametrize("make", [make for _, make in OTHERS], ids=[name for name, _ in OTHERS])
def test_other_rows(make: Callable[[], Tensor]) -> None:
    output = make()
    read = T if T in topological_order([output]) else X
    assert not keeps_rows(output, read)


def test_what_is_not_read_keeps_nobody_waiting() -> None:
    (step,) = steps_of(sg.exp(X))
    (root,) = step.roots
    assert reads_own_rows(root, step, W)


def test_run_time_sizes() -> None:
    x, y = sg.variable("x", (N, 4)), sg.variable("y", (M, 4))
    assert keeps_rows(sg.exp(x), x)
    assert keeps_rows(x @ W[:4], x)
    assert not keeps_rows(sg.exp(x[1:]), x)
    assert not keeps_rows(x @ y.T, y)
    assert keeps_rows(x @ y.T, x)
    assert not keeps_rows(sg.exp(x.reshape(2 * N, 2)), x)
    assert not keeps_rows(sg.exp(x.reshape(4 * N)), x)


def test_running_sums_are_made_in_one_piece() -> None:
    step = next(step for step in steps_of(sg.cumsum(X, axis=1)) if isinstance(step, Single))
    assert rows_of(step) is None
    assert not reads_own_rows(step.root, step, X)


def test_a_reduction_over_the_rows_is_made_in_parts() -> None:
    for output, partial in (
        (sg.sum(X, axis=0), True),
        (sg.sum(X), True),
        (sg.max(T, axis=(0, 1)), True),
        (sg.sum(X, axis=1), False),
        (sg.exp(X), False),
        (X @ W, False),
    ):
        step = last_step(output)
        assert rows_of(step) == 8
        assert is_partial(step.roots[0].node, step) is partial


def test_places_along_the_rows_are_found_in_one_piece() -> None:
    assert rows_of(last_step(sg.argmax(X))) is None
    assert rows_of(last_step(sg.argmax(X, axis=1))) == 8


def test_what_can_be_cut() -> None:
    assert cut_axis(last_step(sg.exp(X.reshape(1, 8, 8)))) == 1
    assert cut_axis(last_step(X.reshape(1, 8, 8) @ W)) == 1
    assert rows_of(last_step(sg.sum(sg.variable("s", (1, 1))))) is None
    assert rows_of(last_step(sg.linalg.inv(X))) is None
    assert rows_of(last_step(sg.exp(sg.variable("x", (N, 4))))) == N
    steps = steps_of(X[PLACES[0]])
    assert [rows_of(step) for step in steps if isinstance(step, Check)] == [None]
    # A row's number comes before the loops over the row: only the rows can be cut.
    nest = last_step(sg.softmax(X.reshape(1, 8, 8), axis=(1, 2)))
    assert isinstance(nest, Nest)
    assert nest.outer == 1
    assert cut_axis(nest) is None


def test_chunks_of_a_product_use_the_other_operand_often() -> None:
    rows = sg.variable("rows", (300, 40))
    assert least_rows(last_step(rows @ sg.variable("w", (40, 9)))) == 64
    assert least_rows(last_step(sg.variable("few", (100, 40)) @ sg.variable("w", (40, 9)))) == 16
    # Beside a row there are the rows of a matrix: the filters of a convolution, or a sequence, are used once for each.
    assert (
        least_rows(last_step(sg.einsum("bik,kj->bij", sg.variable("s", (300, 10, 40)), sg.variable("w", (40, 9)))))
        == 13
    )
    assert least_rows(last_step(sg.einsum("bij,bjk->bik", T, T))) == 1
    assert least_rows(last_step(sg.exp(rows))) == 1


def test_work_grows_with_sizes() -> None:
    def work(*outputs: Tensor) -> float:
        return sum(work_of(step) for step in steps_of(*outputs))

    assert work(sg.exp(sg.variable("x", (200, 8)))) == pytest.approx(2 * work(sg.exp(sg.variable("x", (100, 8)))))
    wide, narrow = (sg.variable("x", (100, n)) for n in (80, 40))
    assert work(wide @ sg.variable("w", (80, 9))) == pytest.approx(2 * work(narrow @ sg.variable("w", (40, 9))))
    x = sg.variable("x", (N, 40))
    (step,) = steps_of(x @ sg.variable("w", (40, 9)))
    assert isinstance(step, Single)
    assert isinstance(step.root.node.operation, Contraction)
    assert work_of(step).subs({N: 100}) == pytest.approx(work(narrow @ sg.variable("w", (40, 9))))
    assert work_of(last_step(sg.linalg.inv(X))) >= 8**3

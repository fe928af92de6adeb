"""Statements: what stands on a line of its own, what it is called, and in which order arguments are overwritten."""

import numpy as np
import pytest

import symgrad as sg
from codegen.numpy_source import compile_source, generate
from codegen.numpy_source.writer import LONGEST_EXPRESSION
from tests.codegen.numpy_source.written import statements

X, Y = sg.variable("X", (4, 3)), sg.variable("Y", (4, 3))
A, B = sg.variable("A", (2, 2)), sg.variable("B", (2, 2))
ARRAYS = {A: np.array([[1.0, 2.0], [3.0, 4.0]]), B: np.array([[5.0, 6.0], [7.0, 8.0]])}


@pytest.mark.parametrize(
    ("outputs", "lines"),
    [
        ([sg.exp(X) * 2 + Y], ["return np.exp(X) * 2 + Y"]),
        ([sg.exp(X) * sg.exp(X) / 3], ["return np.exp(X) ** 2 / 3"]),
        ([sg.exp(X) * (Y + sg.exp(X))], ["exp_X = np.exp(X)", "return exp_X * (Y + exp_X)"]),
        ([sg.where(X > Y, X, 0) + sg.where(X > Y, 0, Y)], None),
        ([(X + Y).named("h") * 2], ["h = X + Y", "return h * 2"]),
        ([(X + Y).named("h"), (X + Y).named("h") * 2], ["h = X + Y", "return h, h * 2"]),
        ([X.sum(0) * X.sum(0).max()], ["total1 = X.sum(axis=0)", "return total1 * total1.max()"]),
    ],
)
def test_statements(outputs, lines):
    if lines is None:
        lines = ["mask1 = X > Y", "return np.where(mask1, X, 0) + np.where(mask1, 0, Y)"]
    assert statements(*outputs) == lines


def test_long_expressions_are_broken_up():
    total = X
    for i in range(40):
        total = sg.sin(total * (i + 2)) + Y
    lines = statements(total)
    assert 8 < len(lines) < 30
    assert max(map(len, lines)) <= LONGEST_EXPRESSION + 30


def updated(updates, *outputs):
    """Return the lines of a function with updates, the arrays it leaves, and what it returns."""
    text = generate([A, B], outputs, updates)
    arrays = {x: value.copy() for x, value in ARRAYS.items()}
    result = compile_source(text)(*arrays.values())
    if outputs:
        wanted = sg.evaluate(list(outputs), ARRAYS)
        for got, value in zip(result if len(outputs) > 1 else [result], wanted, strict=True):
            np.testing.assert_array_equal(got, value)
            assert not any(np.shares_memory(got, array) for array in arrays.values())
    for target, value in updates.items():
        np.testing.assert_array_equal(arrays[target], sg.evaluate(value, ARRAYS))
    return [line.strip() for line in text.partition("# update\n")[2].splitlines()], text


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (A - 2 * B, "A -= 2 * B"),
        (A + B, "A += B"),
        (B + A, "A += B"),
        (B - A, "A[...] = B - A"),
        (A * 0.5, "A *= 0.5"),
        (A / B, "A /= B"),
        (sg.tanh(A), "A[...] = np.tanh(A)"),
        (A - A.T, "A -= A.T"),
        (A.T, "A[...] = A.T"),
        (sg.zeros((2, 2)), "A[...] = np.zeros((2, 2))"),
    ],
)
def test_in_place_operators(value, line):
    assert updated({A: value})[0] == [line]


def test_updates_see_old_values():
    assert updated({A: B, B: A})[0] == ["A[...] = B", "B[...] = old1"]
    assert updated({A: A + 1, B: B + A})[0] == ["A += 1", "B += old1"]
    assert updated({A: A + 1, B: A * 2})[0] == ["A += 1", "B[...] = t1"]
    shared = (0.9 * A + B).named("momentum")
    assert updated({A: shared, B: B - 0.1 * shared})[0] == ["A[...] = momentum", "B -= 0.1 * momentum"]
    transposed = A.T.named("transposed")
    lines, text = updated({A: A * 2, B: B @ transposed + transposed})
    assert lines == ["A *= 2", "B[...] = t1"]
    assert text.index("t1 = B @ transposed") < text.index("# update")


def test_outputs_see_old_values():
    lines, _ = updated({A: A - B, B: A}, A, A.T, A + 1, B)
    assert lines[:2] == ["A -= old2", "B[...] = old1"]


def test_results_share_no_memory_with_arguments_or_each_other():
    h = (A @ B).named("h")
    text = generate([A, B], [A, A.T, B[0], h, h.T, sg.broadcast_to(B[1], (3, 2)), sg.sum(A)])
    results = compile_source(text)(*ARRAYS.values())
    for i, first in enumerate(results):
        assert isinstance(first, np.generic) or first.flags.writeable
        for second in (*results[:i], *ARRAYS.values()):
            assert not np.shares_memory(first, second)


def test_a_function_may_only_update():
    text = generate([A], [], {A: A * 2})
    assert "return" not in text.partition('    """\n')[2]
    assert '"""Overwrite A.' in text


def test_only_inputs_can_be_updated():
    with pytest.raises(sg.BindingError, match="variable 'B' is to be updated but is not among the inputs"):
        generate([A], [A], {B: B})


def test_nothing_is_overwritten_when_an_index_is_out_of_range():
    rows = sg.variable("rows", (2,), "int64")
    text = generate([A, B, rows], [B[rows] * 2], {A: A + 1, B: B - A[rows]})
    arrays = [value.copy() for value in ARRAYS.values()]
    with pytest.raises(IndexError):
        compile_source(text)(*arrays, np.array([0, 2]))
    for array, value in zip(arrays, ARRAYS.values(), strict=True):
        np.testing.assert_array_equal(array, value)

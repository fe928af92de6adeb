"""Arrays for variables: what is taken, what is refused with what message, and the run-time sizes told from shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.bindings import as_array, bind, describe, solve_sizes
from symgrad.errors import BindingError, DtypeError, ShapeError

N, M = sg.dim("N"), sg.dim("M")
x = sg.variable("x", (N, 2))
n = sg.variable("n", (2,), "int32")
b = sg.variable("b", (), "bool")


def test_lists_and_numbers_are_converted() -> None:
    assert as_array(x, [[1, 2], [3, 4]]).dtype == "float64"
    assert as_array(n, [1, 2]).dtype == "int32"
    assert as_array(n, [1.0, 2.0]).tolist() == [1, 2]
    assert as_array(b, 1).tolist() is True
    assert as_array(sg.variable("f", (), "float32"), 0.1) == np.float32(0.1)
    array = np.ones((3, 2))
    assert as_array(x, array) is array


@pytest.mark.parametrize(
    ("tensor", "value", "error", "message"),
    [
        (x, np.ones((2, 2), "float32"), DtypeError, r"'x' is declared float64, the array given is float32; convert it"),
        (n, np.ones(2, "int64"), DtypeError, "declared int32, the array given is int64"),
        (n, np.float64(1), DtypeError, "declared int32, the array given is float64"),
        (n, [1.5, 2.0], DtypeError, "declared int32; the value given is not"),
        (n, [np.nan, 1.0], DtypeError, "declared int32; the value given is not"),
        (b, 2, DtypeError, "declared bool; the value given is not"),
        (n, [2**40, 1], BindingError, "'n' cannot be made from list"),
        (x, "ab", BindingError, "'x' cannot be made from str"),
        (x, ["1", "2"], BindingError, "'x' cannot be made from list"),
        (x, None, BindingError, "'x' cannot be made from NoneType"),
        (x, 1j, BindingError, "'x' cannot be made from complex"),
        (x, {"a": 1}, BindingError, "'x' cannot be made from dict"),
        (x, [[1], [1, 2]], BindingError, "'x' cannot be made from list"),
        (x, sg.variable("y"), BindingError, "'x' needs an array, not the symbolic tensor"),
        (x, np.ones(2), ShapeError, r"'x' has shape \(N, 2\), the array given has shape \(2,\)"),
        (b, [True], ShapeError, r"'b' has shape \(\), the array given has shape \(1,\)"),
    ],
)
def test_what_does_not_fit_is_refused(tensor: sg.Tensor, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_array(tensor, value)


def test_sizes_are_told_from_shapes() -> None:
    y, z = sg.variable("y", (2 * N + 1, M)), sg.variable("z", (N + M,))
    assert solve_sizes([(x, (3, 2))]) == {N: 3}
    assert solve_sizes([(y, (7, 4)), (z, (7,))]) == {N: 3, M: 4}
    assert solve_sizes([(z, (7,)), (x, (3, 2))]) == {N: 3, M: 4}
    assert solve_sizes([(n, (2,))]) == {}
    assert solve_sizes([]) == {}


@pytest.mark.parametrize(
    ("shapes", "error", "message"),
    [
        ([(x, (3, 4))], ShapeError, r"variable 'x' has shape \(N, 2\), the array given has shape \(3, 4\)"),
        (
            [(x, (3, 2)), (sg.variable("y", (N,)), (4,))],
            ShapeError,
            r"the size N is 3 in variable 'x' but 4 in variable 'y' \(declared \(N,\), given \(4,\)\)",
        ),
        (
            [(x, (3, 2)), (sg.variable("y", (2 * N,)), (5,))],
            ShapeError,
            r"the size N is 3 in variable 'x', so 2\*N is 6, but 5 in variable 'y'",
        ),
        (
            [(sg.variable("y", (2 * N,)), (5,))],
            ShapeError,
            r"'y' has shape \(2\*N,\), the array given has shape \(5,\)",
        ),
        ([(sg.variable("y", (N + 3,)), (2,))], ShapeError, "the array given has shape"),
        ([(sg.variable("y", (N + M,)), (5,))], BindingError, r"the size M \+ N needs a value for M, N"),
        ([(sg.variable("y", (N**2,)), (4,))], BindingError, r"the size N cannot be told from N\*\*2 = 4"),
    ],
)
def test_shapes_that_contradict(shapes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        solve_sizes(shapes)


def test_bind_checks_keys_too() -> None:
    arrays, sizes = bind({x: np.ones((4, 2)), n: [1, 2]})
    assert sizes == {N: 4}
    assert arrays[n].dtype == "int32"
    with pytest.raises(BindingError, match="'x' is not a tensor"):
        bind({"x": 1})  # type: ignore[dict-item]


def test_tensors_are_called_by_their_names() -> None:
    assert describe(x) == "variable 'x'"
    assert describe(sg.sin(x).named("h")) == "variable 'h'"
    assert describe(sg.sin(x)).startswith("the tensor <")

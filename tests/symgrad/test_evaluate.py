"""The reference interpreter: nestings, bindings, results that are the caller's own, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import BindingError, DtypeError, GraphError, IndexRangeError, ShapeError
from symgrad.evaluate import evaluate_nodes, numpy_function, scalar_function
from symgrad.functions import FUNCTIONS
from symgrad.tensor import Operation, make

N = sg.dim("N")
x, y = sg.variable("x", (N, 2)), sg.variable("y", ())
AT = {x: np.arange(6.0).reshape(3, 2), y: 2.0}


def test_nestings_come_back() -> None:
    found = sg.evaluate({"a": x * y, "b": [sg.sum(x), (y,)], "c": {}}, AT)
    assert found["a"].tolist() == (2 * AT[x]).tolist()
    assert found["b"][0] == 15
    assert found["b"][1] == (2.0,)
    assert found["c"] == {}


def test_numbers_are_arrays_without_axes() -> None:
    found = sg.evaluate(y * 2, AT)
    assert isinstance(found, np.ndarray)
    assert found.shape == ()


def test_results_belong_to_the_caller() -> None:
    c = sg.constant([1.0, 2.0])
    for expr, at in [(c, {}), (x, AT), (x[0], AT), (sg.broadcast_to(y, (3,)), AT)]:
        found = sg.evaluate(expr, at)
        assert found.flags.writeable
        assert found.base is None
        found[...] = -1
    assert AT[x][0, 1] == 1
    assert sg.evaluate(c).tolist() == [1, 2]


def test_bindings_that_are_not_needed_are_ignored() -> None:
    assert sg.evaluate(y + 1, AT | {sg.variable("z", (4,)): np.ones(4)}) == 3


def test_a_binding_that_is_not_needed_still_tells_a_run_time_size() -> None:
    x = sg.variable("x", (sg.dim("N"),))
    np.testing.assert_array_equal(sg.evaluate(sg.grad(sg.sum(x), x), {x: [4.0, 5.0, 6.0]}), [1, 1, 1])
    with pytest.raises(BindingError, match="needs a value for N"):
        sg.evaluate(sg.grad(sg.sum(x), x))


def test_other_tensors_than_variables_may_be_given() -> None:
    h = (x * 10).named("h")
    assert sg.evaluate(sg.sum(h), {h: np.ones((3, 2))}) == 6
    # What is only above a given tensor is not needed.
    assert sg.evaluate(sg.sum(x * 10) + y, {sg.sum(x * 10): 1.0, y: 2.0}) == 3


def test_dtypes_and_shapes_are_those_of_the_graph() -> None:
    f = sg.variable("f", (2,), "float32")
    n = sg.variable("n", (2,), "int32")
    for expr in (f * 2, sg.sum(f), sg.mean(f), f[0], n.sum(), n * n, n / 2, sg.exp(f), f > 1, sg.argmax(f), f @ f):
        found = sg.evaluate(expr, {f: [1.0, 2.0], n: [3, 4]})
        assert (found.dtype, found.shape) == (expr.dtype, expr.shape)


def test_warnings_stay_inside() -> None:
    with np.errstate(all="raise"):
        assert sg.evaluate(sg.log(y - 2) / 0, AT) == -np.inf


@pytest.mark.parametrize(
    ("expr", "bindings", "error", "message"),
    [
        (x * y, {x: AT[x]}, BindingError, "no value given for variable 'y'"),
        (x * y, {}, BindingError, "no value given for variable 'x', variable 'y'"),
        (x * y, None, BindingError, "no value given for"),
        (y, {"y": 1.0}, BindingError, "'y' is not a tensor"),
        (y, [1.0], BindingError, "must be a dictionary"),
        (y, 3, BindingError, "must be a dictionary"),
        ([y, 2.0], {y: 1.0}, BindingError, "only symbolic tensors can be evaluated, not 2.0"),
        (None, {}, BindingError, "only symbolic tensors can be evaluated, not None"),
        (y, {y: [1.0]}, ShapeError, r"'y' has shape \(\), the array given has shape \(1,\)"),
        (y, {y: np.float32(1)}, DtypeError, "declared float64, the array given is float32"),
        (y, {y: "a"}, BindingError, "cannot be made from str"),
        (sg.arange(N) * y, {y: 1.0}, BindingError, "the size N needs a value for N"),
        (x[5], AT, IndexRangeError, "out of bounds"),
    ],
)
def test_what_is_refused(expr: Any, bindings: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.evaluate(expr, bindings)


def test_every_node_has_a_value() -> None:
    values = evaluate_nodes([sg.sum(x * y)], AT)
    assert values[x * y].tolist() == (2 * AT[x]).tolist()
    assert set(values) == {x, y, x * y, sg.sum(x * y)}


def test_long_chains() -> None:
    z = y
    for _ in range(100_000):
        z = z + 1
    assert sg.evaluate(z, AT) == 100_002


def test_functions_behind_names() -> None:
    assert numpy_function("np.exp") is np.exp
    assert numpy_function("scipy.special.erf")(0.0) == 0
    assert scalar_function(FUNCTIONS["relu"], np.array([-1.0, 2.0])).tolist() == [0, 2]
    assert scalar_function(FUNCTIONS["add"], 1, 2) == 3


def test_operations_without_a_rule_are_named() -> None:
    class Unheard(Operation):
        def infer(self, inputs: tuple[sg.Tensor, ...]) -> Any:
            return inputs[0].shape, inputs[0].dtype

    with pytest.raises(GraphError, match="Unheard cannot be evaluated"):
        sg.evaluate(make(Unheard(), (y,)), AT)

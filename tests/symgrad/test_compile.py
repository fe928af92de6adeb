"""The door to code generation: what it takes, and what it refuses before anything is compiled."""

import numpy as np
import pytest

import symgrad as sg

N, M = sg.dim("N"), sg.dim("M")
x, y = sg.variable("x", (3,)), sg.variable("y", (N,))
W, k = sg.variable("W", (N, 3)), sg.variable("k", (3,), "int64")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, x), sg.BindingError, "the inputs must be a list of variables .*, not int"),
        (("x", x), sg.BindingError, "not str"),
        (({"x": x}, x), sg.BindingError, "not dict"),
        (([x + 1], x), sg.BindingError, "an input must be a variable made by sg.variable"),
        (([x, 2.0], x), sg.BindingError, "not 2.0"),
        (([None], x), sg.BindingError, "not None"),
        (([x, {"again": [x]}], x), sg.BindingError, "'x' is given twice"),
        (([x], 2.0), sg.GraphError, "an output must be a symbolic tensor, not float: 2.0"),
        (([x], {"loss": None}), sg.GraphError, "not NoneType"),
        (([x], [x, np.ones(3)]), sg.GraphError, "not ndarray"),
        (([x], sg.sum(W @ x) + sg.sum(y)), sg.BindingError, "variables that are not inputs: 'W', 'y'"),
        (([x], x, {x: W @ x}), sg.ShapeError, r"'x' has shape \(3,\) and cannot be updated with .* shape \(N,\)"),
        (([x], x, {x: sg.sum(W)}), sg.ShapeError, r"of shape \(\)"),
        (([x], x, {x: x + sg.sum(y)}), sg.BindingError, "variables that are not inputs: 'y'"),
        (([x], x, {x: x.astype("float32")}), sg.DtypeError, "'x' is float64 and cannot be updated with float32"),
        (([x], x, {x: 0.0}), sg.GraphError, "the new value of variable 'x' must be a symbolic tensor, not float"),
        (([x], x, {y: y}), sg.BindingError, "only inputs can be updated; <y"),
        (([x], x, {x + 1: x}), sg.BindingError, "only inputs can be updated"),
        (([x], x, {"x": x}), sg.BindingError, "only inputs can be updated; 'x'"),
        (([x], x, [(x, x)]), sg.GraphError, "updates must be a dict .*, not list"),
        (([x], x, None, "cuda"), sg.GraphError, 'the back end must be "llvm" or "numpy", not \'cuda\''),
        (([x], x, None, ["llvm"]), sg.GraphError, "the back end must be"),
        (([x], sg.ones((N,))), sg.BindingError, "the size N in .* cannot be known"),
        (([x], x * N), sg.BindingError, "the size N"),
        (([x], sg.arange(N)), sg.BindingError, "the size N"),
        (([sg.variable("v", (N * M,))], sg.ones((N,))), sg.BindingError, "the size N"),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        sg.compile(*arguments)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_what_is_taken(backend):
    three = np.arange(3.0)
    assert sg.compile(x, sg.sum(x), backend=backend)(three) == 3
    assert sg.compile([], sg.constant([1.0, 2.0]) * 2, backend=backend)().tolist() == [2, 4]
    assert sg.compile((x, [k]), {"a": x, "b": (x[k],)}, backend=backend)(three, [[0, 0, 2]])["b"][0].tolist() == [
        0,
        0,
        2,
    ]
    assert sg.compile([x, y], [], backend=backend)(three, three) == []


def test_sizes_may_follow_from_other_sizes():
    v, u = sg.variable("v", (N * M,)), sg.variable("u", (2 * N + 1,))
    assert sg.compile([y, v], sg.zeros((M,)))(np.ones(2), np.ones(6)).tolist() == [0, 0, 0]
    assert sg.compile([u], sg.ones((N,)))(np.ones(5)).tolist() == [1, 1]
    with pytest.raises(sg.ShapeError, match=r"'u' has shape \(2\*N \+ 1,\)"):
        sg.compile([u], sg.ones((N,)))(np.ones(4))

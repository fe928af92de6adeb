"""Gradient checks: right gradients pass, wrong ones do not, whatever the scale and the dtype."""

import numpy as np
import pytest
from hypothesis import given

import symgrad as sg
from symgrad.dtypes import is_float
from symgrad.families.leaf import variables_of
from symgrad.graph import topological_order
from tests.graphs import graphs

RNG = np.random.default_rng(0)
A = RNG.normal(size=(6, 6))
LARGE = np.arange(10_000) / 100

RIGHT = {
    "square": (lambda x: x @ x, lambda x: 2 * x, RNG.normal(size=6)),
    "square at zero": (lambda x: np.sum(x**2), lambda x: 2 * x, np.zeros(3)),
    "a number": (lambda x: x**3, lambda x: 3 * x**2, 2.0),
    "quadratic form": (lambda x: x @ A @ x, lambda x: (A + A.T) @ x, RNG.normal(size=6)),
    "logarithm of mixed scales": (lambda x: np.sum(np.log(x)), lambda x: 1 / x, np.array([1e-9, 1e-3, 1.0, 1e4])),
    "log-sum-exp": (lambda x: np.log(np.sum(np.exp(x))), lambda x: np.exp(x) / np.exp(x).sum(), 5 * RNG.normal(size=7)),
    "fast oscillation": (lambda x: np.sum(np.sin(1e4 * x)), lambda x: 1e4 * np.cos(1e4 * x), RNG.normal(size=4)),
    "tiny values": (lambda x: 1e-9 * np.sum(np.sin(x)), lambda x: 1e-9 * np.cos(x), RNG.normal(size=4)),
    "huge values": (lambda x: 1e9 * np.sum(np.sin(x)), lambda x: 1e9 * np.cos(x), RNG.normal(size=4)),
    "tiny point": (lambda x: np.sum(np.sin(1e8 * x)), lambda x: 1e8 * np.cos(1e8 * x), 1e-8 * RNG.normal(size=4)),
    "huge point": (lambda x: np.sum(np.sin(1e-8 * x)), lambda x: 1e-8 * np.cos(1e-8 * x), 1e8 * RNG.normal(size=4)),
    "offset": (lambda x: 1e8 + np.sum(np.sin(x)), np.cos, RNG.normal(size=4)),
    "cancellation": (lambda x: np.sum((1e6 + x) - 1e6) ** 2, lambda x: 2 * x.sum() + 0 * x, RNG.normal(size=4)),
    "pole": (lambda x: np.sum(1 / x), lambda x: -1 / x**2, np.array([1e-3, 2.0, 100.0])),
    "root": (lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), np.array([1e-12, 1.0, 1e6])),
    "saturation": (lambda x: np.sum(np.tanh(x)), lambda x: 1 - np.tanh(x) ** 2, np.array([5.0, 10.0, 0.1])),
    "kink": (lambda x: np.sum(np.maximum(x, 0)), lambda x: 1.0 * (x > 0), np.array([0.0, 1.0, -2.0])),
    "kink of another convention": (lambda x: np.sum(abs(x)), lambda x: np.sign(x) + (x == 0), np.array([0.0, -2.0])),
    "near a kink": (lambda x: np.sum(np.maximum(x - 1, 0)), lambda x: 1.0 * (x > 1), np.array([1 + 1e-7, 1 - 1e-7, 3])),
    "tie": (np.max, lambda x: (x == x.max()) / np.sum(x == x.max()), np.array([1.0, 2.0, 2.0])),
    "float32 point": (lambda x: np.sum(np.sin(x)), np.cos, RNG.normal(size=4).astype("f4")),
    "float32 inside": (lambda x: np.sum(np.sin(x.astype("f4"))), np.cos, RNG.normal(size=4)),
    "large": (lambda x: np.sum(np.sin(x * LARGE)), lambda x: LARGE * np.cos(x * LARGE), RNG.normal(size=10_000)),
    "large with kinks": (lambda x: np.sum(np.maximum(x, 0)), lambda x: 1.0 * (x > 0), RNG.normal(size=10_000)),
    "constant": (lambda x: 5.0, lambda x: 0 * x, RNG.normal(size=3)),
}

MISTAKES = {
    "factor": lambda a: 2 * a,
    "sign": lambda a: -a,
    "1e-3": lambda a: a * (1 + 1e-3),
    "1e-6": lambda a: a * (1 + 1e-6),
    "nan": lambda a: np.where(np.arange(a.size).reshape(a.shape) == a.size // 2, np.nan, a),
    "one entry": lambda a: np.where(np.arange(a.size).reshape(a.shape) == np.abs(a).argmax(), -a, a),
    "one entry by 1e-6": lambda a: a * (1 + 1e-6 * (np.arange(a.size).reshape(a.shape) == np.abs(a).argmax())),
}

BEYOND = {
    ("offset", "1e-6"),  # slopes of 1 under values of 1e8 show in 8 digits of them
    ("offset", "one entry by 1e-6"),
    ("root", "one entry by 1e-6"),  # the part of the entry 1e-12 in a value of 1e3
    ("float32 point", "1e-6"),  # within the rounding of the claim
    ("float32 point", "one entry by 1e-6"),
    ("float32 inside", "1e-6"),  # within the rounding of the function
    ("float32 inside", "one entry by 1e-6"),
}
"""What differences cannot tell."""


def wrong_ones():
    """Return the pairs of a function and a mistake that is one, as far as differences can tell."""
    for name, (_, gradient, at) in RIGHT.items():
        for mistake in MISTAKES:
            if (name, mistake) not in BEYOND and (mistake == "nan" or np.any(gradient(at))):
                yield name, mistake


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_pass(name, seed):
    function, gradient, at = RIGHT[name]
    result = sg.check_grad(function, grad=gradient, at=at, seed=seed)
    assert result.passed, result


@pytest.mark.parametrize(("name", "mistake"), list(wrong_ones()))
def test_wrong_gradients_do_not(name, mistake):
    function, gradient, at = RIGHT[name]
    result = sg.check_grad(function, grad=lambda x: MISTAKES[mistake](np.asarray(gradient(x))), at=at)
    assert result.verdict == "wrong", result


def linear_net(x):
    return np.sum(np.tanh(x["X"] @ x["W"] + x["b"]))


def linear_net_gradient(x, mistake=""):
    slope = 1 - np.tanh(x["X"] @ x["W"] + x["b"]) ** 2
    if mistake == "missing term":
        slope = 1 + 0 * slope
    return {
        "X": slope @ (x["W"].T if mistake != "missing path" else 0 * x["W"].T),
        "W": (x["X"].T @ slope) if mistake != "transposed" else (x["X"].T @ slope).T,
        "b": slope.sum(0) if mistake != "mean for sum" else slope.mean(0),
    }


NET = {"X": RNG.normal(size=(4, 3)), "W": RNG.normal(size=(3, 3)), "b": RNG.normal(size=3)}


def test_a_function_of_several_arrays():
    assert sg.check_grad(linear_net, grad=linear_net_gradient, at=NET).passed


@pytest.mark.parametrize("mistake", ["missing term", "missing path", "transposed", "mean for sum"])
def test_mistakes_people_make(mistake):
    result = sg.check_grad(linear_net, grad=lambda x: linear_net_gradient(x, mistake), at=NET)
    assert result.verdict == "wrong"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_symbolic_network(dtype):
    X, y = sg.variable("X", (sg.dim("N"), 5), dtype), sg.variable("y", (sg.dim("N"),), "int64")
    params = {"W": sg.variable("W", (5, 8), dtype), "b": sg.variable("b", (8,), dtype)}
    V = sg.variable("V", (8, 3), dtype)
    h = sg.nn.gelu(X @ params["W"] + params["b"])
    loss = sg.nn.cross_entropy(h @ V, y).named("L")
    at = {
        x: RNG.normal(size=[10 if n == sg.dim("N") else n for n in x.shape]).astype(dtype)
        for x in (X, V, *params.values())
    }
    result = sg.check_grad(loss, [params, V], at=at | {y: RNG.integers(0, 3, 10)})
    assert result.passed
    assert result.digits >= 7
    assert "gradient of L by W, b, V: correct" in str(result)


@given(graphs())
def test_random_graphs_raise_no_false_alarm(graph):
    (loss, *_) = graph.with_gradients().outputs
    wrt = [x for x in variables_of(topological_order([loss])) if is_float(x.dtype)]
    if loss.shape == () and is_float(loss.dtype) and wrt:
        result = sg.check_grad(loss, wrt, at=graph.bindings)
        assert result.verdict != "wrong", result


def test_a_gradient_that_overflows_in_float32_does_not_pass():
    x = sg.variable("x", (2,), "float32")
    loss = sg.sum(sg.exp(x) / 1e30)
    assert sg.check_grad(loss, x, at={x: np.float32([1.0, 80.0])}).passed
    result = sg.check_grad(loss, x, at={x: np.float32([1.0, 95.0])})
    assert result.verdict == "wrong"
    assert "NaN or infinite in 1 of 2: x[1]" in str(result)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"at": [1.0]}, "at gives an array for each variable"),
        ({"at": {}, "grad": np.cos}, "give wrt, not grad"),
    ],
)
def test_arguments_of_a_symbolic_check(arguments, message):
    x = sg.variable("x")
    with pytest.raises(sg.GradientError, match=message):
        sg.check_grad(x * x, x, **arguments)


def test_arguments_of_a_check_of_a_function():
    with pytest.raises(sg.GradientError, match="with the function of its gradient"):
        sg.check_grad(np.sum, at=np.ones(3))
    with pytest.raises(sg.GradientError, match="can be checked, not int"):
        sg.check_grad(3, at=np.ones(3))
    x = sg.variable("x", (3,))
    with pytest.raises(sg.GradientError, match="single number"):
        sg.check_grad(x * x, x, at={x: np.ones(3)})

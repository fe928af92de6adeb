"""Every function of the formula book: value, first and second derivative against its own definition in high precision."""

import pickle

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.errors import DtypeError, GradientError, GraphError
from symgrad.evaluate import numpy_function
from symgrad.families.elementwise import apply
from symgrad.functions import FUNCTIONS, Function, define
from tests.symgrad.numeric import oracle, partial_derivative, points, variables, without_heads

SMOOTH = [f for f in FUNCTIONS.values() if f.signature in ("float", "numeric")]
FLOATING = [f for f in FUNCTIONS.values() if f.signature in ("float", "numeric", "select")]
NUMPY = [f for f in FUNCTIONS.values() if f.numpy and f.numpy.startswith("np.")]
TOLERANCE = {"float64": {"rtol": 1e-9, "atol": 1e-11}, "float32": {"rtol": 3e-4, "atol": 3e-5}}
every = pytest.mark.parametrize
dtypes = every("dtype", ["float64", "float32"])
COUNT = 5


def by_name(function: Function) -> str:
    return function.name


def expected(function: Function, arrays: list[np.ndarray]) -> np.ndarray:
    rows = zip(*(array.ravel() for array in arrays), strict=True)
    return np.array([oracle(function)(*map(float, row)) for row in rows]).reshape(arrays[0].shape)


@dtypes
@every("function", list(FUNCTIONS.values()), ids=by_name)
def test_value_is_the_definition(function: Function, dtype: str) -> None:
    arrays = points(function, COUNT, dtype)
    tensors = variables(*arrays)
    result = apply(function, *tensors)
    if function.signature == "select":
        value = np.where(*arrays)
    else:
        value = expected(function, arrays)
    found = sg.evaluate(result, dict(zip(tensors, arrays, strict=True)))
    assert found.dtype == (bool if function.signature in ("comparison", "logical", "predicate") else dtype)
    tolerance = {"rtol": 1e-14, "atol": 1e-15} if dtype == "float64" else {"rtol": 2e-6, "atol": 1e-7}
    np.testing.assert_allclose(found, value.astype(found.dtype), **tolerance)


@dtypes
@every("function", SMOOTH, ids=by_name)
def test_gradient_is_that_of_the_definition(function: Function, dtype: str) -> None:
    arrays = points(function, COUNT, dtype)
    tensors = variables(*arrays)
    gradients = sg.evaluate(
        sg.grad(sg.sum(apply(function, *tensors)), tensors), dict(zip(tensors, arrays, strict=True))
    )
    for i, gradient in enumerate(gradients):
        if function.derivatives[i] is sympy.nan:
            continue
        orders = [int(k == i) for k in range(function.arity)]
        wanted = [partial_derivative(function, row, orders) for row in zip(*arrays, strict=True)]
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, wanted, **TOLERANCE[dtype])


@dtypes
@every("function", SMOOTH, ids=by_name)
def test_second_derivative_is_that_of_the_definition(function: Function, dtype: str) -> None:
    arrays = points(function, COUNT, dtype)
    tensors = variables(*arrays)
    values = dict(zip(tensors, arrays, strict=True))
    first = sg.grad(sg.sum(apply(function, *tensors)), tensors)
    for i in range(function.arity):
        if function.derivatives[i] is sympy.nan:
            continue
        second = sg.evaluate(sg.grad(sg.sum(first[i]), tensors), values)
        for j, found in enumerate(second):
            if function.derivatives[j] is sympy.nan:
                continue
            orders = [int(k == i) + int(k == j) for k in range(function.arity)]
            wanted = [partial_derivative(function, row, orders) for row in zip(*arrays, strict=True)]
            assert found.dtype == dtype
            np.testing.assert_allclose(found, wanted, **TOLERANCE[dtype])


@every("function", FLOATING, ids=by_name)
def test_tangents_are_those_of_the_gradient(function: Function) -> None:
    arrays = points(function, COUNT)
    tensors = variables(*arrays)
    values = dict(zip(tensors, arrays, strict=True))
    floating = tensors[1:] if function.signature == "select" else tensors
    y = apply(function, *tensors)
    tangents = [np.random.default_rng(i).normal(size=COUNT) for i in range(len(floating))]
    forward = sg.evaluate(sg.jvp(y, floating, tangents), values)
    backward = sg.evaluate(sg.grad(sg.sum(y), floating), values)
    np.testing.assert_allclose(
        forward, sum(t * g for t, g in zip(tangents, backward, strict=True)), rtol=1e-12, atol=1e-14
    )


@every("function", list(FUNCTIONS.values()), ids=by_name)
def test_arguments_broadcast(function: Function) -> None:
    columns = points(function, 4)
    shapes = [(4, 1), (4,), ()]
    arrays = [c[0] if shape == () else c.reshape(shape) for c, shape in zip(columns, shapes, strict=False)]
    tensors = variables(*arrays)
    values = dict(zip(tensors, arrays, strict=True))
    y = apply(function, *tensors)
    full = np.broadcast_arrays(*arrays)
    spread = variables(*full)
    same = sg.evaluate(apply(function, *spread), dict(zip(spread, full, strict=True)))
    assert y.shape == same.shape
    np.testing.assert_array_equal(sg.evaluate(y, values), same)
    if function not in SMOOTH:
        return
    gradients = sg.evaluate(sg.grad(sg.sum(y), tensors), values)
    wide = sg.evaluate(sg.grad(sg.sum(apply(function, *spread)), spread), dict(zip(spread, full, strict=True)))
    for array, gradient, each in zip(arrays, gradients, wide, strict=True):
        assert gradient.shape == array.shape
        while each.ndim > array.ndim:
            each = each.sum(0)
        repeated = tuple(i for i, n in enumerate(array.shape) if n == 1)
        np.testing.assert_allclose(gradient, each.sum(repeated, keepdims=True) if repeated else each, rtol=1e-12)


@every("function", list(FUNCTIONS.values()), ids=by_name)
def test_no_entries_give_no_entries(function: Function) -> None:
    arrays = [np.empty((0, 3), "float32")] * function.arity
    tensors = variables(*arrays)
    y = apply(function, *tensors)
    values = dict(zip(tensors, arrays, strict=True))
    assert sg.evaluate(y, values).shape == y.shape == (0, 3)
    if function in SMOOTH:
        assert all(g.shape == (0, 3) for g in sg.evaluate(sg.grad(sg.sum(y), tensors), values))


@every("function", SMOOTH, ids=by_name)
def test_stated_derivatives_are_sympys_own(function: Function) -> None:
    """The rule as stated, with the result in it, is the derivative that SymPy finds of the definition."""
    expr = without_heads(function.expression)
    columns = points(function, 3, seed=1)
    for i, symbol in enumerate(function.symbols):
        own = sympy.diff(expr, symbol).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
        if own.atoms(sympy.Derivative, sympy.Subs):
            continue  # steps, of which SymPy keeps the derivative as it stands
        # At these points everything is finite.
        stated = without_heads(function.derivatives[i].replace(FUNCTIONS["isfinite"].head, lambda _: sympy.Integer(1)))
        for row in zip(*columns, strict=True):
            at = {s: sympy.Float(float(p), 30) for s, p in zip(function.symbols, row, strict=True)}
            at[function.result_symbol] = sympy.N(expr.subs(at), 30)
            assert float(stated.subs(at)) == pytest.approx(float(own.subs(at)), rel=1e-12, abs=1e-12)


@every("given", ["bool", "int32", "int64"])
@every("function", NUMPY, ids=by_name)
def test_integers_and_bools_are_numpys(function: Function, given: str) -> None:
    """The dtype and the values are NumPy's; where NumPy refuses, or answers in a dtype that is not supported, so does symgrad."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(1, 2 if given == "bool" else 4, 6).astype(given) for _ in range(function.arity)]
    tensors = variables(*arrays)
    if function.name == "reciprocal":
        with pytest.raises(DtypeError, match="1 / x"):
            apply(function, *tensors)
        return
    try:
        with np.errstate(all="ignore"):
            wanted = numpy_function(str(function.numpy))(*arrays)
    except TypeError:
        wanted = None
    if wanted is None or wanted.dtype.name not in ("float64", "float32", "int64", "int32", "bool"):
        with pytest.raises(DtypeError):
            apply(function, *tensors)
        return
    result = apply(function, *tensors)
    assert result.dtype == wanted.dtype
    np.testing.assert_array_equal(sg.evaluate(result, dict(zip(tensors, arrays, strict=True))), wanted)


@every("function", NUMPY, ids=by_name)
def test_special_values_are_numpys(function: Function) -> None:
    special = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
    arrays = [a.ravel() for a in np.meshgrid(*[special] * function.arity)]
    if function.signature == "select":
        arrays[0] = arrays[0].astype(bool)
    tensors = variables(*arrays)
    found = sg.evaluate(apply(function, *tensors), dict(zip(tensors, arrays, strict=True)))
    with np.errstate(all="ignore"):
        wanted = numpy_function(str(function.numpy))(*arrays)
    np.testing.assert_array_equal(found, wanted)
    if found.dtype.kind == "f":
        numbers = ~np.isnan(wanted)
        np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(wanted[numbers]))


@every("function", [f for f in SMOOTH if f.numpy is None], ids=by_name)
def test_nan_goes_through_what_numpy_does_not_have(function: Function) -> None:
    for i in range(function.arity):
        arrays = points(function, 1)
        arrays[i][:] = np.nan
        if function.name == "multiply_no_nan" and i == 0:
            arrays[1][:] = 1.0
        tensors = variables(*arrays)
        found = sg.evaluate(apply(function, *tensors), dict(zip(tensors, arrays, strict=True)))
        if function.name in ("leaky_relu", "elu") and i == 1:
            continue  # the parameter does not matter on the other side
        assert np.isnan(found).all(), (function, i)


def test_a_function_is_pickled_by_name() -> None:
    assert pickle.loads(pickle.dumps(FUNCTIONS["gelu"])) is FUNCTIONS["gelu"]
    mine = Function("mine", lambda x: x**2)
    with pytest.raises(GraphError, match="'mine' cannot be pickled"):
        pickle.dumps(mine)


def test_names_are_taken_once() -> None:
    with pytest.raises(GraphError, match="'exp' is defined twice"):
        define("exp", lambda x: x)


def test_an_unknown_derivative_is_refused() -> None:
    steps = Function("steps", lambda x: sympy.floor(x) * x)
    x = sg.variable("x")
    with pytest.raises(GradientError, match="state it with derivatives="):
        sg.grad(apply(steps, x), x)


def test_a_function_needs_as_many_derivatives_as_arguments() -> None:
    wrong = Function("wrong", lambda x, y: x * y, derivatives=lambda x, y, z: (y,))
    with pytest.raises(GradientError, match="2 arguments but 1 derivatives"):
        _ = wrong.derivatives


def test_a_head_differentiates_by_the_stated_rule() -> None:
    x = sympy.Symbol("x", real=True)
    sigmoid = FUNCTIONS["sigmoid"].head
    assert sympy.diff(sigmoid(x), x) == sigmoid(x) * (1 - sigmoid(x))

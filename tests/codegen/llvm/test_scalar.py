"""Every scalar function, in every dtype, compiled and compared with NumPy, bit for bit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import scipy.special

from codegen.kernels.loop_nest import Buffer, Constant, Let, Load, Loop, LoopNest, Store
from codegen.kernels.scalar_functions import DTYPES, FLOATS, INTEGERS, SIGNATURES, TRANSCENDENTAL, result_dtype
from codegen.llvm import elementary
from codegen.llvm.scalar import literal
from tests.codegen.kernels.interpreter import apply
from tests.codegen.llvm.compiled import CompiledNest

EITHER_ZERO = {"maximum", "minimum", "fmax", "fmin"}
"""Functions that may return either of two zeros, as NumPy does."""


def special_values(dtype: str) -> np.ndarray:
    """Return values at which functions bend, break or overflow, and some ordinary ones."""
    if dtype == "bool":
        return np.array([False, True, True, False, True])
    rng = np.random.default_rng(3)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        limits = [info.min, info.min + 1, info.min // 2, info.max // 2, info.max - 1, info.max]
        ordinary = [0, 1, -1, 2, -2, 3, -3, 7, -7, 10, 31, 32, 33, 63, 64, 65, -64, 1000, -1000]
        return np.array([*limits, *ordinary, *rng.integers(-99, 99, 12)], dtype)
    info = np.finfo(dtype)
    magnitudes = [0.0, np.inf, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 7.0, 0.1, 0.3, 1e-3, 1e10, 2.0**31, 2.0**31 - 0.5, 2.0**53]
    magnitudes += [2.0**63, info.smallest_subnormal, info.smallest_normal, info.max, info.eps, np.pi, 2147483520.0]
    positive = np.array(magnitudes, dtype)
    drawn = (rng.normal(size=15) * 10.0 ** rng.integers(-3, 4, 15)).astype(dtype)
    return np.concatenate([positive, -positive, [np.nan], drawn]).astype(dtype)


def elementwise(function: str, dtypes: Sequence[str], result: str) -> CompiledNest:
    """Compile ``y[i] = function(x0[i], x1[i], ...)``."""
    inputs = tuple(Buffer(f"x{k}", dtype, ("n",)) for k, dtype in enumerate(dtypes))
    loads = tuple(Load(f"a{k}", f"x{k}", ("i",)) for k in range(len(dtypes)))
    operands = tuple(load.result for load in loads)
    body = (*loads, Let("r", result, function, operands), Store("y", ("i",), "r"))
    nest = LoopNest((*inputs, Buffer("y", result, ("n",), written=True)), ("n",), (Loop("i", "n", body),))
    return CompiledNest(nest)


def run(function: str, inputs: Sequence[np.ndarray], result: str) -> np.ndarray:
    """Return the function of whole arrays, compiled."""
    y = np.empty(inputs[0].size, result)
    arrays = {f"x{k}": np.ascontiguousarray(x) for k, x in enumerate(inputs)} | {"y": y}
    assert elementwise(function, [str(x.dtype) for x in inputs], result)(arrays, {"n": y.size}) == 0
    return y


def assert_same(found: np.ndarray, expected: np.ndarray, inputs: Sequence[np.ndarray], signed_zeros: bool) -> None:
    """Compare bit for bit; NaNs are alike whatever their sign and payload."""
    assert found.dtype == expected.dtype
    same = (found == expected) | ((found != found) & (expected != expected))
    if signed_zeros and found.dtype.kind == "f":
        same &= (np.signbit(found) == np.signbit(expected)) | (found != found)
    wrong = np.flatnonzero(~same)[:5]
    assert wrong.size == 0, [([x[k] for x in inputs], found[k], expected[k]) for k in wrong]


def pairs(dtype: str) -> list[np.ndarray]:
    a, b = np.meshgrid(special_values(dtype), special_values(dtype))
    return [a.ravel(), b.ravel()]


EXACT = [
    (function, dtype)
    for function, signature in SIGNATURES.items()
    for dtype in DTYPES
    if dtype in signature.dtypes and not (function in TRANSCENDENTAL and dtype in FLOATS)
]


@pytest.mark.parametrize(("function", "dtype"), EXACT)
def test_function_is_numpys(function: str, dtype: str) -> None:
    inputs = pairs(dtype) if SIGNATURES[function].arity == 2 else [special_values(dtype)]
    if function == "power":
        inputs = [x[inputs[1] >= 0] for x in inputs]
    result = result_dtype(function, [dtype] * len(inputs))
    with np.errstate(all="ignore"):
        expected = getattr(np, function)(*inputs)
    assert_same(run(function, inputs, result), expected, inputs, function not in EITHER_ZERO)


@pytest.mark.parametrize("result", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_cast_is_astype(dtype: str, result: str) -> None:
    x = special_values(dtype)
    with np.errstate(all="ignore"):
        expected = x.astype(result)
    assert_same(run("cast", [x], result), expected, [x], signed_zeros=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_picks_one_of_two(dtype: str) -> None:
    a, b = pairs(dtype)
    condition = np.arange(a.size) % 3 == 0
    assert_same(run("where", [condition, a, b], dtype), np.where(condition, a, b), [condition, a, b], signed_zeros=True)


@pytest.mark.parametrize("dtype", sorted(FLOATS))
@pytest.mark.parametrize("function", sorted(TRANSCENDENTAL & elementary.FUNCTIONS))
def test_elementary_functions_are_called(function: str, dtype: str) -> None:
    x = (np.linspace(0.1, 0.9, 37) + (function == "arccosh")).astype(dtype)
    y = run(function, [x] * SIGNATURES[function].arity, dtype)
    reference = getattr(np, function, None) or _BEYOND_NUMPY[function]
    np.testing.assert_allclose(y, reference(*[x] * SIGNATURES[function].arity), rtol=1e-5)


_BEYOND_NUMPY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "erf": scipy.special.erf,
    "erfc": scipy.special.erfc,
    "erfinv": scipy.special.erfinv,
    "gammaln": scipy.special.gammaln,
    "digamma": scipy.special.digamma,
    "trigamma": lambda x: scipy.special.polygamma(1, x),
}


@pytest.mark.parametrize("function", ["floor_divide", "remainder", "fmod"])
@pytest.mark.parametrize("dtype", sorted(INTEGERS))
def test_division_by_a_constant(function: str, dtype: str) -> None:
    x = special_values(dtype)
    for divisor in (-7, -1, 0, 1, 8, 10):
        body = (
            Load("a", "x", ("i",)),
            Constant("b", dtype, divisor),
            Let("r", dtype, function, ("a", "b")),
            Store("y", ("i",), "r"),
        )
        buffers = (Buffer("x", dtype, ("n",)), Buffer("y", dtype, ("n",), written=True))
        y = np.empty_like(x)
        CompiledNest(LoopNest(buffers, ("n",), (Loop("i", "n", body),)))({"x": x, "y": y}, {"n": x.size})
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(y, getattr(np, function)(x, np.array(divisor, dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_constants_are_their_values(dtype: str) -> None:
    for value in special_values(dtype):
        body = (Constant("c", dtype, value.item()), Store("y", (), "c"))
        y = np.zeros((), dtype)
        CompiledNest(LoopNest((Buffer("y", dtype, (), written=True),), (), body))({"y": y}, {})
        assert y.tobytes() == value.tobytes() or (math.isnan(y) and math.isnan(value))


def test_constants_round_to_float32_and_overflow_to_infinity() -> None:
    assert literal(0.1, "float32") == literal(float(np.float32(0.1)), "float64") != literal(0.1, "float64")
    assert literal(-1e300, "float32") == literal(-math.inf, "float64")


def test_any_byte_but_zero_is_true() -> None:
    flags = np.array([0, 1, 2, 255, 128, 0, 7] * 9, np.uint8)
    y = np.empty(flags.size, bool)
    nest = LoopNest(
        (Buffer("x", "bool", ("n",)), Buffer("y", "bool", ("n",), written=True)),
        ("n",),
        (Loop("i", "n", (Load("a", "x", ("i",)), Store("y", ("i",), "a"))),),
    )
    CompiledNest(nest)({"x": flags.view(bool), "y": y}, {"n": y.size})
    np.testing.assert_array_equal(y.view(np.uint8), flags != 0)


def test_the_interpreter_of_the_tests_agrees_with_arrays() -> None:
    x, y = special_values("int32"), special_values("int32")[::-1]
    scalars = [apply("floor_divide", "int32", pair) for pair in itertools.islice(zip(x, y, strict=True), 20)]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(scalars, np.floor_divide(x, y)[:20])

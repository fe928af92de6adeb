"""Compiled loop nests against their interpreter and NumPy, and what the vectoriser makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.kernels.loop_nest import Buffer, Constant, Fail, Let, Load, Loop, LoopNest, Store
from codegen.llvm.jit import optimized_ir
from codegen.llvm.loops import emit
from tests.codegen.kernels import nests
from tests.codegen.kernels.interpreter import interpret
from tests.codegen.llvm.compiled import CompiledNest
from tests.codegen.llvm.random_nests import RandomNest, random_nests

RNG = np.random.default_rng(11)
EXTENTS = (0, 1, 7, 8, 33, 100)


def normal(dtype: str, *shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def tolerance(dtype: str) -> float:
    return 1e-5 if dtype == "float32" else 1e-13


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("static", [False, True])
def test_elementwise_with_broadcasting(dtype: str, static: bool) -> None:
    for columns in EXTENTS:
        x, scale, shift = normal(dtype, 3, columns), normal(dtype, 1, columns), normal(dtype, 3, 1)
        y = np.full_like(x, np.nan)
        nest = nests.scaled_shift(dtype, 3, columns) if static else nests.scaled_shift(dtype)
        arrays = {"x": x, "scale": scale, "shift": shift, "y": y}
        assert CompiledNest(nest)(arrays, {} if static else {"m": 3, "n": columns}) == 0
        np.testing.assert_allclose(y, x * scale + shift, rtol=tolerance(dtype), atol=tolerance(dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("columns", [1, 3, 10, 64, "n"])
def test_softmax(dtype: str, columns: int | str) -> None:
    kernel = CompiledNest(nests.softmax(dtype, "m", columns))
    for n in EXTENTS if columns == "n" else (columns,):
        for rows in (0, 1, 5):
            x = normal(dtype, rows, n) * 10
            y = np.full_like(x, np.nan)
            kernel({"x": x, "y": y}, {"m": rows, "n": n})
            e = np.exp(x - x.max(axis=1, keepdims=True, initial=-np.inf))
            np.testing.assert_allclose(y, e / e.sum(axis=1, keepdims=True), rtol=tolerance(dtype))


def test_softmax_hands_nan_on() -> None:
    x = normal("float32", 2, 40)
    x[1, 17] = np.nan
    y = np.empty_like(x)
    CompiledNest(nests.softmax("float32"))({"x": x, "y": y}, {"m": 2, "n": 40})
    assert np.isfinite(y[0]).all()
    assert np.isnan(y[1]).all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32"])
def test_column_sums_accumulated_in_memory(dtype: str) -> None:
    kernel = CompiledNest(nests.column_sums(dtype))
    for columns in EXTENTS:
        for rows in (0, 1, 6):
            x = RNG.integers(-9, 9, size=(rows, columns)).astype(dtype)
            s = np.full(columns, 77, dtype)
            kernel({"x": x, "s": s}, {"m": rows, "n": columns})
            np.testing.assert_array_equal(s, x.sum(axis=0))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "bool"])
def test_argmax_with_two_carried_values(dtype: str) -> None:
    kernel = CompiledNest(nests.argmax(dtype))
    for columns in EXTENTS[1:]:
        x = RNG.integers(0, 5, size=(6, columns)).astype(dtype)
        k = np.empty(6, "int64")
        kernel({"x": x, "k": k}, {"m": 6, "n": columns})
        np.testing.assert_array_equal(k, x.argmax(axis=1))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_linear_recurrence(dtype: str) -> None:
    a, b = normal(dtype, 50) / 2, normal(dtype, 50)
    nest, sizes = nests.linear_recurrence(dtype), {"n": 50}
    h, expected = np.empty_like(a), np.empty_like(a)
    CompiledNest(nest)({"a": a, "b": b, "h": h}, sizes)
    interpret(nest, {"a": a, "b": b, "h": expected}, sizes)
    np.testing.assert_allclose(h, expected, rtol=20 * tolerance(dtype))


@pytest.mark.parametrize("dtype", ["float64", "int32", "bool"])
@pytest.mark.parametrize("index_dtype", ["int64", "int32"])
def test_gather_checks_its_indices(dtype: str, index_dtype: str) -> None:
    kernel = CompiledNest(nests.gather_rows(dtype, index_dtype))
    x = RNG.integers(0, 2, size=(6, 9)).astype(dtype)
    for indices, code in (([], 0), ([5, 0, -6, -1], 0), ([0, 6, 1], 7), ([0, -7, 1], 7)):
        k = np.array(indices, index_dtype)
        y = np.zeros((k.size, 9), dtype)
        assert kernel({"x": x, "k": k, "y": y}, {"m": 6, "n": 9, "r": k.size}) == code
        good = k.size if code == 0 else 1
        np.testing.assert_array_equal(y[:good], x[k[:good]])
        assert not y[good:].any()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_update_in_place(dtype: str) -> None:
    w, g = normal(dtype, 5, 21), normal(dtype, 5, 21)
    expected = w - np.asarray(0.25, dtype) * g
    CompiledNest(nests.update_in_place(dtype))({"w": w, "g": g, "rate": np.array(0.25, dtype)}, {"m": 5, "n": 21})
    np.testing.assert_allclose(w, expected, rtol=tolerance(dtype), atol=tolerance(dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "bool"])
def test_reading_down_columns(dtype: str) -> None:
    x = RNG.integers(0, 2, size=(13, 9)).astype(dtype)
    y = np.empty((9, 13), dtype)
    CompiledNest(nests.transposed(dtype))({"x": x, "y": y}, {"m": 13, "n": 9})
    np.testing.assert_array_equal(y, x.T)


REDUCTIONS: list[tuple[str, str, float | bool, Callable[[np.ndarray], object]]] = [
    ("add", "float64", 0.0, np.sum),
    ("add", "float32", 0.0, np.sum),
    ("add", "int64", 0, np.sum),
    ("multiply", "float32", 1.0, np.prod),
    ("maximum", "float64", float("-inf"), np.max),
    ("maximum", "float32", float("-inf"), np.max),
    ("minimum", "float32", float("inf"), np.min),
    ("fmax", "float32", float("-inf"), np.fmax.reduce),
    ("maximum", "int32", -(2**31), np.max),
    ("logical_or", "bool", False, np.any),
    ("logical_and", "bool", True, np.all),
]


@pytest.mark.parametrize(("function", "dtype", "initial", "reference"), REDUCTIONS)
def test_reductions(
    function: str, dtype: str, initial: float | bool, reference: Callable[[np.ndarray], object]
) -> None:
    kernel = CompiledNest(nests.reduction(function, dtype, initial))
    for n in EXTENTS[1:]:
        x = RNG.integers(0 if dtype == "bool" else 1, 3, size=n).astype(dtype)
        r = np.zeros((), dtype)
        kernel({"x": x, "r": r}, {"n": n})
        np.testing.assert_allclose(r, reference(x), rtol=tolerance(dtype))


@pytest.mark.parametrize("function", ["maximum", "minimum"])
def test_a_nan_anywhere_decides_a_maximum(function: str) -> None:
    kernel = CompiledNest(nests.reduction(function, "float32", 0.0))
    for place in (0, 5, 63, 70):
        x = normal("float32", 71)
        x[place] = np.nan
        r = np.zeros((), "float32")
        kernel({"x": x, "r": r}, {"n": 71})
        assert np.isnan(r)


def test_the_order_of_a_sum_is_kept_unless_it_may_be_changed() -> None:
    x = np.array([1e8, 1.0, -1e8] * 30, "float32")
    nest = nests.reduction("add", "float32", 0.0)
    (start, loop, store) = nest.body
    assert isinstance(loop, Loop)
    (load, let) = loop.body
    assert isinstance(let, Let)
    ordered = Let(let.result, let.dtype, let.function, let.operands)
    body = (start, Loop(loop.variable, loop.extent, (load, ordered), loop.carried), store)
    nest = LoopNest(nest.buffers, nest.sizes, body)
    found, expected = np.zeros((), "float32"), np.zeros((), "float32")
    CompiledNest(nest)({"x": x, "r": found}, {"n": x.size})
    interpret(nest, {"x": x, "r": expected}, {"n": x.size})
    assert found == expected


VECTOR = re.compile(r"<(?:vscale x )?\d+ x (?:float|double|i64|i32|i8)>")


def vector_instructions(nest: LoopNest, pattern: str) -> int:
    """Count the vector instructions of the optimised kernel that match a pattern."""
    lines = optimized_ir(emit(nest, "kernel")).splitlines()
    return sum(bool(VECTOR.search(line) and re.search(pattern, line)) for line in lines)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("nest", "patterns"),
    [
        (lambda dtype: nests.scaled_shift(dtype), ["fmul contract", "fadd contract", "store"]),
        (lambda dtype: nests.scaled_shift(dtype, "m", 64), ["fmul contract", "fadd contract", "store"]),
        (lambda dtype: nests.softmax(dtype), ["maximum", "fadd reassoc", "fdiv", "llvm.fma", "store"]),
        (lambda dtype: nests.softmax(dtype, "m", 10), ["fadd reassoc", "fdiv", "llvm.fma", "store"]),
        (lambda dtype: nests.column_sums(dtype), ["fadd contract", "store"]),
        (lambda dtype: nests.update_in_place(dtype), ["fsub contract", "store"]),
        (lambda dtype: nests.reduction("multiply", dtype, 1.0), ["fmul reassoc"]),
        (lambda dtype: nests.reduction("minimum", dtype, 0.0), ["minimum"]),
        (lambda dtype: nests.reduction("fmax", dtype, 0.0), ["maxnum"]),
    ],
)
def test_inner_loops_vectorise(nest: Callable[[str], LoopNest], patterns: list[str], dtype: str) -> None:
    for pattern in patterns:
        assert vector_instructions(nest(dtype), pattern) > 0, pattern


def test_logical_reductions_vectorise() -> None:
    assert vector_instructions(nests.reduction("logical_or", "bool", False), "load") > 0


def test_rows_are_copied_by_the_c_library() -> None:
    assert "@llvm.memcpy" in optimized_ir(emit(nests.gather_rows("float64"), "kernel"))


def test_invariant_loads_leave_the_loop() -> None:
    blocks = optimized_ir(emit(nests.update_in_place("float64"), "kernel")).split("\n\n")
    rate = "load double, ptr %rate,"
    assert any(rate in block for block in blocks)
    assert any("load <" in block for block in blocks)
    assert not any("load <" in block and rate in block for block in blocks)


def test_exceptions_of_masked_branches_do_not_exist() -> None:
    """Both branches of `where` are computed, and neither traps."""
    body = (
        Load("a", "x", ("i",)),
        Load("b", "z", ("i",)),
        Constant("zero", "int64", 0),
        Let("some", "bool", "not_equal", ("b", "zero")),
        Let("q", "int64", "floor_divide", ("a", "b")),
        Let("r", "int64", "where", ("some", "q", "zero")),
        Store("y", ("i",), "r"),
    )
    buffers = (Buffer("x", "int64", (4,)), Buffer("z", "int64", (4,)), Buffer("y", "int64", (4,), written=True))
    y = np.empty(4, "int64")
    arrays = {"x": np.array([7, -7, 7, -(2**63)]), "z": np.array([2, 2, 0, -1]), "y": y}
    assert CompiledNest(LoopNest(buffers, (), (Loop("i", 4, body),)))(arrays, {}) == 0
    np.testing.assert_array_equal(y, [3, -4, 0, -(2**63)])


def test_names_of_the_kernel_and_of_the_emitter_never_meet() -> None:
    body = (
        Loop(
            "t",
            2,
            (
                Load("body", "entry", ("t",)),
                Let("passed", "bool", "logical_and", ("body", "body")),
                Let("fail", "bool", "logical_or", ("body", 0)),
                Let("done", "bool", "logical_xor", ("passed", "fail")),
                Fail("done", 1),
                Store("next", ("t",), "fail"),
            ),
        ),
    )
    nest = LoopNest((Buffer("entry", "int64", (2,)), Buffer("next", "bool", (2,), written=True)), (), body)
    flags = np.zeros(2, bool)
    assert CompiledNest(nest)({"entry": np.array([0, 5]), "next": flags}, {}) == 0
    assert flags.tolist() == [False, True]


def run_both(nest: RandomNest) -> None:
    """Run a nest by interpreter and machine and compare all that it returns and stores, bit for bit."""
    expected = {name: array.copy() for name, array in nest.arrays.items()}
    found: Mapping[str, np.ndarray] = {name: array.copy() for name, array in nest.arrays.items()}
    code = interpret(nest.nest, expected, nest.sizes)
    assert CompiledNest(nest.nest)(found, nest.sizes) == code
    if code == 0:
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{name} of {nest.nest}")


@given(random_nests())
def test_random_nests(nest: RandomNest) -> None:
    run_both(nest)


@pytest.mark.deep
@given(st.data())
def test_many_random_nests(data: st.DataObject) -> None:
    run_both(data.draw(random_nests()))

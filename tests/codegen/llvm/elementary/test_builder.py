import re

import numpy as np
import pytest

from codegen.llvm.elementary import FUNCTIONS
from codegen.llvm.elementary.builder import LONGEST_CHAIN, Builder, build, symbol

DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_loop_over_any_function_is_vectorised(function, dtype, compile_loop):
    """At the least with the vectors of 128 bits that every target has."""
    assert max(compile_loop(function, dtype).vector_lengths(), default=1) * np.dtype(dtype).itemsize >= 16


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["exp", "log1p", "power", "cbrt"])
@pytest.mark.parametrize(
    ("triple", "cpu", "call"),
    [
        ("x86_64-unknown-linux-gnu", "x86-64-v3", "call"),
        ("x86_64-unknown-linux-gnu", "x86-64-v4", "call"),
        ("aarch64-unknown-linux-gnu", "generic", r"\bblr?\b"),
    ],
)
def test_no_library_is_called_where_multiply_add_is_an_instruction(function, dtype, triple, cpu, call, compile_loop):
    assert not re.search(call, compile_loop(function, dtype).assembly_for(triple, cpu))


def test_a_function_has_its_symbol_and_attributes():
    text = build("square", lambda b, x: x * x, "float32").text
    assert text.startswith(
        f"define internal float @{symbol('square', 'float32')}(float %x) "
        "alwaysinline nounwind willreturn memory(none) {\n"
    )


def test_an_integer_constant_must_be_whole():
    with pytest.raises(TypeError, match=r"1\.5 is not an integer, as i64 needs"):
        Builder("float64").constant(1.5, "i64")


def test_a_formula_returns_the_dtype_of_its_function():
    with pytest.raises(TypeError, match="the formula of wide returns double, not float"):
        build("wide", lambda b, x: b.convert(x, "float64"), "float32")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda b, x: 1.0 - x, lambda x: 1 - x),
        (lambda b, x: 2.0 / (x + 3.0), lambda x: 2 / (x + 3)),
        (lambda b, x: -x * 3.0, lambda x: -x * 3),
        (lambda b, x: b.abs(x), np.abs),
        (lambda b, x: b.sqrt(b.abs(x)), lambda x: np.sqrt(np.abs(x))),
        (lambda b, x: b.rint(x), np.rint),
        (lambda b, x: b.floor(x), np.floor),
        (lambda b, x: b.trunc(x), np.trunc),
        (lambda b, x: b.copysign(2.0, x), lambda x: np.copysign(2, x)),
        (lambda b, x: b.clamp(x, -1.0, 1.5), lambda x: np.clip(x, -1, 1.5)),
        (lambda b, x: b.select((x > 0.0) & ~(x >= 2.0), x, 0.0), lambda x: np.where((x > 0) & ~(x >= 2), x, 0)),
        (lambda b, x: b.select(x.differs(x) | x.equals(1.0), 7.0, x), lambda x: np.where(np.isnan(x) | (x == 1), 7, x)),
        (lambda b, x: b.select(x.is_nan() ^ (x < 0.0), 1.0, b.constant(0.0)), lambda x: np.isnan(x) ^ (x < 0)),
        (lambda b, x: b.from_bits(b.bits(x) & -2), lambda x: (x.view(f"i{x.itemsize}") & -2).view(x.dtype)),
        (lambda b, x: b.within("float64").convert(b.convert(x, "float64"), b.dtype), lambda x: x),
    ],
)
def test_operations_are_numpys(formula, expected, dtype, special_values, run_formula):
    x = special_values(dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(run_formula(formula, dtype, x), np.asarray(expected(x), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_multiply_add_rounds_once(dtype, run_formula):
    x = 1 + np.finfo(dtype).eps
    assert run_formula(lambda b, x: b.fma(x, x, -x * x), dtype, [x])[0] == np.finfo(dtype).eps ** 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_and_sums_are_not_fused(dtype, run_formula):
    x = 1 + np.finfo(dtype).eps
    assert run_formula(lambda b, x: x * x - x * x, dtype, [x])[0] == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_round_scaled_is_an_integer_twice(dtype, run_formula):
    """As a float, and, with an offset, as the low bits of an integer that make a power of two."""

    def formula(b, x):
        k, field = b.round_scaled(x, 0.5, b.format.bias)
        return k * b.with_exponent_field(field)

    x = np.arange(-60, 60) + 0.3
    k = np.rint(x / 2)
    np.testing.assert_array_equal(run_formula(formula, dtype, x), (k * 2.0**k).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_exponents_are_read_and_made(dtype, run_formula):
    def formula(b, x):
        exponent = b.small_to_float(b.bits(x) >> b.format.fraction_bits, float(b.format.bias))
        return exponent * b.power_of_two((b.bits(x) >> b.format.fraction_bits) - b.format.bias)

    x = 1.25 * 2.0 ** np.arange(-100, 100)
    np.testing.assert_array_equal(
        run_formula(formula, dtype, x), (np.arange(-100, 100) * 2.0 ** np.arange(-100, 100)).astype(dtype)
    )


@pytest.mark.parametrize("length", [1, 2, LONGEST_CHAIN, LONGEST_CHAIN + 1, 2 * LONGEST_CHAIN + 1, 40])
def test_a_polynomial_of_any_length(length, run_formula):
    coefficients = np.random.default_rng(0).integers(-9, 9, length).astype(float)
    x = np.arange(-3.0, 4.0) / 4
    result = run_formula(lambda b, x: b.polynomial(x, coefficients.tolist()), "float64", x)
    np.testing.assert_allclose(result, np.polynomial.Polynomial(coefficients)(x), rtol=1e-12, atol=1e-13)


def test_a_formula_calls_another(run_formula):
    x = np.linspace(-2, 2, 9)
    built = build("under_test", lambda b, x: b.call("exp", x) + b.call("exp", x), "float64")
    assert built.dependencies == (("exp", "float64"),)
    np.testing.assert_allclose(
        run_formula(lambda b, x: b.call("exp", x) * 2.0, "float64", x), 2 * np.exp(x), rtol=1e-15
    )

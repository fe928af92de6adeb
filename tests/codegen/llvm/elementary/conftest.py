"""A small JIT that runs elementary functions over arrays, and the measures of their results, as fixtures."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest

from codegen.llvm.elementary import definition, module_text, symbol
from codegen.llvm.elementary.builder import Formula, build

TYPES = {"float32": "float", "float64": "double"}
INTEGERS = {"float32": np.int32, "float64": np.int64}
PRECISION = 140
"""Bits of the references: enough for the digits of a float64 and for what cancels in formulas that are written out."""


class Loop:
    """``for i < n: y[i] = f(x[i], ...)``, compiled for the host; `ir` is what the optimiser made of it."""

    def __init__(self, function: str, dtype: str, definition: str, dependencies: str = "") -> None:
        self.dtype = dtype
        self.arity = definition.split("{", 1)[0].count("%")
        self._text = self._source(function, definition + dependencies)
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
        )
        module = optimise(self._text, target)
        self.ir = str(module)
        self._jit = llvm.create_lljit_compiler(target)
        self._library = (
            llvm.JITLibraryBuilder().add_ir(module).export_symbol("loop").link(self._jit, f"{function}.{dtype}")
        )
        prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (self.arity + 1))
        self._run = prototype(self._library["loop"])

    def _source(self, function: str, definitions: str) -> str:
        type = TYPES[self.dtype]
        indices = range(self.arity)
        parameters = "".join(f", ptr noalias %x{k}" for k in indices)
        loads = "".join(
            f"  %p{k} = getelementptr {type}, ptr %x{k}, i64 %i\n  %v{k} = load {type}, ptr %p{k}\n" for k in indices
        )
        arguments = ", ".join(f"{type} %v{k}" for k in indices)
        return f"""
            define void @loop(i64 %n{parameters}, ptr noalias %y) {{
            entry:
              %some = icmp sgt i64 %n, 0
              br i1 %some, label %body, label %exit
            body:
              %i = phi i64 [ 0, %entry ], [ %next, %body ]
              {loads}
              %r = call {type} @{symbol(function, self.dtype)}({arguments})
              %q = getelementptr {type}, ptr %y, i64 %i
              store {type} %r, ptr %q
              %next = add nuw nsw i64 %i, 1
              %more = icmp slt i64 %next, %n
              br i1 %more, label %body, label %exit
            exit:
              ret void
            }}
            {definitions}
        """

    def __call__(self, *inputs: Any) -> np.ndarray:
        arrays = np.broadcast_arrays(*(np.asarray(values, self.dtype) for values in inputs))
        arrays = [np.ascontiguousarray(array) for array in arrays]
        result = np.empty_like(arrays[0])
        self._run(result.size, *(array.ctypes.data for array in arrays), result.ctypes.data)
        return result

    def assembly_for(self, triple: str, cpu: str) -> str:
        """Return the loop's assembly for any machine."""
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        target = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, opt=3)
        return target.emit_assembly(optimise(f'target triple = "{triple}"\n{self._text}', target))

    def vector_lengths(self) -> set[int]:
        """The lengths of the vectors of the function's own type in the optimised loop."""
        return {int(length) for length in re.findall(rf"<(\d+) x {TYPES[self.dtype]}>", self.ir)}


def optimise(text: str, target: llvm.TargetMachine) -> llvm.ModuleRef:
    """Parse a module and run LLVM's -O3 passes."""
    module = llvm.parse_assembly(text)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.loop_interleaving = tuning.slp_vectorization = True
    passes = llvm.create_pass_builder(target, tuning)
    passes.getModulePassManager().run(module, passes)
    return module


class Worst(NamedTuple):
    """The largest error that was found, in units in the last place, and where."""

    ulp: float
    arguments: tuple[float, ...]
    result: float
    exact: str


def ulp_error(result: float, exact: Any, dtype: str) -> float:
    """Return |result - exact| in units in the last place of `exact`; infinity counts as the next power of two."""
    info = np.finfo(dtype)
    top = mpmath.mpf(2) ** int(info.maxexp)
    if np.isnan(result):
        return np.inf
    value = mpmath.mpf(result) if np.isfinite(result) else (top if result > 0 else -top)
    exact = min(max(exact, -top), top)
    exponent = max(mpmath.mag(exact) - 1 if exact else int(info.minexp), int(info.minexp))
    return float(abs(value - exact) * mpmath.mpf(2) ** (int(info.nmant) - exponent))


def bit_uniform(dtype: str, count: int, low: float, high: float, seed: int) -> np.ndarray:
    """Draw finite numbers in [low, high], each representable one as likely as the other: all exponents appear."""
    integer = INTEGERS[dtype]

    def rank(x: float) -> int:
        bits = int(np.asarray(x, dtype).view(integer))
        return bits if bits >= 0 else np.iinfo(integer).min - bits

    largest = float(np.finfo(dtype).max)
    bounds = rank(max(low, -largest)), rank(min(high, largest))
    ranks = np.random.default_rng(seed).integers(*bounds, count, integer, endpoint=True)
    return np.where(ranks >= 0, ranks, np.iinfo(integer).min - ranks).astype(integer).view(dtype)


@cache
def _compiled(function: str, dtype: str) -> Loop:
    text, dependencies = definition(function, dtype), module_text([(function, dtype)])
    return Loop(function, dtype, text, dependencies.replace(text, ""))


@pytest.fixture(scope="session")
def compile_loop() -> Callable[[str, str], Loop]:
    """Compile a function's loop over arrays, once a session."""
    return _compiled


@pytest.fixture(scope="session")
def run_formula() -> Callable[..., np.ndarray]:
    """Build a formula of one's own, and apply it to arrays."""

    def run(formula: Formula, dtype: str, *inputs: Any) -> np.ndarray:
        built = build("under_test", formula, dtype)
        return Loop("under_test", dtype, built.text, module_text(built.dependencies))(*inputs)

    return run


@pytest.fixture(scope="session")
def points() -> Callable[..., np.ndarray]:
    """Draw test points from [low, high]: over all exponents, evenly among ordinary numbers, and the ends."""

    def draw(dtype: str, low: float, high: float, count: int = 800, seed: int = 0) -> np.ndarray:
        even = np.random.default_rng(seed).uniform(max(low, -50.0), min(high, 50.0), count // 2)
        ends = [end for end in (low, high) if np.isfinite(end)]
        drawn = np.concatenate([bit_uniform(dtype, count // 2, low, high, seed), even, ends]).astype(dtype)
        return drawn[(drawn >= low) & (drawn <= high)]

    return draw


@pytest.fixture(scope="session")
def worst_error() -> Callable[..., Worst]:
    """Compare a function with its mpmath reference at given points."""

    def compare(function: str, dtype: str, reference: Callable[..., Any], *inputs: Any) -> Worst:
        arrays = np.broadcast_arrays(*(np.asarray(values, dtype) for values in inputs))
        results = _compiled(function, dtype)(*arrays)
        worst = Worst(-1.0, (), np.nan, "")
        with mpmath.workprec(PRECISION):
            for *arguments, result in zip(*(array.tolist() for array in arrays), results.tolist(), strict=True):
                exact = reference(*(mpmath.mpf(argument) for argument in arguments))
                error = ulp_error(result, exact, dtype)
                if error > worst.ulp:
                    worst = Worst(error, tuple(arguments), result, mpmath.nstr(exact, 25))
        return worst

    return compare


@pytest.fixture(scope="session")
def assert_as_numpy() -> Callable[..., None]:
    """Assert that a function returns NumPy's NaNs, infinities and signed zeros, and its numbers to rounding."""

    def check(function: str, dtype: str, numpy: Callable[..., Any], *inputs: Any) -> None:
        arrays = [np.asarray(values, dtype) for values in inputs]
        with np.errstate(all="ignore"):
            expected = numpy(*arrays)
        result = _compiled(function, dtype)(*arrays)
        np.testing.assert_allclose(result, expected, rtol=8 * np.finfo(dtype).eps, atol=0.0)
        zeros = expected == 0
        np.testing.assert_array_equal(np.signbit(result[zeros]), np.signbit(expected[zeros]))

    return check


@pytest.fixture(scope="session")
def special_values() -> Callable[[str], np.ndarray]:
    """NaN, infinities, signed zeros, small integers and the ends of a dtype's range."""

    def values(dtype: str) -> np.ndarray:
        info = np.finfo(dtype)
        positive = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, info.max, info.tiny, info.smallest_subnormal, info.eps, np.inf]
        return np.array([np.nan, *positive, *(-np.array(positive))], dtype)

    return values

"""A small JIT that runs elementary functions over arrays, and the measures of their results, as fixtures."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from functools import cache

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest

from codegen.llvm.elementary import definition, module_text, symbol

TYPES = {"float32": "float", "float64": "double"}
INTEGERS = {"float32": np.int32, "float64": np.int64}
PRECISION = 140
"""Bits of the reference: enough for the digits of a float64 and what cancels in the written-out formulas."""


class Loop:
    """``for i < n: y[i] = f(x[i], ...)``, optimised and compiled for the host."""

    def __init__(self, function: str, dtype: str) -> None:
        self.dtype = dtype
        self.arity = definition(function, dtype).split("{")[0].count("%")
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
        )
        module = llvm.parse_assembly(self._source(function))
        module.verify()
        tuning = llvm.create_pipeline_tuning_options(speed_level=3)
        tuning.loop_vectorization = tuning.loop_interleaving = tuning.slp_vectorization = True
        passes = llvm.create_pass_builder(target, tuning)
        passes.getModulePassManager().run(module, passes)
        self.ir = str(module)
        self.assembly = target.emit_assembly(module)
        self._jit = llvm.create_lljit_compiler(target)
        self._library = (
            llvm.JITLibraryBuilder().add_ir(module).export_symbol("loop").link(self._jit, f"{function}.{dtype}")
        )
        prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (self.arity + 1))
        self._run = prototype(self._library["loop"])

    def _source(self, function: str) -> str:
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
            {module_text([(function, self.dtype)])}
        """

    def __call__(self, *inputs: object, out: np.ndarray | None = None) -> np.ndarray:
        arrays = [
            np.ascontiguousarray(array) for array in np.broadcast_arrays(*(np.asarray(x, self.dtype) for x in inputs))
        ]
        out = np.empty_like(arrays[0]) if out is None else out
        self._run(out.size, *(array.ctypes.data for array in arrays), out.ctypes.data)
        return out


def bit_uniform(dtype: str, count: int, low: float = -np.inf, high: float = np.inf, seed: int = 0) -> np.ndarray:
    """Draw finite numbers in [low, high] uniformly among the representable ones, so that every exponent is as likely."""
    integer = INTEGERS[dtype]

    def rank(x: float) -> int:
        bits = int(np.asarray(x, dtype).view(integer))
        return bits if bits >= 0 else np.iinfo(integer).min - bits

    largest = float(np.finfo(dtype).max)
    ranks = np.random.default_rng(seed).integers(
        rank(max(low, -largest)), rank(min(high, largest)), count, integer, endpoint=True
    )
    return np.where(ranks >= 0, ranks, np.iinfo(integer).min - ranks).astype(integer).view(dtype)


def ulp_error(result: float, exact: mpmath.mpf, dtype: str) -> float:
    """Return |result - exact| in units in the last place of `exact`; infinity counts as the next power of two."""
    info = np.finfo(dtype)
    top = mpmath.mpf(2) ** int(info.maxexp)
    exact = min(max(exact, -top), top)
    value = mpmath.mpf(result) if np.isfinite(result) else (top if result > 0 else -top)
    exponent = max(mpmath.mag(exact) - 1 if exact else int(info.minexp), int(info.minexp))
    return float(abs(value - exact) * mpmath.mpf(2) ** (int(info.nmant) - exponent))


@cache
def compile_loop_once(function: str, dtype: str) -> Loop:
    return Loop(function, dtype)


@pytest.fixture(scope="session")
def compile_loop() -> Callable[[str, str], Loop]:
    """Compile a function's loop over arrays, once a session."""
    return compile_loop_once

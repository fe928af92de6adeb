"""Contractions on one thread, against NumPy's BLAS and the processor: `python -m benchmarks.gemm [CASE ...]`.

A case is a matrix product MxKxN, with `t` after M or N if A or B is the transpose of an array (256tx256x256 is X^T d),
and with B* in front for a batch of B of them; or a part of a convolution without padding, `forward:`, `kernel:` or
`input:` (the gradients), then NxCxS for the images, OxW for the filters and, if it is not 1, /step:
forward:64x16x12:32x5. `--sweep` takes some sixty matrix products of all sizes from 1 to 2048.

All take turns on the processor. A figure is the median of many turns, in 10^9 floating-point operations a second; a
ratio is the median of those of neighbouring turns. `NumPy` is what its user calls (`matmul`; for convolutions `einsum`
with optimize=True), Python's overhead included; `BLAS` is the routine of SciPy's library called from machine code, as
ours is. `peak` is what multiply-adds without memory reach between the turns.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.tables import table
from codegen.kernels.contraction import Axis, MatrixProduct, arranged
from codegen.limits import code as limits
from codegen.llvm.gemm import workspace_bytes
from codegen.llvm.gemm.product import product_module, product_sizes, product_symbol
from codegen.llvm.jit import Library, compile_object, link
from codegen.llvm.target import host
from codegen.program.views import View

CASES = (
    "256x256x256 1024x1024x1024 64x784x256 64x256x128 64x1000x100 64x100x10 256x3072x10 3072tx256x10 128tx64x10 "
    "64x10x128t 256tx256x256 256x256x256t 64x64x64 16x2x16 16x16x3 1x512x512 512x512x1 512tx512x1 512x1x512 "
    "32*64x32x64t forward:64x1x28:16x5 kernel:64x1x28:16x5 forward:64x16x12:32x5 kernel:64x16x12:32x5 "
    "input:64x16x12:32x5 forward:16x3x33:20x3/2"
)
SWEEP = (
    "1x1x1 2x2x2 3x3x3 4x4x4 5x5x5 7x7x7 8x8x8 12x12x12 16x16x16 16tx16x16 16x16x16t 24x24x24 32x32x32 32tx32x32 "
    "48x48x48 64x64x64 64tx64x64 64x64x64t 96x96x96 100x100x100 128x128x128 128tx128x128 128x128x128t 256x256x256 "
    "256tx256x256 256x256x256t 256tx256x256t 400x400x400 512x512x512 512tx512x512 512x512x512t 1000x1000x1000 "
    "2048x256x256 256x2048x256 256x256x2048 256x3072x10 3072tx256x10 64x1000x100 1000tx64x100 64x784x256 784tx64x256 "
    "64x256x128 64x10x128t 128tx64x10 32x128x512 32x512x128t 128tx32x512 1x1000x1000 1x1000x1000t 1000x1000x1 "
    "10x1000x1 16x64x16 16x2000x16 16tx2000x16 100x5x100 2048x2x2048 2048x8x8 8x8x2048 8x2048x8 3x2048x3 "
    "10x36864x25 16x16x100000t 32*64x32x64 32*64x64x32t 100*8x8x8"
)
TURN_SECONDS = 0.002
"""A turn repeats a contraction for about so long, so that reading the clock costs nothing."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"), "1")

Array = np.ndarray[Any, Any]
Repeat = Callable[[int], None]


@dataclass(frozen=True)
class Case:
    """A contraction of two arrays, as einsum writes it."""

    subscripts: str
    a: Array
    b: Array

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each label."""
        return dict(zip(self.subscripts.split("->")[0].replace(",", ""), (*self.a.shape, *self.b.shape), strict=True))

    @property
    def operations(self) -> int:
        """How many floating-point operations it takes."""
        result = 2
        for size in self.sizes.values():
            result *= size
        return result

    def output(self) -> Array:
        """Return room for the result."""
        return np.empty([self.sizes[label] for label in self.subscripts.split("->")[1]], self.a.dtype)


def case(text: str, dtype: str) -> Case:
    """Return a case of random numbers."""
    rng = np.random.default_rng(0)

    def random(*shape: int) -> Array:
        return rng.standard_normal(shape).astype(dtype)

    if match := re.fullmatch(r"(?:(\d+)\*)?(\d+)(t?)x(\d+)x(\d+)(t?)", text):
        batch, m, k, n = (int(match[group] or 0) for group in (1, 2, 4, 5))
        front = (batch,) if batch else ()
        a = random(*front, k, m).swapaxes(-1, -2) if match[3] else random(*front, m, k)
        b = random(*front, n, k).swapaxes(-1, -2) if match[6] else random(*front, k, n)
        return Case("zij,zjk->zik" if batch else "ij,jk->ik", a, b)
    match = re.fullmatch(r"(forward|kernel|input):(\d+)x(\d+)x(\d+):(\d+)x(\d+)(?:/(\d+))?", text)
    if match is None:
        raise SystemExit(f"{text!r} is no case like 64x784x256, 32*64x32x64t or forward:64x16x12:32x5")
    images, channels, size, filters, width, step = (int(match[group] or 1) for group in range(2, 8))
    x, w = random(images, channels, size, size), random(filters, channels, width, width)
    windows = sliding_window_view(x, (width, width), axis=(2, 3))[:, :, ::step, ::step]
    if match[1] == "forward":
        return Case("ncyxij,ocij->noyx", windows, w)
    g = random(images, filters, *windows.shape[2:4])
    if match[1] == "kernel":
        return Case("noyx,ncyxij->ocij", g, windows)
    inside = slice(width - 1, width + step * (g.shape[2] - 1), step)
    padded = np.zeros((images, filters, *[step * (g.shape[2] - 1) + 2 * width - 1] * 2), dtype)
    padded[:, :, inside, inside] = g
    around = sliding_window_view(padded, (width, width), axis=(2, 3))
    return Case("noyxij,ocij->ncyx", around, w[:, :, ::-1, ::-1])


_repeats: list[Library] = []


def caller(arguments: int, returns: str) -> Any:
    """Return a function that calls a function of so many addresses again and again, without Python in between."""
    loads = [
        f"  %p{i} = getelementptr ptr, ptr %arguments, i64 {i}\n  %a{i} = load ptr, ptr %p{i}" for i in range(arguments)
    ]
    listed = ", ".join(f"ptr %a{i}" for i in range(arguments))
    lines = [
        "define void @again(i64 %times, ptr %function, ptr %arguments) {",
        "start:",
        *loads,
        "  br label %turn",
        "turn:",
        "  %i = phi i64 [ 0, %start ], [ %next, %turn ]",
        f"  call {returns} %function({listed})",
        "  %next = add i64 %i, 1",
        "  %more = icmp slt i64 %next, %times",
        "  br i1 %more, label %turn, label %done",
        "done:",
        "  ret void",
        "}",
    ]
    _repeats.append(link([compile_object("\n".join(lines))], ["again"]))
    types = (ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    return ctypes.CFUNCTYPE(None, *types)(_repeats[-1].address("again"))


def planned(given: Case, c: Array) -> MatrixProduct:
    """Return how we contract."""
    operands, output = given.subscripts.split("->")
    labels = (*operands.split(","), output)
    arrays = (given.a, given.b, c)
    strides = [
        dict(zip(own, (stride // array.itemsize for stride in array.strides), strict=True))
        for own, array in zip(labels, arrays, strict=True)
    ]
    axes = {label: Axis(size, *(own.get(label, 0) for own in strides)) for label, size in given.sizes.items()}
    views: list[Any] = [View(array, 0, ()) for array in arrays[:2]]
    result: Any = c
    return arranged(str(c.dtype), *views, result, labels, axes)


_libraries: dict[str, Library] = {}


def ours(given: Case) -> tuple[str, Repeat]:
    """Return which kernel contracts and the function that does it so many times, and check what it computes."""
    c = given.output()
    product = planned(given, c)
    dtype = product.dtype
    symbol = product_symbol(dtype, product.kernel)
    if symbol not in _libraries:
        _libraries[symbol] = link([compile_object(product_module(dtype, product.kernel, host()))], [symbol])
    workspace = np.zeros(workspace_bytes(dtype, host()) + 64, np.uint8)
    workspace = workspace[-workspace.ctypes.data % 64 :]
    arrays: list[Any] = [product.left.base, product.right.base, c, workspace]
    buffers = (ctypes.c_void_p * 4)(*(array.ctypes.data for array in arrays))
    words = np.array(product_sizes(product), np.int64)
    arguments = (ctypes.c_void_p * 2)(ctypes.addressof(buffers), words.ctypes.data)
    again, address = caller(2, "i32"), _libraries[symbol].address(symbol)

    def repeat(times: int) -> None:
        assert len(arrays) == len(buffers)
        again(times, address, ctypes.addressof(arguments))

    repeat(1)
    wide = [x.astype(np.float64) for x in (given.a, given.b)]
    error = np.abs(c - np.einsum(given.subscripts, *wide, optimize=True)).max()
    assert error <= given.operations / 2 / c.size * np.finfo(dtype).eps * 30, error
    return product.kernel, repeat


def numpys(given: Case) -> Repeat:
    """Return the same for NumPy."""
    c = given.output()

    def repeat(times: int) -> None:
        for _ in range(times):
            if given.a.ndim <= 3:
                np.matmul(given.a, given.b, out=c)
            else:
                np.einsum(given.subscripts, given.a, given.b, out=c, optimize=True)

    return repeat


def blas(given: Case) -> Repeat | None:
    """Return the same for SciPy's BLAS, called from machine code; None for what is no single matrix product."""
    if given.a.ndim != 2:
        return None
    from scipy.linalg import cython_blas

    name = "sgemm" if given.a.dtype == np.float32 else "dgemm"
    capsule = cython_blas.__pyx_capi__[name]
    name_of, pointer_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = pointer_of(capsule, name_of(capsule))
    c = given.output()
    # BLAS counts columns first: C^T = B^T A^T.
    (m, k), n = given.a.shape, given.b.shape[1]
    flags, leading = [b"N", b"N"], [n, k]
    for index, array in enumerate((given.b, given.a)):
        if array.strides[1] != array.itemsize and array.shape[0] != 1:
            flags[index], leading[index] = b"T", array.shape[0]
    integers = [ctypes.c_int(value) for value in (n, m, k, *leading, n)]
    one, zero = np.ones(1, c.dtype), np.zeros(1, c.dtype)
    letters = [ctypes.create_string_buffer(flag) for flag in flags]
    kept: list[Any] = [*letters, *integers, one, zero, given.a, given.b, c]
    size_n, size_m, size_k, ldb, lda, ldc = map(ctypes.addressof, integers)
    places = (
        *map(ctypes.addressof, letters),
        *(size_n, size_m, size_k, one.ctypes.data),
        *(given.b.ctypes.data, ldb, given.a.ctypes.data, lda, zero.ctypes.data, c.ctypes.data, ldc),
    )
    arguments = (ctypes.c_void_p * 13)(*places)
    again = caller(13, "void")

    def repeat(times: int) -> None:
        assert kept
        again(times, address, ctypes.addressof(arguments))

    repeat(1)
    np.testing.assert_allclose(c, given.a @ given.b, rtol=1e-2, atol=1e-2)
    return repeat


def peak(dtype: str) -> tuple[int, Repeat]:
    """Return the operations of one round, and the function that runs so many rounds of multiply-adds in registers."""
    probes = limits.library()
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(probes.address(f"multiply_adds_{dtype}"))
    out = np.zeros(limits.CHAINS * limits.lanes(dtype), dtype)
    return 2 * out.size, lambda times: function(times, out.ctypes.data)


def turns(contestants: dict[str, Repeat], seconds: float) -> dict[str, list[float]]:
    """Let everybody take turns for so many seconds in all; return the times of one repetition of each."""
    repetitions: dict[str, int] = {}
    for name, repeat in contestants.items():
        times = 1
        while (elapsed := timed(repeat, times)) < TURN_SECONDS and times < 1 << 30:
            times *= 2
        repetitions[name] = max(1, int(times * TURN_SECONDS / elapsed))
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(measured["peak"]) < 5:
        for name, repeat in contestants.items():
            repeat(1)  # bring code and data back into the caches
            measured[name].append(timed(repeat, repetitions[name]) / repetitions[name])
    return measured


def timed(repeat: Repeat, times: int) -> float:
    """Return the seconds that so many repetitions take on the processor, whatever else wants to use it."""
    start = time.thread_time()
    repeat(times)
    return time.thread_time() - start


def measured_row(text: str, dtype: str, peak_operations: int, peak_rounds: Repeat, seconds: float) -> list[str]:
    """Return the line of a case."""
    given = case(text, dtype)
    kernel, repeat = ours(given)
    contestants = {"ours": repeat, "NumPy": numpys(given), "peak": peak_rounds}
    routine = blas(given)
    if routine:
        contestants["BLAS"] = routine
    times = turns(contestants, seconds)

    def rate(name: str, operations: int) -> str:
        return f"{operations / statistics.median(times[name]) / 1e9:.1f}" if name in times else "-"

    def ratio(name: str) -> str:
        if name not in times:
            return "-"
        return f"{statistics.median(a / b for a, b in zip(times[name], times['ours'], strict=True)):.2f}"

    rates = [rate(name, given.operations) for name in ("ours", "NumPy", "BLAS")]
    micro = f"{statistics.median(times['ours']) * 1e6:.3g}"
    return [dtype, text, kernel, *rates, rate("peak", peak_operations), ratio("NumPy"), ratio("BLAS"), micro]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--sweep", action="store_true", help="some sixty matrix products of all sizes")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64"], choices=["float32", "float64"])
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to measure each case (default 1)")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # BLAS libraries read these when they are loaded.
        command = [sys.executable, "-m", "benchmarks.gemm", *sys.argv[1:]]
        raise SystemExit(subprocess.run(command, env=os.environ | ONE_THREAD, check=False).returncode)
    cases = arguments.cases or (SWEEP if arguments.sweep else CASES).split()
    rows = [["dtype", "case", "kernel", "symgrad", "NumPy", "BLAS", "peak", "to NumPy", "to BLAS", "µs"]]
    for dtype in arguments.dtypes:
        rows += [measured_row(text, dtype, *peak(dtype), arguments.seconds) for text in cases]
    print("Matrix products on one thread: 10^9 operations a second; to NumPy, to BLAS: their time over symgrad's.\n")
    print(table(rows))


if __name__ == "__main__":
    main()

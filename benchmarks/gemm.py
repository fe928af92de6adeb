"""Matrix products on one thread, against NumPy's BLAS and the processor: `python -m benchmarks.gemm [SHAPE ...]`.

A shape is MxKxN, with `t` after M or N if A or B is the transpose of an array: 256tx256x256 is X^T d. Both sides take
turns; a figure is the median of many turns, in 10^9 floating-point operations a second. `peak` is what multiply-adds
without memory reach between the turns. NumPy's figures include its Python call, ours a call in machine code: for the
tiniest shapes they say what a user of either pays.
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

import numpy as np

from benchmarks.report import table
from codegen.llvm.gemm import gemm_module, workspace_bytes
from codegen.llvm.gemm.blocking import Blocking, blocking
from codegen.llvm.gemm.vector_writer import VectorWriter, declarations
from codegen.llvm.jit import Library, compile_object, link
from codegen.llvm.target import host

SHAPES = (
    "256x256x256 1024x1024x1024 64x784x256 64x256x128 64x1000x100 64x100x10 256x3072x10 3072tx256x10 128tx64x10 "
    "64x10x128t 256tx256x256 256x256x256t 64x64x64 16x2x16 16x16x3 1x512x512 512x512x1 512tx512x1 512x1x512"
)
TURN_SECONDS = 0.002
"""A turn repeats a product for about so long, so that reading the clock costs nothing."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"), "1")

Repeat = Callable[[int], None]


def operands(shape: str, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return random A and B of a shape."""
    match = re.fullmatch(r"(\d+)(t?)x(\d+)x(\d+)(t?)", shape)
    if match is None:
        raise SystemExit(f"{shape!r} is not a shape like 64x784x256 or 256tx64x10")
    m, k, n = (int(match[group]) for group in (1, 3, 4))
    rng = np.random.default_rng(0)

    def matrix(rows: int, columns: int, transposed: str) -> np.ndarray:
        array = rng.standard_normal((columns, rows) if transposed else (rows, columns)).astype(dtype)
        return array.T if transposed else array

    return matrix(m, k, match[2]), matrix(k, n, match[5])


def compiled(dtype: str) -> Library:
    """Compile the products of a dtype."""
    return link([compile_object(gemm_module(dtype, host()))], [f"sg.gemm_batched.{dtype}"])


def ours(library: Library, a: np.ndarray, b: np.ndarray) -> Repeat:
    """Return the function that multiplies so many times, and check what it computes."""
    dtype = str(a.dtype)
    c = np.empty((a.shape[0], b.shape[1]), dtype)
    workspace = np.empty(workspace_bytes(dtype, host()) + 64, np.uint8)
    workspace = workspace[-workspace.ctypes.data % 64 :]
    integer, pointer = ctypes.c_int64, ctypes.c_void_p
    matrix = (pointer, integer, integer)
    types = (*[integer] * 7, *matrix, *matrix, *matrix, ctypes.c_int32, pointer)
    function = ctypes.CFUNCTYPE(None, *types)(library.address(f"sg.gemm_batched.{dtype}"))

    def repeat(times: int) -> None:
        views: list[int] = []
        for array in (a, b, c):
            views += [array.ctypes.data, *(stride // array.itemsize for stride in array.strides)]
        # The same matrices again and again: a batch whose matrices are no distance apart.
        function(times, 0, 0, 0, a.shape[0], b.shape[1], a.shape[1], *views, 0, workspace.ctypes.data)

    repeat(1)
    error = np.abs(c - a.astype(np.float64) @ b.astype(np.float64)).max()
    assert error <= a.shape[1] * np.finfo(dtype).eps * 30, error
    return repeat


def numpys(a: np.ndarray, b: np.ndarray) -> Repeat:
    """Return the same for NumPy."""
    c = np.empty((a.shape[0], b.shape[1]), a.dtype)

    def repeat(times: int) -> None:
        for _ in range(times):
            np.matmul(a, b, out=c)

    return repeat


def peak(dtype: str) -> tuple[int, Repeat]:
    """Return the operations of one round, and the function that runs so many rounds of multiply-adds in registers."""
    sizes: Blocking = blocking(dtype, host())
    f = VectorWriter(sizes, "peak", (("i64", "rounds"), ("ptr", "out")), linkage="")
    sums = [f"%sum{index}" for index in range(12)]
    f.jump("round")
    f.start("round")
    f.do("%i = phi i64 [ 0, %entry ], [ %next, %round ]")
    for name in sums:
        f.do(f"{name} = phi {f.vector} [ zeroinitializer, %entry ], [ {name}.next, %round ]")
    factor = f.load("%out")
    for name in sums:
        f.multiply_add(factor, factor, name, result=f"{name}.next")
    f.do("%next = add i64 %i, 1")
    f.branch(f.compare("slt", "%next", "%rounds"), "round", "done")
    f.start("done")
    for index, name in enumerate(sums):
        f.store(f"{name}.next", f.at("%out", ((index + 1) * f.lanes, 1)))
    library = link([compile_object(declarations(sizes) + f.text())], ["peak"])
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(library.address("peak"))
    out = np.zeros(13 * sizes.lanes, dtype)

    def repeat(times: int) -> None:
        assert library
        function(times, out.ctypes.data)

    return 2 * len(sums) * sizes.lanes, repeat


def turns(contestants: dict[str, Repeat], seconds: float) -> dict[str, float]:
    """Let everybody take turns for so many seconds in all; return the median time of one repetition of each."""
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
    return {name: statistics.median(times) for name, times in measured.items()}


def timed(repeat: Repeat, times: int) -> float:
    """Return the seconds that so many repetitions take on the processor, whatever else wants to use it."""
    start = time.thread_time()
    repeat(times)
    return time.thread_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", default=SHAPES.split(), metavar="SHAPE")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64"], choices=["float32", "float64"])
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to measure each shape (default 1)")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # BLAS libraries read these when they are loaded.
        command = [sys.executable, "-m", "benchmarks.gemm", *sys.argv[1:]]
        raise SystemExit(subprocess.run(command, env=os.environ | ONE_THREAD, check=False).returncode)
    rows = [["dtype", "shape", "symgrad", "NumPy", "peak", "ratio", "µs"]]
    for dtype in arguments.dtypes:
        library, (peak_operations, peak_rounds) = compiled(dtype), peak(dtype)
        for shape in arguments.shapes:
            a, b = operands(shape, dtype)
            operations = 2 * a.shape[0] * a.shape[1] * b.shape[1]
            contestants = {"ours": ours(library, a, b), "numpy": numpys(a, b), "peak": peak_rounds}
            times = turns(contestants, arguments.seconds)
            rates = [operations / times["ours"], operations / times["numpy"], peak_operations / times["peak"]]
            rows.append(
                [
                    dtype,
                    shape,
                    *(f"{rate / 1e9:.1f}" for rate in rates),
                    f"{times['numpy'] / times['ours']:.2f}",
                    f"{times['ours'] * 1e6:.3g}",
                ]
            )
    print(table(rows))


if __name__ == "__main__":
    main()

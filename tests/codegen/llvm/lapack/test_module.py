"""Modules: every kernel is valid IR with the driver's form of call, compiled once and linked anew in each process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import symgrad as sg
from codegen.kernels.lapack import matrix_call
from codegen.llvm.jit import compile_object, link
from codegen.llvm.lapack.module import _KERNELS, call_sizes, call_symbol, lapack_module, scratch_bytes
from codegen.llvm.lapack.routines import addresses
from symgrad.families.linear_algebra import Solve
from symgrad.tensor import make

N = sg.dim("N")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kernel", _KERNELS)
def test_every_kernel_compiles(kernel, dtype):
    symbol = f"sg.{kernel}.{dtype}"
    library = link([compile_object(lapack_module(kernel, dtype))], [symbol], addresses(dtype))
    assert library.address(symbol) > 0


def test_kernels_link_side_by_side():
    pairs = [(kernel, dtype) for kernel in _KERNELS for dtype in ("float32", "float64")]
    objects = [compile_object(lapack_module(*pair)) for pair in pairs[:6]]
    symbols = [f"sg.{kernel}.{dtype}" for kernel, dtype in pairs[:6]]
    library = link(objects, symbols, addresses("float32") | addresses("float64"))
    assert len({library.address(symbol) for symbol in symbols}) == 6


def test_what_a_call_is_given():
    a, b = sg.variable("a", (2, N, N), "float32"), sg.variable("b", (2, N, 5), "float32")
    call = matrix_call(make(Solve(), (a.transpose((0, 2, 1)), b)))
    assert call_symbol(call) == "sg.solve.float32"
    assert call_sizes(call) == [2, N, 5, 0, N * N, 1, N, 0, 5 * N, 5, 1]
    assert scratch_bytes(call) == 4 * N * N + 4 * N


def test_machine_code_from_disk_works_in_the_next_process(tmp_path):
    program = """
import numpy as np, symgrad as sg
from codegen.llvm import jit
compiled = []
plain = jit.compile_object
jit.compile_object = lambda text: compiled.append(text) or plain(text)
a = sg.variable("a", (3, 3))
function = sg.compile([a], [np.linalg.inv(a), np.linalg.det(a)])
x = np.array([[2.0, 1, 0], [0, 3, 1], [1, 0, 4]])
inverse, det = function(x)
np.testing.assert_allclose(inverse @ x, np.eye(3), atol=1e-12)
np.testing.assert_allclose(det, 25)
print(len(compiled))
"""
    environment = {**os.environ, "SYMGRAD_CACHE": "1", "SYMGRAD_CACHE_DIR": str(tmp_path)}
    root = Path(sg.__file__).parent.parent
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(2)
    ]
    assert counts[0] > 0
    assert counts[1] == 0


def test_scipy_is_loaded_only_where_it_is_needed():
    program = """
import sys, numpy as np, symgrad as sg
a = sg.variable("a", (3, 3))
sg.compile([a], a @ a)(np.eye(3))
assert "scipy.linalg" not in sys.modules
sg.compile([a], np.linalg.inv(a))(np.eye(3))
assert "scipy.linalg" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(sg.__file__).parent.parent, check=True)

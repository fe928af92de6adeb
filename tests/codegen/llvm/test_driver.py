"""The driver: a program of words, kernels in its form of call."""

import ctypes

import numpy as np

from codegen.kernels.loop_nest import Buffer, Constant, Fail, Let, Load, Loop, LoopNest, Store
from codegen.llvm.driver import driver, emit_kernel
from codegen.llvm.jit import compile_object, link

_RUN = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)

DOUBLE = LoopNest(
    (Buffer("b0", "float64", ("n0",)), Buffer("b1", "float64", ("n0",), written=True)),
    ("n0",),
    (
        Loop(
            "i",
            "n0",
            (Load("x", "b0", ("i",)), Let("y", "float64", "add", ("x", "x")), Store("b1", ("i",), "y")),
        ),
    ),
)
REFUSE = LoopNest((), (), (Constant("yes", "bool", True), Fail("yes", 7)))


def _run(steps: list[tuple[int, list[tuple[int, int]], list[int]]], arrays: list[np.ndarray]) -> int:
    words = [
        word
        for address, buffers, sizes in steps
        for word in (address, len(buffers), len(sizes), *(x for pair in buffers for x in pair), *sizes)
    ]
    code = np.array(words, np.int64)
    table = (ctypes.c_void_p * (len(arrays) + 4))(*(array.ctypes.data for array in arrays))
    start = ctypes.addressof(table)
    run = _RUN(driver().address("run"))
    return run(code.ctypes.data, len(words), start, start + 8 * len(arrays))


def test_steps_run_in_order_on_parts_of_arrays() -> None:
    library = link([compile_object(emit_kernel(DOUBLE, "double"))], ["double"])
    address = library.address("double")
    x, y = np.arange(6.0), np.zeros(6)
    # First y[0:4] = 2 x[2:6], then y[4:6] = 2 y[0:2]: distances are in bytes.
    steps = [(address, [(0, 16), (1, 0)], [4]), (address, [(1, 0), (1, 32)], [2])]
    assert _run(steps, [x, y]) == 0
    np.testing.assert_array_equal(y, [4, 6, 8, 10, 8, 12])


def test_a_kernel_that_fails_ends_the_program_and_says_why() -> None:
    objects = [compile_object(emit_kernel(DOUBLE, "double")), compile_object(emit_kernel(REFUSE, "refuse"))]
    library = link(objects, ["double", "refuse"])
    x, y = np.ones(2), np.zeros(2)
    double, refuse = (library.address("double"), [(0, 0), (1, 0)], [2]), (library.address("refuse"), [], [])
    assert _run([refuse, double], [x, y]) == 1 + (7 << 32)
    np.testing.assert_array_equal(y, 0)
    assert _run([double, refuse, double], [x, y]) == 2 + (7 << 32)
    np.testing.assert_array_equal(y, 2)


def test_no_steps_do_nothing() -> None:
    assert _run([], []) == 0

"""The driver: a program of words, kernels in its form of call."""

import ctypes

import numpy as np

from codegen.kernels.loop_nest import Buffer, Constant, Fail, Let, Load, Loop, LoopNest, Store
from codegen.llvm.driver import HEADER, driver, emit_kernel
from codegen.llvm.jit import compile_object, link

_RUN = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)

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


Call = tuple[int, list[tuple[int, int]], list[int]]


def _run(levels: list[list[list[Call]]], arrays: list[np.ndarray], threads: int = 1) -> int:
    """Run levels of chunks of calls; the table ends with an arena of one workspace of 64 bytes for each thread."""
    words = [len(levels), len(arrays), 0, 64, 8, threads, 0, *(0 for _ in levels)]
    number = 1
    for i, chunks in enumerate(levels):
        words[HEADER + i] = len(words)
        records: list[list[int]] = []
        for chunk in chunks:
            records.append([])
            for address, buffers, sizes in chunk:
                pairs = [word for pair in buffers for word in pair]
                records[-1] += [address, number, len(buffers), len(sizes), *pairs, *sizes]
                number += 1
        at = len(words) + len(records) + 3
        words += [len(records) // 2, len(records), *(at + sum(map(len, records[:k])) for k in range(len(records) + 1))]
        words += [word for record in records for word in record]
    code, arena = np.array(words, np.int64), np.zeros(1024, np.uint8)
    table = (ctypes.c_void_p * (len(arrays) + 1))(*(array.ctypes.data for array in (*arrays, arena)))
    return _RUN(driver().address("run"))(code.ctypes.data, ctypes.addressof(table))


def test_steps_run_in_order_on_parts_of_arrays() -> None:
    library = link([compile_object(emit_kernel(DOUBLE, "double"))], ["double"])
    address = library.address("double")
    x, y = np.arange(6.0), np.zeros(6)
    # First y[0:4] = 2 x[2:6], then y[4:6] = 2 y[0:2]: distances are in bytes.
    steps = [(address, [(0, 16), (1, 0)], [4]), (address, [(1, 0), (1, 32)], [2])]
    assert _run([[steps]], [x, y]) == 0
    np.testing.assert_array_equal(y, [4, 6, 8, 10, 8, 12])


def test_a_kernel_that_fails_ends_the_program_and_says_why() -> None:
    objects = [compile_object(emit_kernel(DOUBLE, "double")), compile_object(emit_kernel(REFUSE, "refuse"))]
    library = link(objects, ["double", "refuse"])
    x, y = np.ones(2), np.zeros(2)
    double, refuse = (library.address("double"), [(0, 0), (1, 0)], [2]), (library.address("refuse"), [], [])
    assert _run([[[refuse, double]]], [x, y]) == 1 + (7 << 32)
    np.testing.assert_array_equal(y, 0)
    assert _run([[[double]], [[refuse], [double]]], [x, y]) == 2 + (7 << 32)
    np.testing.assert_array_equal(y, 2)


def test_no_steps_do_nothing() -> None:
    assert _run([], []) == 0

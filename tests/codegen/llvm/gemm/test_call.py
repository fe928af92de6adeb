"""The driver's form of call: groups and turns as they are read from the words, zeros where sums have no terms."""

from __future__ import annotations

import ctypes

import numpy as np

from codegen.llvm.gemm.axes import write_axes
from codegen.llvm.gemm.blocking import blocking
from codegen.llvm.gemm.call import (
    CLEAR,
    KERNEL,
    leave_if_empty,
    read_operands,
    turns,
    write_clear,
    write_entry,
)
from codegen.llvm.gemm.vector_writer import VectorWriter, declarations
from codegen.llvm.jit import compile_object, link
from codegen.llvm.target import host
from tests.codegen.llvm.gemm.compiled import pointer

WORDS = (8, 0, 16, 2, 1, 1, 1, 0, 2, 64, 0, 100, 3, 8, 8, 0, 4, 1, 2, 3, 5, 4, 5, 6, 7, 8, 8, 0)


def test_turns() -> None:
    sizes = blocking("float64", host())
    f = VectorWriter(sizes, sizes.name("kernel"), KERNEL)
    operands = read_operands(f)
    leave_if_empty(f, operands)
    room = f.reserve("i64")
    f.store("0", room, "i64")
    with turns(f, operands) as addresses:
        turn = f.load(room, "i64")
        for matrix, address in enumerate(addresses):
            f.store(address, f.element("ptr", operands.workspace, (turn, 3), (matrix, 1)), "ptr")
        f.store(str(f.add(turn, 1)), room, "i64")
    text = declarations(sizes) + f.text() + write_axes() + write_clear(sizes) + write_entry("go", sizes.name("kernel"))
    library = link([compile_object(text)], ["go"])
    assert CLEAR == KERNEL
    seen, words = np.zeros((7, 3), np.int64), np.array(WORDS, np.int64)
    buffers = (ctypes.c_void_p * 4)(1000, 2000, 3000, pointer(seen))
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(library.address("go"))
    assert function(ctypes.addressof(buffers), words.ctypes.data) == 0
    wanted = [[1008 + 64 * i + 8 * j, 2000 + 8 * j, 3016 + 100 * i] for i in range(2) for j in range(3)]
    np.testing.assert_array_equal(seen, [*wanted, [0, 0, 0]])
    # No terms: zeros, in 4 rows of 5 columns of 8 bytes (the rows 40 apart), and no turn.
    result = np.full((2, 4, 5), np.nan)
    words[:3] = 0
    words[8:12], words[12:16] = (2, 0, 0, 160), (1, 0, 0, 0)
    words[16:20], words[20:24], words[24] = (4, 0, 0, 40), (5, 0, 0, 8), 0
    buffers[2] = pointer(result)
    seen[:] = 0
    function(ctypes.addressof(buffers), words.ctypes.data)
    assert not seen.any()
    np.testing.assert_array_equal(result, 0)
    # Nothing added to what is there.
    result[:], words[7] = 3, 1
    function(ctypes.addressof(buffers), words.ctypes.data)
    np.testing.assert_array_equal(result, 3)

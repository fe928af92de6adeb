"""Loop nests run as machine code, called the way the interpreter of the tests is called."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

import numpy as np

from codegen.kernels.loop_nest import LoopNest
from codegen.kernels.verify import verify
from codegen.llvm.jit import compile_object, link
from codegen.llvm.loops import emit


class CompiledNest:
    """A kernel in memory."""

    def __init__(self, nest: LoopNest) -> None:
        verify(nest)
        self._nest = nest
        self._library = link([compile_object(emit(nest, "kernel"))], ["kernel"])
        prototype = [ctypes.c_void_p] * len(nest.buffers) + [ctypes.c_int64] * len(nest.sizes)
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *prototype)(self._library.address("kernel"))

    def __call__(self, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> int:
        for buffer in self._nest.buffers:
            array = arrays[buffer.name]
            assert array.dtype == buffer.dtype
            assert array.flags.c_contiguous
            assert array.shape == tuple(sizes.get(size, size) for size in buffer.shape)
        pointers = (arrays[buffer.name].ctypes.data for buffer in self._nest.buffers)
        return self._function(*pointers, *(sizes[name] for name in self._nest.sizes))

"""The writer of kernels: copies of views, whatever their strides."""

import ctypes

import numpy as np
import pytest

from codegen.llvm.gemm.function_writer import LOOP_METADATA
from codegen.llvm.jit import compile_object, link
from codegen.llvm.lapack.routines import addresses, declarations
from codegen.llvm.lapack.writer import COPY, RoutineWriter, write_copy

_COPY = ctypes.CFUNCTYPE(None, *[{"i64": ctypes.c_int64}.get(kind.split()[0], ctypes.c_void_p) for kind, _ in COPY])


@pytest.fixture(scope="module", params=["float32", "float64"])
def copy(request):
    """A function that copies views of a dtype, and the dtype."""
    copy = write_copy(request.param).replace("define internal", "define")
    text = "\n".join([declarations(request.param), copy, LOOP_METADATA])
    library = link([compile_object(text)], ["sg.copy"], addresses(request.param))
    function = _COPY(library.address("sg.copy"))

    def run(view):
        view = view.astype(request.param) if view.dtype != request.param else view
        target = np.full(view.size + 2, -1, request.param)
        row, column = (stride // view.itemsize for stride in view.strides)
        function(*view.shape, view.ctypes.data, row, column, target.ctypes.data + view.itemsize)
        np.testing.assert_array_equal(target[1:-1].reshape(view.shape), view)
        assert target[0] == target[-1] == -1
        return library

    return run, request.param


def test_copies_of_views(copy):
    run, dtype = copy
    whole = np.arange(63.0).astype(dtype).reshape(7, 9)
    for view in (whole, whole.T, whole[1:4, 2:6], whole[::-1], whole[:, ::2], whole[:1].T, whole[:0], whole[:, :0]):
        run(view)
    run(np.broadcast_to(whole[0], (4, 9)))
    run(np.broadcast_to(whole[:, :1], (7, 3)))


def test_arguments_of_routines_are_addresses():
    f = RoutineWriter("f", (("i64", "n"),), "float32")
    f.routine("potrf", "U", f.integer("%n"), "%n", "%n", "%n")
    assert "call void @sg.spotrf(ptr @sg.U, ptr %v1, ptr %n, ptr %n, ptr %n)" in f.text()

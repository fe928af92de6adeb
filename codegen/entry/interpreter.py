"""What of CPython and of NumPy the entry uses, and whether it is what this process runs on.

Of Python objects it reads the reference count and the type behind it; of arrays the fields that NumPy's stable
binary interface fixes for versions 1 and 2. All else goes through functions of the two C interfaces.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import sysconfig
import weakref
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

HEAD = 16
"""Bytes of a Python object before its own fields: the reference count and the type."""

TYPE = 8
DATA, RANK, SHAPE, BASE, DTYPE, FLAGS, WEAK = (HEAD + distance for distance in (0, 8, 16, 32, 40, 48, 56))
"""Where in an array the fields of these names are; `WEAK` is the list of weak references to it."""

DTYPE_WORD = 24
"""Where in a dtype its kind, letter, byte order, former flags and number stand, together eight bytes."""

DTYPE_MASK = -1 - 0xFF000000
"""The bits of this word that tell native dtypes apart: all but the former flags."""

CONTIGUOUS, OWNER, ALIGNED, WRITEABLE = 0x1, 0x4, 0x100, 0x400
"""Flags of an array."""

_NEW_FROM_DESCRIPTION = 94
"""The place of PyArray_NewFromDescr in NumPy's table of C functions."""

_PYTHON_FUNCTIONS = (
    "Py_IncRef",
    "Py_DecRef",
    "PyObject_Size",
    "PyObject_Vectorcall",
    "PyFloat_AsDouble",
    "PyLong_FromLongLong",
    "PyTuple_New",
    "PyTuple_SetItem",
    "PyErr_Clear",
    "PyErr_Occurred",
    "PyMem_RawMalloc",
    "PyMem_RawFree",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
)


@cache
def supported() -> bool:
    """Return whether compiled functions can be called by machine code; if not, they check arguments in Python."""
    if platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return False
    if sys.byteorder != "little" or ctypes.sizeof(ctypes.c_void_p) != 8 or object.__basicsize__ != HEAD:
        return False
    try:
        return _arrays_are_as_expected()
    except (AttributeError, ImportError, ValueError):
        return False


@cache
def symbols() -> dict[str, int]:
    """Return the addresses of the C functions that the entry calls, by their names in its text."""
    addresses = {name: python_function(name) for name in _PYTHON_FUNCTIONS}
    return {**addresses, "PyArray_NewFromDescr": _numpy_function(_NEW_FROM_DESCRIPTION)}


@cache
def python_function(name: str) -> int:
    """Return the address of a function of Python's C interface."""
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


def dtype_word(dtype: np.dtype[Any]) -> int:
    """Return the word that tells a native dtype from others."""
    return ctypes.c_int64.from_address(id(dtype) + DTYPE_WORD).value & DTYPE_MASK


def _numpy_function(number: int) -> int:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    table: int = pointer(import_module("numpy._core._multiarray_umath")._ARRAY_API, None)
    return ctypes.c_void_p.from_address(table + 8 * number).value or 0


def _arrays_are_as_expected() -> bool:
    """Compare the fields of an array with what NumPy says of it, and try the function that makes arrays."""
    if np.lib.NumpyVersion(np.__version__) >= "3.0.0.dev0":
        return False
    array = np.empty((3, 5), np.float32)
    array.flags.writeable = False
    word = ctypes.c_int64.from_address
    shape = word(id(array) + SHAPE).value
    flags = ctypes.c_int32.from_address(id(array) + FLAGS).value
    view = array[1:]
    unwatched = word(id(array) + WEAK).value
    reference = weakref.ref(array)
    fields = (
        word(id(array) + BASE).value == 0,
        word(id(view) + BASE).value == id(array),
        (unwatched, word(id(array) + WEAK).value) == (0, id(reference)),
        word(id(array) + TYPE).value == id(np.ndarray),
        word(id(array) + DATA).value == array.__array_interface__["data"][0],
        ctypes.c_int32.from_address(id(array) + RANK).value == 2,
        (word(shape).value, word(shape + 8).value) == array.shape,
        word(id(array) + DTYPE).value == id(array.dtype),
        flags & (CONTIGUOUS | OWNER | ALIGNED | WRITEABLE) == CONTIGUOUS | OWNER | ALIGNED,
        dtype_word(np.dtype(np.float32)) & 0xFFFFFF == int.from_bytes(b"ff=", "little"),
        dtype_word(np.dtype(np.float32)) >> 32 == np.dtype(np.float32).num,
    )
    return all(fields) and _numpy_function(_NEW_FROM_DESCRIPTION) != 0

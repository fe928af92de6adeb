"""The routines of LAPACK and BLAS that kernels call: their declarations, and where they are in this process.

Object code names a routine as `@sg.dgetrf`; the linker puts in the address that SciPy exports, which is another one
in each process. All arguments are pointers, integers have 32 bits.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import import_module

_LETTERS = {"float32": "s", "float64": "d"}

ROUTINES = {
    "getrf": ("scipy.linalg.cython_lapack", "m n a lda pivots info"),
    "getrs": ("scipy.linalg.cython_lapack", "trans n k a lda pivots b ldb info"),
    "potrf": ("scipy.linalg.cython_lapack", "uplo n a lda info"),
    "trsm": ("scipy.linalg.cython_blas", "side uplo trans diag m n alpha a lda b ldb"),
}
"""The module that exports each routine, and its parameters."""

CHARACTERS = "LNRTU"
"""The characters that say which variant of a routine is wanted."""


def routine_symbol(name: str, dtype: str) -> str:
    """Return the name of a routine in object code.

    >>> routine_symbol("getrf", "float32")
    'sg.sgetrf'
    """
    return f"sg.{_LETTERS[dtype]}{name}"


def declarations(dtype: str) -> str:
    """Return the declarations of all routines for a dtype, of intrinsics, and the constants that routines are given."""
    scalar = {"float32": "float", "float64": "double"}[dtype]
    lines = [f"@sg.one = private unnamed_addr constant {scalar} 1.0"]
    lines += [f"@sg.{letter} = private unnamed_addr constant i8 {ord(letter)}" for letter in CHARACTERS]
    for name, (_, parameters) in ROUTINES.items():
        lines.append(f"declare void @{routine_symbol(name, dtype)}({', '.join(['ptr'] * len(parameters.split()))})")
    lines += [f"declare i64 @llvm.{name}.i64(i64, i64)" for name in ("smin", "smax")]
    lines.append("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
    return "\n".join([*lines, ""])


@cache
def addresses(dtype: str) -> dict[str, int]:
    """Return the address of each routine for a dtype, by its name in object code."""
    return {
        routine_symbol(name, dtype): _exported(module, _LETTERS[dtype] + name) for name, (module, _) in ROUTINES.items()
    }


def _exported(module: str, name: str) -> int:
    """Return the address that a module compiled by Cython exports under a name."""
    capsule = import_module(module).__pyx_capi__[name]
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = pointer_of(capsule, name_of(capsule))
    assert address is not None
    return address

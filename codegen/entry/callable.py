"""The type of Python objects that are called through machine code.

CPython calls objects of a type that has the "vectorcall" protocol (PEP 590) with one C call: no tuple of arguments is
made, and no frame. An object holds the address of its function and, behind it, one word for that function's use.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

from codegen.entry.interpreter import HEAD, python_function

FUNCTION, STATE = HEAD, HEAD + 8
"""Where in an object the two words are."""

_CALL_SLOT, _MEMBERS_SLOT = 50, 72  # Py_tp_call, Py_tp_members
_SSIZE, _READ_ONLY = 19, 1  # of a member
_FLAGS_DEFAULT, _FLAG_BASE, _FLAG_VECTORCALL = 1 << 18, 1 << 10, 1 << 11
_FLAGS_PLACE = 168
"""Where in a type its flags are."""


class _Member(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _Slot(ctypes.Structure):
    _fields_ = (("slot", ctypes.c_int), ("function", ctypes.c_void_p))


class _Spec(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_Slot)),
    )


@cache
def _base() -> Any:
    """Return the type that has the two words."""
    members = (_Member * 2)(_Member(b"__vectorcalloffset__", _SSIZE, FUNCTION, _READ_ONLY, None))
    slots = (_Slot * 3)(
        _Slot(_CALL_SLOT, python_function("PyVectorcall_Call")),
        _Slot(_MEMBERS_SLOT, ctypes.addressof(members)),
    )
    flags = _FLAGS_DEFAULT | _FLAG_BASE | _FLAG_VECTORCALL
    spec = _Spec(b"codegen.entry.Callable", HEAD + 16, 0, flags, slots)
    _kept.extend((members, slots, spec))
    make = ctypes.pythonapi.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p,)
    return make(ctypes.byref(spec))


_kept: list[Any] = []
"""What a type may go on reading."""


@cache
def machine_callable(kind: type[Any]) -> type[Any]:
    """Return the subclass of a Python class whose objects are called through machine code.

    A new object cannot be called before `set_call`.
    """
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    result: type[Any] = type(kind.__name__, (_base(), kind), names)
    if sys.version_info < (3, 12):
        # Later versions let classes written in Python inherit the protocol, and take it from those that get another
        # `__call__`. In Python 3.11 they do not, so that a call would make a tuple of its arguments.
        flags = ctypes.c_ulong.from_address(id(result) + _FLAGS_PLACE)
        if flags.value == result.__flags__:
            flags.value |= _FLAG_VECTORCALL
    return result


def set_call(instance: Any, function: int, state: int) -> None:
    """Let an object of a `machine_callable` be called by the vectorcall function at an address."""
    ctypes.c_void_p.from_address(id(instance) + STATE).value = state
    ctypes.c_void_p.from_address(id(instance) + FUNCTION).value = function

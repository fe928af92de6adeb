"""Numbers, arrays and dtypes as Python source."""

from __future__ import annotations

import base64
import math
import textwrap
import zlib
from typing import Any

import numpy as np

from codegen.numpy_source.code import Binding, Code
from symgrad.dtypes import BOOL, FLOAT32, FLOAT64, INT64, Dtype, is_float

_LONGEST_WRITTEN_OUT = 500
"""Arrays with more entries are written as compressed bytes."""


def dtype_text(dtype: Dtype) -> str:
    """Return a dtype as NumPy code.

    >>> dtype_text(np.dtype("float32")), dtype_text(np.dtype("bool"))
    ('np.float32', 'bool')
    """
    return "bool" if dtype == BOOL else f"np.{dtype.name}"


def number_code(value: float | int | bool, dtype: Dtype) -> Code:
    """Return a number as a Python literal, in the shortest form that is exact.

    >>> number_code(2.0, np.dtype("float32")).text, number_code(0.10000000149011612, np.dtype("float32")).text
    ('2', '0.1')
    """
    if dtype == BOOL:
        return Code(str(bool(value)), literal=bool)
    if not is_float(dtype) or _is_short_and_whole(float(value)):
        return _signed(str(int(value)), int)
    return _signed(_float_text(float(value), dtype), float)


def _is_short_and_whole(value: float) -> bool:
    return value.is_integer() and abs(value) < 1e6 and str(value) != "-0.0"


def as_float(code: Code) -> Code:
    """Return a Python number as a float.

    >>> as_float(Code("2", literal=int)).text
    '2.0'
    """
    return (
        Code(f"{code.text}.0", code.binding, float) if code.literal is int and code.text.lstrip("-").isdigit() else code
    )


def _signed(text: str, literal: type[int] | type[float]) -> Code:
    return Code(text, Binding.SIGN if text.startswith("-") else Binding.ATOM, literal)


def _float_text(value: float, dtype: Dtype) -> str:
    if math.isnan(value):
        return "np.nan"
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    exact = repr(value)
    if dtype == FLOAT32:
        with np.errstate(over="ignore"):
            single = np.float32(value)
            if np.isinf(single):
                return "np.inf" if value > 0 else "-np.inf"
            short = repr(float(str(single)))
            if len(short) < len(exact) and np.float32(float(short)) == single:
                return short
    return exact


def typed(code: Code, dtype: Dtype) -> Code:
    """Return a Python number as a NumPy scalar of a dtype; code that has a dtype is returned as it is.

    >>> typed(Code("0.5", literal=float), np.dtype("float32")).text
    'np.float32(0.5)'
    """
    if code.literal is None:
        return code
    if dtype == BOOL:
        return Code(f"np.bool({code.text})", reads=code.reads)
    return Code(f"{dtype_text(dtype)}({code.text})", reads=code.reads)


def natural_dtype(literal: type) -> Dtype:
    """Return the dtype NumPy gives a Python number that stands alone."""
    return {bool: BOOL, int: INT64, float: FLOAT64}[literal]


def array_source(array: np.ndarray[Any, Any]) -> str:
    """Return an expression for a constant array: its entries, or its compressed bytes where they are many."""
    if array.size > _LONGEST_WRITTEN_OUT:
        return _packed(array)
    if not array.size:
        return f"np.zeros({array.shape}, {dtype_text(array.dtype)})"
    suffix = "" if array.dtype in (FLOAT64, INT64, BOOL) else f", dtype={dtype_text(array.dtype)}"
    return f"np.array({_nested(array)}{suffix})"


def _nested(array: np.ndarray[Any, Any]) -> str:
    """Return nested lists, one line a row for matrices."""
    if array.ndim == 1:
        codes = [number_code(value, array.dtype) for value in array.tolist()]
        texts = [(as_float(code) if is_float(array.dtype) else code).text for code in codes]
        return "\n".join(textwrap.wrap(f"[{', '.join(texts)}]", 110, subsequent_indent=" " * 4))
    return "[" + ",\n    ".join(_nested(part) for part in array) + "]"


def _packed(array: np.ndarray[Any, Any]) -> str:
    stored = array.dtype.newbyteorder("<")
    text = base64.b64encode(zlib.compress(np.ascontiguousarray(array, stored).tobytes())).decode()
    lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(text, 100))
    return f'np.frombuffer(zlib.decompress(base64.b64decode(\n{lines}\n)), "{stored.str}").reshape({array.shape})'

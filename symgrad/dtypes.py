"""The five dtypes of tensors and NumPy 2's promotion between them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from symgrad.errors import DtypeError

FLOAT64 = np.dtype("float64")
FLOAT32 = np.dtype("float32")
INT64 = np.dtype("int64")
INT32 = np.dtype("int32")
BOOL = np.dtype("bool")

SUPPORTED = (FLOAT64, FLOAT32, INT64, INT32, BOOL)
# NumPy makes new objects of equal dtypes; here each dtype is one object, so that `is` tells them apart.
_KNOWN = {dtype: dtype for dtype in SUPPORTED}

Dtype = np.dtype[Any]
Kind = Dtype | type[bool] | type[int] | type[float]
"""What takes part in promotion: a dtype, or the type of a Python number."""


def as_dtype(dtype: Any, what: str = "a tensor") -> Dtype:
    """Return `dtype` as one of the five supported dtypes (in the machine's byte order); raise DtypeError otherwise."""
    try:
        result = np.dtype(dtype)
    except TypeError:
        raise DtypeError(f"{dtype!r} is not a dtype") from None
    found = _KNOWN.get(result.newbyteorder("="))
    if found is None:
        names = ", ".join(d.name for d in SUPPORTED)
        raise DtypeError(f"{what} cannot have dtype {result.name}; supported are {names}")
    return found


def is_float(dtype: Dtype) -> bool:
    """Return whether `dtype` is float32 or float64."""
    return dtype.kind == "f"


def kind_of(value: Any) -> Kind:
    """Return what promotion has to know of a tensor, a Python number, or a run-time size (which counts as an int).

    >>> kind_of(2.5), kind_of(True)
    (<class 'float'>, <class 'bool'>)
    """
    dtype: Dtype | None = getattr(value, "dtype", None)
    if dtype is not None:
        return dtype
    return bool if isinstance(value, bool) else float if isinstance(value, float) else int


@cache
def promote(*kinds: Kind) -> Dtype:
    """Return NumPy 2's result dtype; `bool`, `int` and `float` stand for Python numbers, which promote weakly.

    >>> promote(FLOAT32, float), promote(INT64, float), promote(FLOAT32, INT32)
    (dtype('float32'), dtype('float64'), dtype('float64'))
    """
    return as_dtype(np.result_type(*[kind if isinstance(kind, np.dtype) else kind(0) for kind in kinds]), "the result")


def promote_to_float(dtype: Dtype, name: str) -> Dtype:
    """Return the dtype in which NumPy computes a floating function of `dtype`."""
    if is_float(dtype):
        return dtype
    if dtype == BOOL:
        raise DtypeError(
            f"{name} of a bool tensor: NumPy would compute in float16, which symgrad does not have; "
            'write x.astype("float32") or x.astype("float64") first'
        )
    return FLOAT64

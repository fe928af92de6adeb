"""Routines: they are found where SciPy exports them, and are what is declared."""

import ctypes

import numpy as np
import pytest

from codegen.llvm.lapack.routines import ROUTINES, addresses, declarations, routine_symbol


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_routine_is_declared_and_found(dtype):
    found = addresses(dtype)
    text = declarations(dtype)
    for name, (_, parameters) in ROUTINES.items():
        symbol = routine_symbol(name, dtype)
        assert found[symbol] > 0
        (line,) = [line for line in text.splitlines() if f"@{symbol}(" in line]
        assert line.count("ptr") == len(parameters.split())
    assert not set(found) & set(addresses({"float32": "float64", "float64": "float32"}[dtype]))


def test_a_routine_can_be_called():
    potrf = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(addresses("float64")["sg.dpotrf"])
    a, order, info = np.array([[4.0, 2.0], [2.0, 10.0]]), ctypes.c_int32(2), ctypes.c_int32(7)
    letter = ctypes.c_char(b"U")
    potrf(*map(ctypes.addressof, (letter, order)), a.ctypes.data, *map(ctypes.addressof, (order, info)))
    assert info.value == 0
    np.testing.assert_allclose(np.tril(a), np.linalg.cholesky([[4.0, 2.0], [2.0, 10.0]]))

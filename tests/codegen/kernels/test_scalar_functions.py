"""The signatures of scalar functions are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.kernels.scalar_functions import DTYPES, SIGNATURES, TRANSCENDENTAL, result_dtype


@pytest.mark.parametrize("function", sorted(name for name in SIGNATURES if hasattr(np, name)))
def test_signatures_agree_with_numpy(function: str) -> None:
    signature = SIGNATURES[function]
    ufunc = getattr(np, function)
    assert ufunc.nin == signature.arity
    for dtype in signature.dtypes:
        resolved = ufunc.resolve_dtypes((np.dtype(dtype),) * signature.arity + (None,))
        assert resolved[-1] == result_dtype(function, [dtype] * signature.arity)
        assert all(operand == dtype for operand in resolved[:-1])


def test_what_is_not_numpys_is_of_floats() -> None:
    assert {name for name in SIGNATURES if not hasattr(np, name)} <= TRANSCENDENTAL
    assert all(result_dtype(name, ["float32"] * SIGNATURES[name].arity) == "float32" for name in TRANSCENDENTAL)


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_gives_the_dtype_of_its_branches(dtype: str) -> None:
    assert result_dtype("where", ["bool", dtype, dtype]) == dtype


@pytest.mark.parametrize("operands", [["bool", "int64"], ["int64", "int64", "int64"], ["bool", "int64", "int32"]])
def test_where_wants_a_bool_and_two_alike(operands: list[str]) -> None:
    with pytest.raises(TypeError, match="where takes a bool and two operands alike"):
        result_dtype("where", operands)


def test_unknown_functions_are_named() -> None:
    with pytest.raises(TypeError, match="'frobnicate'"):
        result_dtype("frobnicate", ["float64"])

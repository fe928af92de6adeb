"""The functions of several instructions are valid, always inlined IR; what they compute, test_scalar.py compares."""

from __future__ import annotations

import pytest

from codegen.kernels.scalar_functions import FLOATS, INTEGERS, SIGNATURES
from codegen.llvm.jit import optimized_ir
from codegen.llvm.scalar_definitions import cast_definition, definition, is_defined

DEFINED = [
    (function, dtype) for function in SIGNATURES for dtype in sorted(FLOATS | INTEGERS) if is_defined(function, dtype)
]


@pytest.mark.parametrize(("function", "dtype"), DEFINED)
def test_definitions_are_private_and_vanish_where_nobody_calls(function: str, dtype: str) -> None:
    text = definition(function, dtype)
    assert f"@sg.{function}.{dtype}(" in text
    assert "$" not in text
    assert "define" not in optimized_ir(text)


@pytest.mark.parametrize("dtype", sorted(FLOATS))
@pytest.mark.parametrize("result", sorted(INTEGERS))
def test_casts_vanish_where_nobody_calls(dtype: str, result: str) -> None:
    text = cast_definition(dtype, result)
    assert f"@sg.cast.{dtype}.{result}(" in text
    assert "define" not in optimized_ir(text)


def test_only_numbers_have_definitions() -> None:
    assert not is_defined("sign", "bool")
    assert not is_defined("exp", "float64")
    assert is_defined("sign", "float64")


@pytest.mark.parametrize("dtype", sorted(INTEGERS))
def test_a_constant_exponent_leaves_no_loop(dtype: str) -> None:
    type = {"int64": "i64", "int32": "i32"}[dtype]
    text = f"""define {type} @cube({type} %x) {{
      %y = call {type} @sg.power.{dtype}({type} %x, {type} 3)
      ret {type} %y
    }}
    {definition("power", dtype)}"""
    assert "phi" not in optimized_ir(text)

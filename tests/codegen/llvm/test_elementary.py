import re

import llvmlite.binding as llvm
import numpy as np
import pytest
import scipy.special

from codegen.llvm import elementary

DTYPES = ["float32", "float64"]
OUR_NAMES = {"sigmoid", "softplus", "trigamma"}


def test_functions_carry_the_names_of_numpy_and_scipy():
    assert {"exp", "log", "power", *OUR_NAMES} <= elementary.FUNCTIONS
    for function in elementary.FUNCTIONS - OUR_NAMES:
        assert hasattr(np, function) or hasattr(scipy.special, function)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", sorted(elementary.FUNCTIONS))
def test_a_definition_has_no_branches_no_memory_and_no_fast_math(function, dtype):
    text = elementary.definition(function, dtype)
    assert text.count("define ") == 1
    assert f"@{elementary.symbol(function, dtype)}(" in text.splitlines()[0]
    opcodes = set(re.findall(r"= (\w+)|^  (\w+) ", text, re.MULTILINE))
    assert not {"br", "switch", "load", "store", "alloca"} & {opcode for pair in opcodes for opcode in pair}
    assert not re.search(r"\b(fast|nnan|ninf|nsz|arcp|contract|afn|reassoc)\b", text)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", sorted(elementary.FUNCTIONS))
def test_a_function_and_what_it_needs_make_a_valid_module(function, dtype):
    module = llvm.parse_assembly(elementary.module_text([(function, dtype)]))
    module.verify()
    defined = {f.name for f in module.functions if not f.is_declaration}
    assert elementary.symbol(function, dtype) in defined
    assert all(f.name.startswith("llvm.") for f in module.functions if f.is_declaration)


def test_module_text_has_every_definition_once():
    everything = [(function, dtype) for function in elementary.FUNCTIONS for dtype in DTYPES]
    text = elementary.module_text([*everything, *everything])
    llvm.parse_assembly(text).verify()
    assert text.count("@sg.exp.float64(double %x) alwaysinline") == 1


def test_definitions_are_made_once_a_process():
    assert elementary.definition("exp", "float64") is elementary.definition("exp", "float64")


@pytest.mark.parametrize(("function", "dtype"), [("expo", "float64"), ("exp", "int64")])
def test_what_there_is_not_is_an_error(function, dtype):
    with pytest.raises(LookupError, match=f"there is no elementary function '{function}' for '{dtype}'"):
        elementary.definition(function, dtype)

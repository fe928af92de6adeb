"""Source made callable."""

import inspect
import traceback

import pytest

from codegen.numpy_source import compile_source

SOURCE = "def helper(x):\n    return 1 / x\n\n\ndef f(x):\n    return helper(x)\n"


def test_the_last_function_is_returned():
    function = compile_source(SOURCE)
    assert function.__name__ == "f"
    assert function(4) == 0.25


def test_its_lines_are_seen():
    function = compile_source(SOURCE)
    assert inspect.getsource(function) == "def f(x):\n    return helper(x)\n"
    with pytest.raises(ZeroDivisionError) as caught:
        function(0)
    assert "return 1 / x" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_functions_do_not_see_each_other():
    first, second = compile_source("x = 1\ndef f(): return x"), compile_source("x = 2\ndef f(): return x")
    assert (first(), second()) == (1, 2)

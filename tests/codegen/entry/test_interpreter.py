"""What the entry relies on, and the way without it."""

import platform
import sys

import numpy as np
import pytest

import symgrad as sg
from codegen import function as function_module
from codegen.entry import interpreter
from codegen.entry.callable import machine_callable
from codegen.function import Function

N = sg.dim("N")
x, y = sg.variable("x", (4,)), sg.variable("y", (4,))


def test_it_is_supported_where_it_is_known_to_work():
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    if platform.python_implementation() == "CPython" and platform.machine() in ("x86_64", "arm64", "aarch64"):
        assert interpreter.supported() is has_lock
        assert all(interpreter.symbols().values())


@pytest.mark.parametrize("change", ["implementation", "byteorder", "arrays"])
def test_it_is_not_supported_elsewhere(change, monkeypatch):
    if change == "implementation":
        monkeypatch.setattr(platform, "python_implementation", lambda: "PyPy")
    elif change == "byteorder":
        monkeypatch.setattr("sys.byteorder", "big")
    else:
        monkeypatch.setattr(interpreter, "SHAPE", interpreter.SHAPE + 8)
    assert not interpreter.supported.__wrapped__()


def test_words_of_dtypes():
    words = [interpreter.dtype_word(np.dtype(name)) for name in ("f8", "f4", "i8", "i4", "?")]
    assert len(set(words)) == 5
    assert interpreter.dtype_word(np.dtype(">f8")) not in words


@pytest.fixture
def without(monkeypatch):
    monkeypatch.setattr(function_module, "supported", lambda: False)


def test_functions_do_the_same_in_python(without):
    function = sg.compile([[x, {"y": y}]], {"sum": x + y, "both": (x, x)}, {y: y * 2})
    assert type(function) is Function
    one, two = np.arange(4.0), np.ones(4)
    result = function([one, {"y": two}])
    np.testing.assert_array_equal(result["sum"], one + 1)
    np.testing.assert_array_equal(result["both"], [one, one])
    np.testing.assert_array_equal(two, [2, 2, 2, 2])
    with pytest.raises(sg.BindingError, match="takes 1 arguments"):
        function(one, two)
    with pytest.raises(TypeError):
        function(x=one)


def test_run_time_sizes_failures_and_views_in_python(without):
    a, i = sg.variable("a", (N,)), sg.variable("i", (2,), "int64")
    function = sg.compile([a, i], a[i], {a: a[::-1]})
    memory = np.arange(12.0)
    for part in (memory[:6], memory[::2]):
        old = part.copy()
        np.testing.assert_array_equal(function(part, [0, -1]), [old[0], old[-1]])
        np.testing.assert_array_equal(part, old[::-1])
    with pytest.raises(sg.IndexRangeError):
        function(memory, [0, 12])


def test_the_machine_class_is_used_where_it_can_be():
    kind = machine_callable(Function) if interpreter.supported() else Function
    assert type(sg.compile([x], x)) is kind

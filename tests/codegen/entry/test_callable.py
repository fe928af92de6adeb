"""The type of compiled functions: an ordinary class that is called through machine code."""

import copy
import pickle

import numpy as np
import pytest

import symgrad as sg
from codegen.entry.callable import machine_callable
from codegen.function import Function

x = sg.variable("x", (4,))


class Plain:
    """A class of Python."""

    def __init__(self, value):
        self.value = value


def test_objects_are_those_of_the_class_and_have_its_attributes():
    kind = machine_callable(Plain)
    assert machine_callable(Plain) is kind
    assert (kind.__name__, kind.__module__, kind.__doc__) == ("Plain", __name__, "A class of Python.")
    thing = kind(3)
    assert isinstance(thing, Plain)
    assert thing.value == 3
    assert callable(thing)


def test_what_was_not_bound_cannot_be_called():
    with pytest.raises(TypeError, match="vectorcall"):
        machine_callable(Plain)(3)(1)


def test_compiled_functions_are_functions_of_the_one_class():
    function = sg.compile([x], x * 2)
    assert isinstance(function, Function)
    assert type(function).__qualname__ == "Function"
    assert repr(function).startswith("<compiled function of variable 'x'")
    np.testing.assert_array_equal(function.__call__(np.ones(4)), [2, 2, 2, 2])
    np.testing.assert_array_equal(Function.__call__(function, np.ones(4)), [2, 2, 2, 2])
    np.testing.assert_array_equal(list(map(function, [np.ones(4)] * 3)), np.full((3, 4), 2.0))
    assert function._repr_html_()


def test_they_may_be_in_classes_and_dicts():
    class Model:
        step = sg.compile([x], x * 2)

    np.testing.assert_array_equal(Model().step(np.ones(4)), [2, 2, 2, 2])
    assert {Model.step: 1}[Model.step] == 1


def test_copies_are_the_function_itself_and_it_cannot_be_pickled():
    function = sg.compile([x], x * 2)
    assert copy.copy(function) is function
    assert copy.deepcopy([function]) == [function]
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(function)


def test_subclasses():
    class Twice(Function):
        def twice(self, value):
            return self(self(value))

    function = Twice([x], x * 2, {})
    np.testing.assert_array_equal(function.twice(np.ones(4)), [4, 4, 4, 4])

"""The table of forms has all operations there are, and refuses what it does not have."""

import importlib
import pkgutil

import pytest

import symgrad as sg
from codegen.numpy_source.forms import FORMS, form_of
from symgrad import families
from symgrad.errors import GraphError
from symgrad.families.leaf import Leaf, Variable
from symgrad.tensor import LinearOperation, Operation, make


def test_every_operation_of_the_families_is_in_the_table():
    for module in pkgutil.iter_modules(families.__path__):
        importlib.import_module(f"symgrad.families.{module.name}")
    found, waiting = set(), [Operation]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting.extend(kinds)
        found.update(kind for kind in kinds if kind.__module__.startswith("symgrad.families"))
    assert found - {Leaf, LinearOperation, Variable} == set(FORMS)


def test_an_unknown_operation_is_refused():
    class Strange(LinearOperation):
        def infer(self, inputs):
            return inputs[0].shape, inputs[0].dtype

    with pytest.raises(GraphError, match="cannot be written as NumPy source"):
        form_of(make(Strange(), (sg.variable("x"),)), lambda node: False)

"""The public names: all there, those that come later too, none of them hidden by a module of the same name."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import symgrad as sg

PUBLIC = """
    dim variable constant iota cast evaluate compile initialize grad vjp jvp jacobian hessian hvp formula derivation trace
    elementwise from_sympy to_sympy check_grad simplify stabilize softmax log_softmax logsumexp exp sum einsum where
""".split()


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_functions(name: str) -> None:
    value = getattr(sg, name)
    assert callable(value)
    assert not isinstance(value, types.ModuleType)
    assert value.__doc__
    assert name in dir(sg)


@pytest.mark.parametrize("name", ["nn", "optim", "testing", "train"])
def test_public_modules(name: str) -> None:
    assert isinstance(getattr(sg, name), types.ModuleType)


def test_names_stay_what_they_are_when_modules_of_the_same_name_are_loaded() -> None:
    program = (
        "import symgrad as sg; x = sg.variable('x'); repr(x * 2); sg.formula(x); sg.compile; sg.check_grad; sg.trace;"
        "print(*(type(getattr(sg, name)).__name__ for name in "
        "('formula', 'evaluate', 'initialize', 'simplify', 'trace', 'compile', 'derivation')))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"function"}


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'symgrad' has no attribute 'nothing'"):
        _ = sg.nothing
    assert not hasattr(sg, "nothing")

"""The public names: all there, those that come later too, none of them hidden by a module of the same name."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad import numpy_names

PUBLIC = [
    "dim",
    "variable",
    "constant",
    "iota",
    "cast",
    "evaluate",
    "compile",
    "initialize",
    "grad",
    "vjp",
    "jvp",
    "jacobian",
    "hessian",
    "hvp",
    "formula",
    "derivation",
    "trace",
    "elementwise",
    "from_sympy",
    "to_sympy",
    "check_grad",
    "simplify",
    "stabilize",
    "softmax",
    "log_softmax",
    "logsumexp",
    "exp",
    "sum",
    "einsum",
    "where",
]


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


def test_slow_imports_wait_until_they_are_needed() -> None:
    program = "import sys, symgrad; print(*sys.modules, sep=chr(10))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    slow = {"optree", "opt_einsum", "_hashlib", "symgrad.check", "symgrad.train", "symgrad.optim", "symgrad._compile"}
    assert not slow & set(run.stdout.split())


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'symgrad' has no attribute 'nothing'"):
        _ = sg.nothing
    assert not hasattr(sg, "nothing")


x, n = sg.variable("x", (2, 3)), sg.variable("n", (2,), "int64")
ODD_VALUES = [
    None, "b", b"b", object(), {"a": 1}, [[1], [1, 2]], [None], (), 1j, -1, 10**30, 2.5, True, float("nan"), ..., slice(None),
    len, np.array(["b"]), np.array([1, 2], dtype=object), np.float16(1), sympy.Symbol("z"), sg.dim("N"), sg.variable("s"), n,
    x > 0, sg.variable("e", (0, 3)), sg.variable("r", (sg.dim("N"), 3)),
]  # fmt: skip
CALLABLES = {
    **{name: getattr(numpy_names, name) for name in numpy_names.__all__},
    **{f"nn.{name}": getattr(sg.nn, name) for name in sg.nn.__all__},
    **{
        name: getattr(sg, name)
        for name in (
            "grad", "vjp", "jvp", "jacobian", "hessian", "hvp", "evaluate", "variable", "constant", "dim", "iota", "cast",
            "initialize", "logsumexp", "softmax", "log_softmax",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", list(CALLABLES))
def test_odd_arguments_give_errors_that_say_something(name: str) -> None:
    """Whatever is given: a result, a SymgradError or a TypeError; never something from the depths."""
    function = CALLABLES[name]
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    positions = min(kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD), 3)
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        positions += 1
    for count in range(1, positions + 1):
        for position in range(count):
            for value in ODD_VALUES:
                arguments: list[object] = [x] * count
                arguments[position] = value
                try:
                    function(*arguments)
                except (sg.SymgradError, TypeError) as error:
                    assert str(error)  # noqa: PT017 (what is raised may differ from value to value)

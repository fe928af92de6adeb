"""What is kept of definitions is what they give, and is not kept for functions that may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from symgrad.functions import FUNCTIONS, Function
from symgrad.functions.derived import derived
from symgrad.functions.program import Literal, ScalarProgram


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("SYMGRAD_CACHE", raising=False)
    monkeypatch.setenv("SYMGRAD_CACHE_DIR", str(tmp_path))
    return tmp_path


def refuse() -> None:
    raise AssertionError


def test_programs_come_back_as_they_were() -> None:
    steps = (("add", (0, Literal(1))), ("where", (Literal(True), Literal(-0.0), 1)))
    programs = (ScalarProgram(1, steps, 2), None, ScalarProgram(2, (), Literal(float("inf"))))
    assert derived("programs", lambda: programs) is programs
    again = derived("programs", refuse)
    assert repr(again) == repr(programs)
    assert again == programs


@pytest.mark.parametrize("function", list(FUNCTIONS.values()), ids=lambda function: function.name)
def test_every_function_is_read_as_it_was_derived(function: Function) -> None:
    for what in ("_body", "_derivative_programs", "_product_programs", "_has_fixed_slopes"):
        result = getattr(function, what)()
        assert derived(what, lambda result=result: result) is result
        assert repr(derived(what, refuse)) == repr(result)


def test_functions_of_users_are_not_kept(folder: Path) -> None:
    function = Function("exp", lambda x: x * x)
    products = function.product_programs
    assert list(folder.iterdir()) == []
    assert products != FUNCTIONS["exp"].product_programs

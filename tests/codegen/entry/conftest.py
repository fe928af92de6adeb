"""Which calls of compiled functions are done in machine code, and which are left to Python."""

import pytest

from codegen.entry.interpreter import supported
from codegen.function import Function


@pytest.fixture
def slow_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The arguments of all calls left to Python, of functions compiled from now on."""
    if not supported():
        pytest.skip("all calls are made in Python here")
    calls: list[tuple[object, ...]] = []
    slow = Function._slow

    def watched(self: Function, arguments: tuple[object, ...], names: tuple[str, ...] | None) -> object:
        calls.append(arguments)
        return slow(self, arguments, names)

    monkeypatch.setattr(Function, "_slow", watched)
    return calls

"""Generated source made callable."""

from __future__ import annotations

import ast
import hashlib
import linecache
from collections.abc import Callable
from typing import Any


def compile_source(source: str) -> Callable[..., Any]:
    """Return the last function that a module's source defines.

    Tracebacks, debuggers and `inspect.getsource` show its lines.

    >>> compile_source("def f(x):\\n    return 2 * x\\n")(21)
    42
    """
    module = ast.parse(source)
    name = [statement.name for statement in module.body if isinstance(statement, ast.FunctionDef)][-1]
    filename = f"<NumPy source {hashlib.blake2b(source.encode(), digest_size=8).hexdigest()}>"
    # An entry without a modification time stays when linecache looks for changed files.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": f"numpy_source_{name}"}
    exec(compile(module, filename, "exec"), namespace)
    return namespace[name]

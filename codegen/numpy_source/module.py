"""The module around a generated function: imports, constants and helpers, each added when first asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from codegen.numpy_source.code import Code, tuple_text
from codegen.numpy_source.helpers import function_source, helper_source
from codegen.numpy_source.literals import array_source
from codegen.numpy_source.names import Names
from codegen.numpy_source.sizes import size_code
from symgrad.functions import Function
from symgrad.shapes import Shape, Size


class Module:
    """Everything a generated function refers to, and its names: the context in which forms are written."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.sizes: dict[sympy.Symbol, str] = {}
        """The run-time sizes that are used, and their names."""
        self._imports: dict[str, str] = {}
        self._helpers: dict[Function | str, tuple[str, str]] = {}
        self._arrays: dict[int, tuple[str, str]] = {}
        self._kept: list[np.ndarray[Any, Any]] = []

    def size(self, size: Size) -> Code:
        """Return the expression for a size."""
        return size_code(size, self._size_name)

    def _size_name(self, symbol: sympy.Symbol) -> str:
        if symbol not in self.sizes:
            self.sizes[symbol] = self.names.claim(symbol.name)
        return self.sizes[symbol]

    def shape(self, shape: Shape) -> str:
        """Return the tuple for a shape."""
        return tuple_text(self.size(size).text for size in shape)

    def helper(self, name: str) -> str:
        """Return the name of a fixed helper function."""
        if name not in self._helpers:
            given = self.names.claim(name)
            self._helpers[name] = given, helper_source(name, given)
        return self._helpers[name][0]

    def function(self, function: Function) -> str:
        """Return the name of the helper function for a scalar function."""
        if function not in self._helpers:
            given = self.names.claim(function.name)
            source = function_source(function, given, self, self.helper_names())
            self._helpers[function] = given, source
        return self._helpers[function][0]

    def helper_names(self) -> set[str]:
        """Return the names of all helpers so far."""
        return {name for name, _ in self._helpers.values()}

    def imported(self, path: str) -> str:
        """Return the name under which a function is imported."""
        if path not in self._imports:
            self._imports[path] = self.names.claim(path.rpartition(".")[2])
        return self._imports[path]

    def array(self, value: np.ndarray[Any, Any]) -> Code:
        """Return the name of a constant array."""
        if id(value) not in self._arrays:
            self._kept.append(value)  # so that its id stays its own
            self._arrays[id(value)] = self.names.numbered("CONSTANT"), array_source(value)
        return Code(self._arrays[id(value)][0])

    def prologue(self) -> list[str]:
        """Return what stands before the function: blocks of lines, to be parted by two empty lines."""
        packed = any("zlib." in source for _, source in self._arrays.values())
        imports = ["import base64", "import zlib", ""] if packed else []
        imports.append("import numpy as np")
        for path, name in sorted(self._imports.items()):
            module, _, original = path.rpartition(".")
            imports.append(f"from {module} import {original}" + ("" if name == original else f" as {name}"))
        arrays = [f"{name} = {source}" for name, source in self._arrays.values()]
        top = "\n".join([*imports, *(["", *arrays] if arrays else [])])
        return [top, *(source for _, source in self._helpers.values())]

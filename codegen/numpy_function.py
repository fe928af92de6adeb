"""The same function as generated NumPy source: for reading along, for checking, and for machines without LLVM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codegen.arguments import Arguments
from codegen.notebook import source_html
from codegen.numpy_source import compile_source, generate
from symgrad.bindings import solve_sizes
from symgrad.errors import IndexRangeError, LinearAlgebraError
from symgrad.tensor import Tensor


class NumpyFunction:
    """A graph compiled to NumPy source. Call it with arrays in the order of the inputs."""

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Mapping[Tensor, Tensor]) -> None:
        self._arguments = arguments = Arguments(inputs, outputs, updates)
        self.source = arguments.source()
        """The source of this function; it runs without symgrad."""
        flat = generate(arguments.inputs, arguments.outputs, updates)
        self._run = compile_source(flat)

    def __call__(self, *arguments: Any) -> Any:
        given = self._arguments.flatten(arguments)
        arrays = self._arguments.check(given)
        solve_sizes(zip(self._arguments.inputs, (array.shape for array in arrays), strict=True))
        try:
            with np.errstate(all="ignore"):
                returned = self._run(*arrays)
        except IndexError as error:
            raise IndexRangeError(str(error)) from None
        except np.linalg.LinAlgError as error:
            raise LinearAlgebraError(str(error)) from None
        for i in self._arguments.updated:
            if arrays[i] is not given[i]:  # not contiguous: a copy was updated
                given[i][...] = arrays[i]
        results = returned if isinstance(returned, tuple) else (returned,) if self._arguments.outputs else ()
        # Results are arrays of their own, never views of the caller's arrays or of each other.
        own = [np.array(result, dtype=t.dtype) for result, t in zip(results, self._arguments.outputs, strict=True)]
        return self._arguments.unflatten(own)

    def _repr_html_(self) -> str | None:
        return source_html(repr(self), self.source)

    def __repr__(self) -> str:
        return f"<NumPy function of {self._arguments!r}>"

"""How a node is written: what it needs of other nodes, and how their texts are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from codegen.numpy_source.code import Code
from symgrad.functions import Function
from symgrad.shapes import Shape, Size
from symgrad.tensor import Tensor


class Context(Protocol):
    """What writing an expression may need of the module it stands in."""

    def size(self, size: Size) -> Code:
        """Return the expression for a size."""
        ...

    def shape(self, shape: Shape) -> str:
        """Return the tuple for a shape."""
        ...

    def helper(self, name: str) -> str:
        """Return the name of a helper function, which will be part of the module."""
        ...

    def function(self, function: Function) -> str:
        """Return the name of a helper function for a scalar function, which will be part of the module."""
        ...

    def imported(self, path: str) -> str:
        """Return the name of a function that will be imported, like "scipy.special.erf"."""
        ...

    def array(self, value: np.ndarray[Any, Any]) -> Code:
        """Return the name of a constant array, which will be part of the module."""
        ...


Write = Callable[[Sequence[Code], Context], Code]


@dataclass(frozen=True, slots=True)
class Form:
    """How a node is written.

    `operands` are the nodes whose texts `write` puts together; numbers among them arrive as NumPy scalars, except at
    the positions in `literals`, where they may be Python numbers. `shares` says that the result may be a view of its
    first operand's memory, `read_only` that it cannot be written to.
    """

    operands: tuple[Tensor, ...]
    write: Write
    literals: frozenset[int] = frozenset()
    shares: bool = False
    read_only: bool = False


Once = Callable[[Tensor], bool]
"""Says of a node that it has one user and no name, so that the user may be written together with it."""

"""The node of every graph: an immutable tensor, of which equal structure exists only once."""

from __future__ import annotations

import inspect
import os
import threading
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symgrad.errors import GraphError, ShapeError, SymgradError
from symgrad.operators import TensorMethods

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from symgrad.dtypes import Dtype
    from symgrad.shapes import Shape, Size

    Key = tuple["Operation", tuple["Tensor", ...]]

Origin = tuple[str, int]
"""A file and a line in it."""

_PACKAGE = str(Path(__file__).parent) + os.sep


class Operation:
    """What a node does with its inputs; immutable, compared by value.

    A family of operations says three things: the shape and dtype of the result, and the two derivative rules.
    """

    __slots__ = ()

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        """Return the shape and the dtype of the result, or raise ShapeError or DtypeError."""
        raise NotImplementedError

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        """Return the cotangent of each input, given the cotangent `g` of `node`; None stands for zero.

        A contribution may have the broadcast shape: the reverse sweep sums it down. `guarded` says that entries of `g`
        may be zero because a `where` did not take them, and must stay zero whatever they are multiplied by.
        """
        raise NotImplementedError

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        """Return the tangent of `node`, given those of its inputs; None stands for zero."""
        raise NotImplementedError


class LinearOperation(Operation):
    """An operation that is linear in its first input and has no derivative in the others."""

    __slots__ = ()

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        if tangents[0] is None:
            return None
        return make(self, (tangents[0], *node.inputs[1:]))


class Tensor(TensorMethods):
    """A node of a graph: the operation and the inputs it is made from, its shape and its dtype.

    Tensors are made by `sg.variable`, `sg.constant` and by operations on tensors. They are immutable, and two tensors
    of equal structure are the same object, so `==` compares identity and tensors serve as dictionary keys.
    """

    __slots__ = ("__weakref__", "dtype", "inputs", "operation", "origin", "shape")

    operation: Operation
    inputs: tuple[Tensor, ...]
    shape: Shape
    dtype: Dtype
    origin: Origin | None

    def __init__(self) -> None:
        raise GraphError("tensors are made by sg.variable, sg.constant and operations on tensors")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"tensors are immutable: cannot set {name!r}")

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> Size:
        """The number of entries."""
        from symgrad.shapes import product

        return product(self.shape)

    def __bool__(self) -> bool:
        raise GraphError(
            "the truth value of a symbolic tensor is not known before it is evaluated; "
            "use sg.where(condition, a, b) for a choice, sg.equal(a, b) to compare"
        )

    def __float__(self) -> float:
        raise GraphError("a symbolic tensor has no value yet; use sg.evaluate(expr, {variable: array}) or sg.compile")

    __int__ = __index__ = __complex__ = __float__  # type: ignore[assignment]

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise GraphError("a symbolic tensor has no values yet; use sg.evaluate(expr, {variable: array}) or sg.compile")

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("len() of a tensor without axes")
        if not isinstance(self.shape[0], int):
            raise ShapeError(f"len() of a tensor whose first size, {self.shape[0]}, is known only at run time")
        return self.shape[0]

    def __reduce__(self) -> Any:
        from symgrad.graph import flatten_graph, restore_graph

        return restore_graph, (flatten_graph(self),)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: object) -> Tensor:
        return self

    def __repr__(self) -> str:
        from symgrad.formula import summary

        return summary(self)

    def _repr_latex_(self) -> str | None:
        from symgrad.formula import notebook_latex

        return notebook_latex(self)

    def _repr_html_(self) -> str | None:
        from symgrad.formula import notebook_html

        return notebook_html(self)


class _Reference(weakref.ref[Tensor]):
    """A place in the table, which does not keep its tensor alive."""

    __slots__ = ("key",)

    key: Key


_table: dict[Key, _Reference] = {}
_lock = threading.RLock()


def make(operation: Operation, inputs: tuple[Tensor, ...] = ()) -> Tensor:
    """Return the one tensor with this operation and these inputs."""
    key = (operation, inputs)
    reference = _table.get(key)
    found = None if reference is None else reference()
    if found is not None:
        return found
    try:
        shape, dtype = operation.infer(inputs)
    except SymgradError as error:
        _add_origins(error, inputs)
        raise
    tensor = object.__new__(Tensor)
    fill = object.__setattr__
    fill(tensor, "operation", operation)
    fill(tensor, "inputs", inputs)
    fill(tensor, "shape", shape)
    fill(tensor, "dtype", dtype)
    fill(tensor, "origin", _provenance.origin or _users_line())
    with _lock:
        reference = _table.get(key)
        found = None if reference is None else reference()
        if found is not None:  # another thread was faster
            return found
        reference = _Reference(tensor, _forget)
        reference.key = key
        _table[key] = reference
    return tensor


def _forget(dead: _Reference) -> None:
    """Take a tensor that nobody uses any more out of the table, unless its place has been given to a new one."""
    with _lock:
        if _table.get(dead.key) is dead:
            del _table[dead.key]


class _Provenance(threading.local):
    origin: Origin | None = None


_provenance = _Provenance()


@contextmanager
def provenance() -> Generator[Callable[[Tensor], None]]:
    """Let a pass say for which node it works: what is made meanwhile comes from the line of that node.

    >>> from symgrad import variable
    >>> x = variable("provenance_x")
    >>> with provenance() as follow:
    ...     follow(x)
    ...     y = x * 2
    >>> y.origin == x.origin
    True
    """
    before = _provenance.origin

    def follow(node: Tensor) -> None:
        _provenance.origin = node.origin

    try:
        yield follow
    finally:
        _provenance.origin = before


def _users_line() -> Origin | None:
    """Return file and line of the innermost frame outside this package."""
    frame = inspect.currentframe()
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(_PACKAGE):
            return filename, frame.f_lineno
        frame = frame.f_back
    return None


def built_at(tensor: Tensor) -> str:
    """Return where a tensor was built, as the end of a message; nothing if that is not known."""
    return f", built at {tensor.origin[0]}:{tensor.origin[1]}" if tensor.origin else ""


def _add_origins(error: Exception, inputs: tuple[Tensor, ...]) -> None:
    """Add to an error message where the operands were built."""
    places = [f"  {tensor!r}{built_at(tensor)}" for tensor in inputs if tensor.origin]
    error.args = ("\n".join([str(error), *places]),)

"""Leaves: variables, constants, counters and run-time sizes as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from symgrad.dtypes import BOOL, INT64, Dtype, as_dtype, is_float
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.shapes import Shape, Size, as_shape, as_size, same_size
from symgrad.tensor import Operation, Tensor, make

INIT_RULES = ("zeros", "ones", "he", "glorot", "lecun", "normal", "uniform")
"""What `sg.initialize` can fill a variable with by name."""


class Leaf(Operation):
    """An operation without inputs."""

    __slots__ = ()

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return ()

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None


@dataclass(frozen=True)
class Variable(Leaf):
    """A named input, bound to an array when the graph is run."""

    name: str
    shape: Shape
    dtype: Dtype
    init: Any = None
    symmetric: bool = False

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return self.shape, self.dtype


@dataclass(frozen=True)
class Constant(Leaf):
    """A number, kept as it was written, or a read-only array, compared by its bytes."""

    key: tuple[Any, ...]
    array_dtype: Dtype
    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.key == other.key and self.array_dtype == other.array_dtype

    def __hash__(self) -> int:
        return hash((self.key, self.array_dtype))

    @property
    def is_number(self) -> bool:
        """Whether this is a Python number (0-d), not an array."""
        return not isinstance(self.value, np.ndarray)

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return (() if self.is_number else self.value.shape), self.array_dtype


@dataclass(frozen=True)
class Iota(Leaf):
    """The integers 0, 1, ..., length - 1."""

    length: Size

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return (self.length,), INT64


@dataclass(frozen=True)
class SizeValue(Leaf):
    """A run-time size as a 0-d int64 tensor."""

    length: Size

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return (), INT64


def variable(
    name: str, shape: Any = (), dtype: Any = "float64", *, init: Any = None, symmetric: bool = False
) -> Tensor:
    """Declare an input of a graph.

    Parameters
    ----------
    name: how people, formulas and generated source call it. Variables that are declared alike are the same variable.
    shape: a size or a tuple of sizes (ints, or made from `sg.dim`); () is a single number.
    dtype: "float64" (default), "float32", "int64", "int32" or "bool".
    init: how `sg.initialize` fills it: "zeros", "ones", "he", "glorot", "lecun", "normal", "uniform", a number, an
        array, or a function (random generator, shape) -> array.
    symmetric: a promise that the matrix equals its transpose, which formulas may use.

    >>> variable("W", (3, 2), dtype="float32").shape
    (3, 2)
    """
    if not isinstance(name, str) or not name:
        raise GraphError(f"the name of a variable must be a non-empty string, not {name!r}")
    sizes = as_shape(shape)
    if symmetric and not (len(sizes) >= 2 and same_size(sizes[-1], sizes[-2])):
        raise ShapeError(f"variable {name!r} cannot be symmetric: its last two sizes are not equal in {sizes}")
    if isinstance(init, (np.ndarray, list)):
        init = constant(init).operation
    if not (init is None or init in INIT_RULES or isinstance(init, (int, float, Constant)) or callable(init)):
        known = f"{', '.join(INIT_RULES)}, a number, an array or a function"
        raise GraphError(f"the init of variable {name!r} must be one of {known}, not {init!r}")
    return make(Variable(name, sizes, as_dtype(dtype, f"variable {name!r}"), init, bool(symmetric)))


def constant(value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor with a fixed value: a number, or an array or nested list of numbers (which is copied).

    >>> constant([1.0, 2.0]).dtype, constant(3).dtype
    (dtype('float64'), dtype('int64'))
    """
    if isinstance(value, Tensor):
        raise GraphError("sg.constant takes numbers and arrays, not symbolic tensors")
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return number(value, as_dtype(dtype if dtype is not None else np.result_type(type(value)), "a constant"))
    try:
        array = np.array(value, dtype=None if dtype is None else as_dtype(dtype))
    except ValueError as error:
        raise ShapeError(f"a constant must be a number or a regular array: {error}") from None
    if array.dtype.kind not in "biufc":
        raise DtypeError(f"a constant must be a number or an array of numbers, not {type(value).__name__}: {value!r}")
    kept = as_dtype(array.dtype, "a constant")
    array = array.astype(kept, copy=False)
    if array.ndim == 0:
        return number(array.item(), kept)
    array.flags.writeable = False
    import hashlib  # here, because importing OpenSSL takes as long as a tenth of symgrad

    digest = hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=20).digest()
    return make(Constant((array.shape, digest), kept, array))


def number(value: float | int | bool, dtype: Dtype) -> Tensor:
    """Return the 0-d constant `value` of the given dtype."""
    if is_float(dtype):
        written, text = _as_written(value)
    elif isinstance(value, float) or (dtype == BOOL and value not in (0, 1)):
        raise DtypeError(f"the number {value!r} is not of dtype {dtype.name}")
    elif dtype != BOOL and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        raise DtypeError(f"the number {value!r} does not fit in dtype {dtype.name}")
    else:
        written = bool(value) if dtype == BOOL else int(value)
        text = repr(written)
    return make(Constant((text,), dtype, written))


def _as_written(value: float | int | bool) -> tuple[float | int, str]:
    """Return a floating constant in the form that equal numbers share (2 for 2.0), and what tells it from others."""
    try:
        result = float(value)
    except OverflowError:
        raise DtypeError(f"the number {value!r} does not fit in a float") from None
    # repr tells 0.0 from -0.0 and lets NaN equal itself.
    text = repr(result)
    whole = result.is_integer() and abs(result) < 2**53 and text != "-0.0"
    return (int(result) if whole else result), text


def constant_number(tensor: Tensor) -> float | int | bool | None:
    """Return the number that a 0-d constant holds, or None for any other tensor."""
    operation = tensor.operation
    return operation.value if isinstance(operation, Constant) and operation.is_number else None


def iota(length: Size) -> Tensor:
    """Return the integers from 0 up to `length` as an int64 tensor."""
    return make(Iota(as_size(length)))


def size_value(size: Size) -> Tensor:
    """Return a size as a 0-d tensor, for use in arithmetic.

    >>> size_value(3)
    3
    """
    return number(size, INT64) if isinstance(size, int) else make(SizeValue(size))


def as_tensor(value: Any, dtype: Dtype | None = None) -> Tensor:
    """Return `value` as a tensor; a Python number gets `dtype`."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, sympy.Expr):
        if not value.is_number:
            return size_value(as_size(value))
        value = sympy_number(value)
    if dtype is not None and isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return number(value, dtype)
    return constant(value)


def sympy_number(value: sympy.Expr) -> int | float:
    """Return a number of SymPy's as the nearest one of Python's."""
    if not value.is_extended_real and value is not sympy.nan:
        raise DtypeError(f"the number {value} is not real")
    return int(value) if value.is_Integer else float(value)


def variables_of(order: Sequence[Tensor]) -> list[Tensor]:
    """Return the variables among the nodes of a topological order."""
    return [node for node in order if isinstance(node.operation, Variable)]


def symbols_of(shape: Shape) -> set[sympy.Symbol]:
    """Return the run-time sizes that a shape is made from."""
    found: set[Any] = set()
    for size in shape:
        if not isinstance(size, int):
            found |= size.free_symbols
    return found

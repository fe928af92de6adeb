"""Shapes: tuples of plain ints and, where a run-time size takes part, SymPy expressions of it."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy

from symgrad.errors import BindingError, ShapeError

Size = int | sympy.Expr
Shape = tuple[Size, ...]


def dim(name: str) -> sympy.Symbol:
    """Declare a size that is known only when a function is called.

    Sizes of one name are the same size. Arithmetic on them gives sizes again.

    >>> N = dim("N")
    >>> N + 1
    N + 1
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ShapeError(f"the name of a size must be an identifier, not {name!r}")
    return sympy.Symbol(name, integer=True, nonnegative=True)


def as_size(size: Any) -> Size:
    """Return `size` as a non-negative int or an integer SymPy expression."""
    if isinstance(size, sympy.Expr) and not size.is_Integer:
        if not size.is_integer:
            raise ShapeError(f"the size {size} is not an integer")
        return size
    number: Any = size
    try:
        result = operator.index(number)
    except TypeError:
        result = None
    if result is None or isinstance(size, bool):
        raise ShapeError(f"a size must be an int or made from sg.dim(...), not {size!r}")
    if result < 0:
        raise ShapeError(f"a size cannot be negative: {result}")
    return result


def as_shape(shape: Any) -> Shape:
    """Return `shape` (a size or a sequence of sizes) as a tuple of sizes."""
    if isinstance(shape, (list, tuple)):
        return tuple(as_size(size) for size in shape)
    return (as_size(shape),)


def is_static(shape: Iterable[Size]) -> bool:
    """Return whether every size is a plain int."""
    return all(isinstance(size, int) for size in shape)


def same_size(a: Size, b: Size) -> bool:
    """Return whether two sizes are equal for every value of the run-time sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return a == b or sympy.expand(sympy.sympify(a) - b) == 0


def same_shape(a: Shape, b: Shape) -> bool:
    """Return whether two shapes are equal for every value of the run-time sizes."""
    return a == b or (len(a) == len(b) and all(map(same_size, a, b)))


def product(sizes: Iterable[Size]) -> Size:
    """Return the product of sizes (1 for none)."""
    result: Size = 1
    for size in sizes:
        result = result * size
    return result if type(result) is int and result >= 0 else as_size(result)


def format_bytes(size: Size) -> str:
    """Return a number of bytes in binary units: 1 KiB is 1024 bytes.

    >>> format_bytes(274877906944), format_bytes(1536), format_bytes(12)
    ('256 GiB', '1.5 KiB', '12 bytes')
    """
    if isinstance(size, sympy.Expr):
        return f"{size} bytes"
    if size < 1024:
        return f"{size} bytes"
    power = min((size.bit_length() - 1) // 10, 8)
    return f"{size / 1024**power:.4g} {'KMGTPEZY'[power - 1]}iB"


def format_shape(shape: Shape) -> str:
    """Return a shape as NumPy prints it."""
    inner = ", ".join(str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape that NumPy's broadcasting gives; raise ShapeError when there is none.

    A run-time size broadcasts against 1 and against itself only, so that no program depends on its value by chance.
    """
    if all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    rank = max(len(shape) for shape in shapes)
    result: list[Size] = []
    for axis in range(-rank, 0):
        size: Size = 1
        for shape in shapes:
            if len(shape) < -axis or shape[axis] == 1:
                continue
            if size == 1:
                size = shape[axis]
            elif not same_size(size, shape[axis]):
                given = " and ".join(format_shape(s) for s in shapes)
                raise ShapeError(
                    f"shapes {given} cannot be broadcast together: axis {axis} has {size} and {shape[axis]}"
                )
        result.append(size)
    return tuple(result)


def as_int(value: Any, what: str) -> int:
    """Return `value` as an int; raise ShapeError, which calls it `what`, for anything else."""
    try:
        return operator.index(value)
    except TypeError:
        raise ShapeError(f"{what} must be an int, not {value!r}") from None


def normalize_axis(axis: Any, rank: int, what: str = "axis") -> int:
    """Return a non-negative axis of a tensor of `rank`."""
    index = as_int(axis, what)
    if not -rank <= index < rank:
        raise ShapeError(f"{what} {index} is out of range for a tensor with {rank} axes")
    return index % rank


def normalize_axes(axes: Any, rank: int) -> tuple[int, ...]:
    """Return non-negative axes in ascending order; None means all."""
    if axes is None:
        return tuple(range(rank))
    given: Sequence[Any] = axes if isinstance(axes, (tuple, list)) else (axes,)
    result = sorted(normalize_axis(axis, rank) for axis in given)
    if len(set(result)) != len(result):
        raise ShapeError(f"axis given twice in {tuple(given)} for a tensor with {rank} axes")
    return tuple(result)


def substitute(size: Size, sizes: Mapping[sympy.Symbol, int]) -> int:
    """Return the value of a size, given the values of the run-time sizes."""
    if isinstance(size, int):
        return size
    known: Any = sizes
    value: Any = size.subs(known)
    if not value.is_Integer:
        missing = ", ".join(sorted(str(symbol) for symbol in value.free_symbols))
        raise BindingError(f"the size {size} needs a value for {missing}, and no given array determines it")
    return int(value)

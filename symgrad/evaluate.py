"""The reference interpreter: one node after another, in NumPy.

Slow and plain on purpose: every other way of running is checked against it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy

from symgrad.bindings import Sizes, bind, describe
from symgrad.dtypes import INT64
from symgrad.errors import BindingError, GraphError, IndexRangeError, LinearAlgebraError, ShapeError
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Cast, Elementwise
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import (
    BroadcastTo,
    Concatenate,
    Diagonal,
    Embed,
    EmbedDiagonal,
    Named,
    Reshape,
    Slice,
    Transpose,
)
from symgrad.families.leaf import Constant, Iota, SizeValue, Variable
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.families.windows import OverlapAdd, Windows, span
from symgrad.functions import FUNCTIONS, Function
from symgrad.graph import topological_order
from symgrad.nestings import flatten, unflatten
from symgrad.shapes import Size, is_static, substitute
from symgrad.tensor import Operation, Tensor, built_at

Array = np.ndarray[Any, Any]


def evaluate(expr: Any, bindings: Mapping[Tensor, Any] | None = None) -> Any:
    """Compute a tensor, or any nesting of tensors, with NumPy.

    Parameters
    ----------
    expr: a tensor, or a dict, list or tuple of tensors (nested as you like).
    bindings: an array (or number, or list) for each variable. Bindings that are not needed are ignored; a tensor that
        is not a variable may be bound too, and is then not computed.

    Returns the same nesting with NumPy arrays (0-d results are arrays too).

    Raises BindingError for a missing value, ShapeError or DtypeError for one that is not as declared.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,))
    >>> evaluate(sg.sum(x * x), {x: [1.0, 2.0, 3.0]})
    array(14.)
    """
    outputs, structure = flatten(expr)  # type: ignore[arg-type]
    values = evaluate_nodes(outputs, {} if bindings is None else bindings)
    return unflatten(structure, [values[output].copy() for output in outputs])


def evaluate_nodes(outputs: Sequence[Any], bindings: Mapping[Tensor, Any]) -> dict[Tensor, Array]:
    """Return the value of every node below `outputs`."""
    for output in outputs:
        if not isinstance(output, Tensor):
            raise BindingError(f"only symbolic tensors can be evaluated, not {output!r}")
    if not isinstance(bindings, Mapping):
        raise BindingError(f"the values must be a dictionary, {{X: array}}, not {type(bindings).__name__}")
    for tensor in bindings:
        if not isinstance(tensor, Tensor):
            raise BindingError(f"values are given for tensors, as in {{X: array}}; {tensor!r} is not a tensor")
    order = topological_order(outputs, stop=bindings.__contains__)
    values, sizes = bind({node: bindings[node] for node in order if node in bindings})
    for tensor, value in bindings.items():
        # A tensor that is not needed itself may still be the one that says how large a run-time size is.
        if tensor not in values and not is_static(tensor.shape) and np.ndim(value) == tensor.ndim:
            for declared, given in zip(tensor.shape, np.shape(value), strict=True):
                if isinstance(declared, sympy.Symbol):
                    sizes.setdefault(declared, given)
    missing = [node for node in order if isinstance(node.operation, Variable) and node not in values]
    if missing:
        raise BindingError("no value given for " + ", ".join(describe(node) for node in missing))
    with np.errstate(all="ignore"):
        for node in order:
            if node not in values:
                arrays = [values[child] for child in node.inputs]
                values[node] = evaluate_operation(node.operation, arrays, sizes, node)
    return values


def evaluate_operation(operation: Operation, arrays: Sequence[Array], sizes: Sizes, node: Tensor) -> Array:
    """Return what an operation gives for arrays, in the dtype and shape the graph promises."""
    rule = _RULES.get(type(operation))
    if rule is None:
        raise GraphError(f"{type(operation).__name__} cannot be evaluated: the interpreter has no rule for it")
    try:
        result = np.asarray(rule(operation, arrays, lambda size: substitute(size, sizes)))
    except IndexError as error:
        raise IndexRangeError(f"{error}, in {node!r}{built_at(node)}") from None
    except np.linalg.LinAlgError as error:
        raise LinearAlgebraError(f"{error}, in {node!r}{built_at(node)}") from None
    return result.astype(node.dtype, copy=False)


@cache
def numpy_function(path: str) -> Callable[..., Any]:
    """Return the function behind a name like "np.exp" or "scipy.special.erf"."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module("numpy" if module == "np" else module), name)


def scalar_function(function: Function, *arrays: Any) -> Any:
    """Return a scalar function of arrays: NumPy's or SciPy's own if there is one, else by its body."""
    if function.numpy is not None:
        return numpy_function(function.numpy)(*arrays)
    assert function.body is not None
    return function.body.run(lambda name, *operands: scalar_function(FUNCTIONS[name], *operands), arrays)


Resolve = Callable[[Size], int]


def _shape(shape: Iterable[Size], resolve: Resolve) -> tuple[int, ...]:
    return tuple(resolve(size) for size in shape)


def _window(operation: Slice | Embed, inner: Sequence[int], outer: Sequence[int], resolve: Resolve) -> tuple[Any, ...]:
    """Return the places in a tensor of shape `outer` that a slice takes (or an embedding fills), one array an axis."""
    places: list[Array] = []
    for start, step, count, size in zip(map(resolve, operation.starts), operation.steps, inner, outer, strict=True):
        axis = start + step * np.arange(count)
        if count and not (axis.min() >= 0 and axis.max() < size):
            raise IndexError(f"places {axis[0]} to {axis[-1]} are out of bounds for an axis of size {size}")
        places.append(axis)
    return np.ix_(*places)


def _slice(operation: Slice, arrays: Sequence[Array], resolve: Resolve) -> Array:
    (x,) = arrays
    return x[_window(operation, _shape(operation.shape, resolve), x.shape, resolve)]


def _embed(operation: Embed, arrays: Sequence[Array], resolve: Resolve) -> Array:
    result = np.zeros(_shape(operation.shape, resolve), arrays[0].dtype)
    result[_window(operation, arrays[0].shape, result.shape, resolve)] = arrays[0]
    return result


def _embed_diagonal(operation: EmbedDiagonal, arrays: Sequence[Array], resolve: Resolve) -> Array:
    (x,) = arrays
    n = x.shape[-1]
    result = np.zeros((*x.shape, n), x.dtype)
    result[..., np.arange(n), np.arange(n)] = x
    return result


def _windows(operation: Windows, arrays: Sequence[Array], resolve: Resolve) -> Array:
    (x,) = arrays
    sizes = _shape(operation.sizes, resolve)
    reach = [span(size, dilation) for size, dilation in zip(sizes, operation.dilations, strict=True)]
    for axis, needed in zip(operation.axes, reach, strict=True):
        if x.shape[axis] < needed:
            raise ShapeError(f"a window over {needed} entries does not fit into an axis of size {x.shape[axis]}")
    everything = np.lib.stride_tricks.sliding_window_view(x, reach, operation.axes)  # type: ignore[arg-type]
    numbers: Any = [slice(None)] * x.ndim
    for axis, stride in zip(operation.axes, operation.strides, strict=True):
        numbers[axis] = slice(None, None, stride)
    return everything[(*numbers, *(slice(None, None, dilation) for dilation in operation.dilations))]


def _overlap_add(operation: OverlapAdd, arrays: Sequence[Array], resolve: Resolve) -> Array:
    (x,) = arrays
    rank = x.ndim - len(operation.axes)
    shape = list(x.shape[:rank])
    for axis, length in zip(operation.axes, operation.lengths, strict=True):
        shape[axis] = resolve(length)
    result = np.zeros(shape, x.dtype)
    for offsets in np.ndindex(x.shape[rank:]):
        places: Any = [slice(None)] * rank
        for axis, offset, stride, dilation in zip(
            operation.axes, offsets, operation.strides, operation.dilations, strict=True
        ):
            first = offset * dilation
            places[axis] = slice(first, first + stride * x.shape[axis], stride)
        result[tuple(places)] += x[(..., *offsets)]
    return result


def _reduce(operation: Reduction, arrays: Sequence[Array], resolve: Resolve) -> Any:
    (x,) = arrays
    kind, axes = operation.kind, operation.axes
    if kind in ("argmax", "argmin"):
        return getattr(np, kind)(x, axis=axes[0], keepdims=operation.keepdims)
    if kind != "logsumexp":
        return getattr(np, kind)(x, axis=axes, keepdims=operation.keepdims)
    top = _finite_max(x, axes)
    result = np.log(np.sum(np.exp(x - top), axis=axes, keepdims=True)) + top
    return result if operation.keepdims else np.squeeze(result, axes)


def _finite_max(x: Array, axes: tuple[int, ...]) -> Array:
    """Return the largest entries, or 0 where they are infinite (so that subtracting them makes no NaN)."""
    top = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(top), top, np.zeros((), x.dtype))


def _normalize(operation: Normalization, arrays: Sequence[Array], resolve: Resolve) -> Array:
    (x,) = arrays
    shifted = x - _finite_max(x, operation.axes)
    e = np.exp(shifted)
    total = np.sum(e, axis=operation.axes, keepdims=True)
    return e / total if operation.kind == "softmax" else shifted - np.log(total)


def _scatter_add(operation: ScatterAdd, arrays: Sequence[Array], resolve: Resolve) -> Array:
    values, *indices = arrays
    result = np.zeros(_shape(operation.shape, resolve), values.dtype)
    places: Any = (slice(None),) * operation.axis + tuple(indices)
    np.add.at(result, places, values)
    return result


def _scatter_along_axis(operation: ScatterAlongAxis, arrays: Sequence[Array], resolve: Resolve) -> Array:
    values, indices = arrays
    shape = list(values.shape)
    shape[operation.axis] = resolve(operation.size)
    result = np.zeros(shape, values.dtype)
    places = list(np.indices(values.shape, sparse=True))
    places[operation.axis] = np.broadcast_to(indices, values.shape)
    np.add.at(result, tuple(places), values)
    return result


def _linear_recurrence(operation: LinearRecurrence, arrays: Sequence[Array], resolve: Resolve) -> Array:
    a, b = (np.moveaxis(array, operation.axis, 0) for array in arrays)
    result = np.empty_like(b)
    h = np.zeros(b.shape[1:], b.dtype)
    for i in reversed(range(len(b))) if operation.reverse else range(len(b)):
        result[i] = h = a[i] * h + b[i]
    return np.moveaxis(result, 0, operation.axis)


def _contract(operation: Contraction, arrays: Sequence[Array], resolve: Resolve) -> Array:
    left, right = arrays
    return np.einsum(left, list(operation.left), right, list(operation.right), list(operation.output), optimize=True)


def _determinant(operation: Determinant, arrays: Sequence[Array], resolve: Resolve) -> Any:
    if operation.kind == "det":
        return np.linalg.det(arrays[0])
    sign, logabsdet = np.linalg.slogdet(arrays[0])
    return sign if operation.kind == "sign" else logabsdet


def _triangular_solve(operation: TriangularSolve, arrays: Sequence[Array], resolve: Resolve) -> Array:
    from scipy.linalg import solve_triangular

    a, b = arrays
    result = np.empty_like(b)
    if b.size:
        for place in np.ndindex(b.shape[:-2]):
            result[place] = solve_triangular(
                a[place], b[place], int(operation.transposed), operation.lower, check_finite=False
            )
    return result


_RULES: dict[type[Operation], Callable[[Any, Sequence[Array], Resolve], Any]] = {
    Constant: lambda op, _, resolve: np.array(op.value, op.array_dtype),
    Iota: lambda op, _, resolve: np.arange(resolve(op.length)),
    SizeValue: lambda op, _, resolve: np.array(resolve(op.length), INT64),
    Elementwise: lambda op, arrays, resolve: scalar_function(op.function, *arrays),
    Cast: lambda op, arrays, resolve: arrays[0].astype(op.dtype),
    Contraction: _contract,
    Reduction: _reduce,
    Normalization: _normalize,
    Named: lambda op, arrays, resolve: arrays[0],
    Transpose: lambda op, arrays, resolve: np.transpose(arrays[0], op.axes),
    Reshape: lambda op, arrays, resolve: np.reshape(arrays[0], _shape(op.shape, resolve)),
    BroadcastTo: lambda op, arrays, resolve: np.broadcast_to(arrays[0], _shape(op.shape, resolve)),
    Slice: _slice,
    Embed: _embed,
    Concatenate: lambda op, arrays, resolve: np.concatenate(arrays, op.axis),
    Diagonal: lambda op, arrays, resolve: np.diagonal(arrays[0], 0, -2, -1),
    EmbedDiagonal: _embed_diagonal,
    Windows: _windows,
    OverlapAdd: _overlap_add,
    Gather: lambda op, arrays, resolve: arrays[0][(slice(None),) * op.axis + tuple(arrays[1:])],
    ScatterAdd: _scatter_add,
    TakeAlongAxis: lambda op, arrays, resolve: np.take_along_axis(arrays[0], arrays[1], op.axis),
    ScatterAlongAxis: _scatter_along_axis,
    LinearRecurrence: _linear_recurrence,
    Inverse: lambda op, arrays, resolve: np.linalg.inv(arrays[0]),
    Determinant: _determinant,
    Solve: lambda op, arrays, resolve: np.linalg.solve(*arrays),
    Cholesky: lambda op, arrays, resolve: np.linalg.cholesky(arrays[0]),
    TriangularSolve: _triangular_solve,
}

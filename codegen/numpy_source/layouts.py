"""Layout: transposes, subscripts, reshapes, repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from codegen.numpy_source.code import Code, attribute, call, index, method
from codegen.numpy_source.form import Context, Form, Once
from codegen.numpy_source.literals import as_float, dtype_text, natural_dtype, typed
from codegen.numpy_source.reductions import kept_form
from symgrad.dtypes import FLOAT64
from symgrad.errors import GraphError
from symgrad.families.layout import BroadcastTo, Concatenate, Embed, Slice, Transpose
from symgrad.families.leaf import constant_number
from symgrad.shapes import Shape, Size, as_size, same_size
from symgrad.tensor import Tensor


def transpose_form(node: Tensor, once: Once) -> Form:
    """Return the form of a permutation of axes."""
    operation = node.operation
    assert isinstance(operation, Transpose)
    axes = operation.axes

    def write(codes: Sequence[Code], context: Context) -> Code:
        if axes == tuple(reversed(range(len(axes)))):
            return attribute(codes[0], "T")
        if axes == (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2):
            return attribute(codes[0], "mT")
        return method(codes[0], "transpose", *map(str, axes))

    return Form(node.inputs, write, shares=True)


def reshape_form(node: Tensor, once: Once) -> Form:
    """Return the form of a reshape: a subscript where only axes of size 1 come or go."""
    kept = kept_form(node, once)
    if kept is not None:
        return kept
    (x,) = node.inputs
    if isinstance(x.operation, Slice) and once(x):
        picked = _picked(x.shape, node.shape)
        if picked is not None:
            return _slice_form(x, picked)
    return Form((x,), lambda codes, context: _reshape(codes[0], x.shape, node.shape, context), shares=True)


def _reshape(operand: Code, before: Shape, after: Shape, context: Context) -> Code:
    if len(after) > len(before):
        new = _picked(after, before)
        if new is not None:
            return index(operand, *_without_tail(["None" if axis in new else ":" for axis in range(len(after))]))
    else:
        gone = _picked(before, after)
        if gone is not None:
            return index(operand, *_without_tail(["0" if axis in gone else ":" for axis in range(len(before))]))
    if len(after) == 1:
        return method(operand, "ravel")
    return (
        method(operand, "reshape", *(context.size(size) for size in after))
        if after
        else method(operand, "reshape", "()")
    )


def _picked(longer: Shape, shorter: Shape) -> set[int] | None:
    """Return the axes of size 1 that are in the longer shape only, or None if that is not all that tells them apart."""
    rest = list(shorter)
    extra: set[int] = set()
    for axis, size in enumerate(longer):
        if rest and same_size(size, rest[0]):
            rest.pop(0)
        elif size == 1:
            extra.add(axis)
        else:
            return None
    return None if rest else extra


def _without_tail(keys: Sequence[str]) -> list[str]:
    """Leave out the full slices at the end, which say nothing."""
    end = len(keys)
    while end > 1 and keys[end - 1] == ":":
        end -= 1
    return list(keys[:end])


def slice_form(node: Tensor, once: Once) -> Form:
    """Return the form of a slice."""
    return _slice_form(node, set())


def _slice_form(node: Tensor, picked: set[int]) -> Form:
    """Return the form of a slice of which the axes in `picked` are indexed by their start alone, and so go."""
    operation = node.operation
    assert isinstance(operation, Slice)
    (x,) = node.inputs

    def write(codes: Sequence[Code], context: Context) -> Code:
        keys = _window(operation.starts, operation.steps, operation.shape, x.shape, context)
        for axis in picked:
            keys[axis] = context.size(operation.starts[axis]).text
        return index(codes[0], *_without_tail(keys))

    return Form((x,), write, shares=True)


def embed_form(node: Tensor, once: Once) -> Form:
    """Return the form of an embedding in zeros."""
    operation = node.operation
    assert isinstance(operation, Embed)
    (x,) = node.inputs
    # One number fills the window as well as an array of it does.
    number = _filled_with(x)

    def write(codes: Sequence[Code], context: Context) -> Code:
        keys = _window(operation.starts, operation.steps, x.shape, node.shape, context)
        if number is not None:
            places = zip(keys, operation.starts, x.shape, strict=True)
            keys = [context.size(start).text if size == 1 else key for key, start, size in places]
        if len(keys) == 1 and ":" not in keys[0]:
            window = keys[0]
        else:
            window = f"np.s_[{', '.join(_without_tail(keys))}]" if keys else "()"
        return call(context.helper("embed"), codes[0], window, context.shape(node.shape))

    return Form((x if number is None else number,), write)


def _window(starts: Sequence[Size], steps: Sequence[int], inner: Shape, outer: Shape, context: Context) -> list[str]:
    """Return the slices that go from `starts` in `steps` over as many entries as `inner` has, one an axis."""
    return [_slice(*axis, context) for axis in zip(starts, steps, inner, outer, strict=True)]


def _slice(start: Size, step: int, entries: Size, size: Size, context: Context) -> str:
    stride = "" if step == 1 else f":{step}"
    if entries == 0:
        return f"0:0{stride}"
    if step < 0:
        return _backward_slice(start, step, entries, size, context)
    first = "" if start == 0 else context.size(start).text
    if _reaches_the_end(start, step, entries, size):
        return f"{first}:{stride}"
    if start == 0 and step == 1 and isinstance(entries, sympy.Max):
        others: list[Any] = [other for other in entries.args if other != 0]
        missing = [size - other for other in others]
        if len(missing) == 1 == len(entries.args) - 1 and missing[0].is_Integer:
            return f":-{missing[0]}"
    return f"{first}:{context.size(as_size(start + step * entries)).text}{stride}"


def _reaches_the_end(start: Size, step: int, entries: Size, size: Size) -> bool:
    """Return whether one step more than `entries` would leave an axis of `size`, whatever the run-time sizes are."""
    stop = start + step * entries
    if isinstance(stop, int) and isinstance(size, int):
        return stop >= size
    left = sympy.Max(size - start, 0)
    return same_size(entries, as_size(left if step == 1 else sympy.floor((left + step - 1) / sympy.Integer(step))))


def _backward_slice(start: Size, step: int, entries: Size, size: Size, context: Context) -> str:
    from_the_end = same_size(start, size - 1) or same_size(start, as_size(sympy.Max(size - 1, 0)))
    first = "" if from_the_end else context.size(start).text
    stop = start + step * entries
    if isinstance(stop, int):
        # A stop before the first entry must be left out: as a number it would count from the end.
        return f"{first}:{stop if stop >= 0 else ''}:{step}"
    if from_the_end and same_size(entries, as_size(sympy.floor((size - step - 1) / sympy.Integer(-step)))):
        return f"::{step}"
    raise GraphError(
        f"a slice from {start} in steps of {step} over {entries} entries cannot be written as a NumPy index"
    )


def broadcast_form(node: Tensor, once: Once) -> Form:
    """Return the form of a tensor repeated along axes: a filled array where it is one number."""
    operation = node.operation
    assert isinstance(operation, BroadcastTo)
    (x,) = node.inputs
    if x.ndim:
        return Form(
            (x,),
            lambda codes, context: call("np.broadcast_to", codes[0], context.shape(node.shape)),
            shares=True,
            read_only=True,
        )
    return Form((x,), lambda codes, context: _filled(node, codes[0], context), literals=frozenset({0}))


def _filled_with(x: Tensor) -> Tensor | None:
    """Return the number that a tensor repeats, if it does."""
    return x.inputs[0] if isinstance(x.operation, BroadcastTo) and not x.inputs[0].ndim else None


def _filled(node: Tensor, number: Code, context: Context) -> Code:
    shape = context.shape(node.shape)
    value = constant_number(node.inputs[0])
    name = {"0": "zeros", "1": "ones"}.get(number.text)
    if value is not None and name is not None:
        return call(f"np.{name}", shape, *([] if node.dtype.name == "float64" else [dtype_text(node.dtype)]))
    if node.dtype == FLOAT64:
        number = as_float(number)
    if number.literal is not None and natural_dtype(number.literal) == node.dtype:
        return call("np.full", shape, number)
    return call("np.full", shape, typed(number, node.dtype))


def concatenate_form(node: Tensor, once: Once) -> Form:
    """Return the form of tensors joined along an axis."""
    operation = node.operation
    assert isinstance(operation, Concatenate)
    options = {"axis": str(operation.axis)} if operation.axis else {}
    if node.ndim == 1 and all(_filled_with(x) is not None and x.shape == (1,) for x in node.inputs):
        entries = tuple(x.inputs[0] for x in node.inputs)
        return Form(entries, lambda codes, context: call("np.array", f"[{', '.join(code.text for code in codes)}]"))

    def write(codes: Sequence[Code], context: Context) -> Code:
        return call("np.concatenate", f"[{', '.join(code.text for code in codes)}]", **options)

    return Form(node.inputs, write)


def diagonal_form(node: Tensor, once: Once) -> Form:
    """Return the form of a diagonal of the last two axes."""
    (x,) = node.inputs
    options = {} if x.ndim == 2 else {"axis1": "-2", "axis2": "-1"}
    return Form((x,), lambda codes, context: call("np.diagonal", codes[0], **options), shares=True, read_only=True)


def embed_diagonal_form(node: Tensor, once: Once) -> Form:
    """Return the form of the matrix with a given diagonal."""
    (x,) = node.inputs
    if x.ndim == 1:
        return Form((x,), lambda codes, context: call("np.diag", codes[0]))
    return Form((x,), lambda codes, context: call(context.helper("embed_diagonal"), codes[0]))

"""Indexing: entries picked by integer arrays, and the helpers that add entries up where they came from."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.numpy_source.code import Code, call, index, tuple_text
from codegen.numpy_source.form import Context, Form, Once
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import BroadcastTo, Reshape
from symgrad.shapes import same_size
from symgrad.tensor import Tensor


def gather_form(node: Tensor, once: Once) -> Form:
    """Return the form of x[:, i, j]."""
    operation = node.operation
    assert isinstance(operation, Gather)

    def write(codes: Sequence[Code], context: Context) -> Code:
        return index(codes[0], *[":"] * operation.axis, *codes[1:])

    # A single number as index gives a view; arrays of indices copy.
    return Form(node.inputs, write, frozenset(range(1, len(node.inputs))), shares=node.inputs[1].ndim == 0)


def scatter_add_form(node: Tensor, once: Once) -> Form:
    """Return the form of the adjoint of x[:, i, j]."""
    operation = node.operation
    assert isinstance(operation, ScatterAdd)

    def write(codes: Sequence[Code], context: Context) -> Code:
        values, *indices = codes
        keys = [":"] * operation.axis + [code.text for code in indices]
        if operation.axis:
            place = f"np.s_[{', '.join(keys)}]"
        else:
            place = keys[0] if len(keys) == 1 else tuple_text(keys)
        return call(context.helper("scatter_add"), values, place, context.shape(operation.shape))

    return Form(node.inputs, write, frozenset(range(1, len(node.inputs))))


def take_along_axis_form(node: Tensor, once: Once) -> Form:
    """Return the form of np.take_along_axis."""
    operation = node.operation
    assert isinstance(operation, TakeAlongAxis)
    return Form(
        node.inputs,
        lambda codes, context: call("np.take_along_axis", *codes, axis=str(operation.axis)),
    )


def picked_form(node: Tensor, once: Once) -> Form | None:
    """Return the form x[np.arange(n), labels], if `node` reshapes one entry taken from each row of a matrix."""
    (taken,) = node.inputs
    if not isinstance(taken.operation, TakeAlongAxis) or taken.operation.axis != 1 or not once(taken):
        return None
    x, places = taken.inputs
    labels = _column(places)
    if labels is None or x.ndim != 2 or node.ndim != 1 or not same_size(x.shape[0], labels.shape[0]):
        return None

    def write(codes: Sequence[Code], context: Context) -> Code:
        return index(codes[0], call("np.arange", context.size(x.shape[0])), codes[1])

    return Form((x, labels), write)


def _column(places: Tensor) -> Tensor | None:
    """Return the vector of which `places` is made as a matrix of one column."""
    if places.ndim == 2 and places.shape[1] == 1 and isinstance(places.operation, Reshape):
        (labels,) = places.inputs
        return labels if labels.ndim == 1 else None
    return None


def scatter_along_axis_form(node: Tensor, once: Once) -> Form:
    """Return the form of the adjoint of np.take_along_axis."""
    operation = node.operation
    assert isinstance(operation, ScatterAlongAxis)
    values, places = node.inputs
    labels = _column(places)
    if operation.axis == 1 and labels is not None and same_size(values.shape[0], labels.shape[0]):
        filled = isinstance(values.operation, BroadcastTo) and not values.inputs[0].ndim
        source = values.inputs[0] if filled else _column(values)
        if source is not None:

            def into_rows(codes: Sequence[Code], context: Context) -> Code:
                rows = call("np.arange", context.size(labels.shape[0]))
                place = tuple_text([rows.text, codes[1].text])
                return call(context.helper("scatter_add"), codes[0], place, context.shape(node.shape))

            return Form((source, labels), into_rows)

    def write(codes: Sequence[Code], context: Context) -> Code:
        size = context.size(operation.size)
        return call(context.helper("scatter_along_axis"), *codes, axis=str(operation.axis), size=size.text)

    return Form(node.inputs, write)

"""Reductions, normalisations and scans: array methods, and helpers for those that NumPy lacks."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.numpy_source.code import Binding, Code, call, method
from codegen.numpy_source.form import Context, Form, Once
from codegen.numpy_source.scalar import is_size
from symgrad.dtypes import INT64, is_float
from symgrad.families.elementwise import Elementwise
from symgrad.families.leaf import SizeValue, constant_number
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.scan import LinearRecurrence, is_running_sum
from symgrad.shapes import product, same_size
from symgrad.tensor import Tensor


def reduction_form(node: Tensor, once: Once) -> Form:
    """Return the form of a reduction."""
    operation = node.operation
    assert isinstance(operation, Reduction)
    return _reduction(node.inputs[0], operation.kind, operation.axes, operation.keepdims)


def kept_form(node: Tensor, once: Once) -> Form | None:
    """Return the form of a reshape that puts back the axes a reduction has dropped, if `node` is one."""
    (x,) = node.inputs
    mean = mean_form(x, once) if once(x) else None
    inner = x if mean is None else x.inputs[0]
    operation = inner.operation
    if not isinstance(operation, Reduction) or operation.keepdims or not once(x):
        return None
    (source,) = inner.inputs
    if operation.kept_shape(source.shape) != node.shape:
        return None
    return _reduction(source, operation.kind if mean is None else "mean", operation.axes, True)


def mean_form(node: Tensor, once: Once) -> Form | None:
    """Return the form of a sum over the number of its terms, which is a mean, if `node` is one."""
    if not isinstance(node.operation, Elementwise) or node.operation.function.name != "divide":
        return None
    total, count = node.inputs
    operation = total.operation
    if not isinstance(operation, Reduction) or operation.kind != "sum" or not is_float(total.dtype) or not once(total):
        return None
    (x,) = total.inputs
    entries = product(x.shape[axis] for axis in operation.axes)
    if is_size(count):
        leaf = count.operation if isinstance(count.operation, SizeValue) else count.inputs[0].operation
        known = same_size(leaf.length, entries)  # type: ignore[attr-defined]
    else:
        known = entries != 0 and constant_number(count) == entries
    return _reduction(x, "mean", operation.axes, operation.keepdims) if known else None


def _reduction(x: Tensor, kind: str, axes: tuple[int, ...], keepdims: bool) -> Form:
    def write(codes: Sequence[Code], context: Context) -> Code:
        (operand,) = codes
        options = _axis_option(axes, x.ndim)
        if keepdims:
            options["keepdims"] = "True"
        if kind == "logsumexp":
            return call(context.helper("logsumexp"), operand, **options)
        if operand.binding is Binding.ATOM:
            return method(operand, kind, **options)
        return call(f"np.{kind}", operand, **options)

    return Form((x,), write)


def _axis_option(axes: tuple[int, ...], rank: int) -> dict[str, str]:
    if len(axes) == rank:
        return {}
    return {"axis": str(axes[0]) if len(axes) == 1 else str(axes)}


def normalization_form(node: Tensor, once: Once) -> Form:
    """Return the form of a softmax or its logarithm."""
    operation = node.operation
    assert isinstance(operation, Normalization)
    axes = operation.axes

    def write(codes: Sequence[Code], context: Context) -> Code:
        return call(context.helper(operation.kind), codes[0], axis=str(axes[0]) if len(axes) == 1 else str(axes))

    return Form(node.inputs, write)


def recurrence_form(node: Tensor, once: Once) -> Form:
    """Return the form of a linear recurrence: a running sum where all factors are one."""
    operation = node.operation
    assert isinstance(operation, LinearRecurrence)
    terms = node.inputs[1]
    axis = str(operation.axis)
    if not is_running_sum(node) or not (is_float(node.dtype) or node.dtype == INT64):
        options = {"axis": axis} | ({"reverse": "True"} if operation.reverse else {})
        return Form(node.inputs, lambda codes, context: call(context.helper("linear_recurrence"), *codes, **options))

    def running_sum(codes: Sequence[Code], context: Context) -> Code:
        if not operation.reverse:
            return method(codes[0], "cumsum", axis=axis)
        flipped = method(call("np.flip", codes[0], axis=axis), "cumsum", axis=axis)
        return call("np.flip", flipped, axis=axis)

    # A flipped result is a view, but of memory that nothing else refers to.
    return Form((terms,), running_sum)

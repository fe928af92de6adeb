"""Sliding windows: NumPy's view of them, and a helper that adds windows up."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.numpy_source.code import Code, call, index, tuple_text
from codegen.numpy_source.form import Context, Form, Once
from symgrad.families.windows import OverlapAdd, Windows, span
from symgrad.tensor import Tensor


def windows_form(node: Tensor, once: Once) -> Form:
    """Return the form of sliding windows: a view of all windows, of which strides and dilations take a part."""
    operation = node.operation
    assert isinstance(operation, Windows)
    (x,) = node.inputs

    def write(codes: Sequence[Code], context: Context) -> Code:
        sizes = [span(*axis) for axis in zip(operation.sizes, operation.dilations, strict=True)]
        view = call(
            "np.lib.stride_tricks.sliding_window_view",
            codes[0],
            _one_or_all([context.size(size).text for size in sizes]),
            axis=_one_or_all(list(map(str, operation.axes))),
        )
        keys = [":"] * node.ndim
        for i, (axis, stride, dilation) in enumerate(
            zip(operation.axes, operation.strides, operation.dilations, strict=True)
        ):
            keys[axis] = _every(stride)
            keys[x.ndim + i] = _every(dilation)
        while keys and keys[-1] == ":":
            keys.pop()
        return index(view, *keys) if keys else view

    return Form((x,), write, shares=True, read_only=True)


def overlap_add_form(node: Tensor, once: Once) -> Form:
    """Return the form of windows added up where they overlap."""
    operation = node.operation
    assert isinstance(operation, OverlapAdd)

    def write(codes: Sequence[Code], context: Context) -> Code:
        options = {"axes": operation.axes, "strides": operation.strides, "dilations": operation.dilations}
        texts = {name: tuple_text(map(str, values)) for name, values in options.items()}
        return call(context.helper("overlap_add"), codes[0], context.shape(node.shape), **texts)

    return Form(node.inputs, write)


def _every(step: int) -> str:
    return ":" if step == 1 else f"::{step}"


def _one_or_all(texts: Sequence[str]) -> str:
    """Return what is said of one axis as it is, of several as a tuple."""
    return texts[0] if len(texts) == 1 else tuple_text(texts)

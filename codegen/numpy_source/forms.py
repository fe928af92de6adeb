"""The table of forms: one entry for every operation of the families."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codegen.numpy_source.code import call
from codegen.numpy_source.form import Form, Once
from codegen.numpy_source.layouts import (
    broadcast_form,
    concatenate_form,
    diagonal_form,
    embed_diagonal_form,
    embed_form,
    reshape_form,
    slice_form,
    transpose_form,
)
from codegen.numpy_source.linear_algebra import (
    cholesky_form,
    determinant_form,
    inverse_form,
    solve_form,
    triangle_form,
    vector_solution_form,
)
from codegen.numpy_source.literals import number_code
from codegen.numpy_source.lookups import (
    gather_form,
    picked_form,
    scatter_add_form,
    scatter_along_axis_form,
    take_along_axis_form,
)
from codegen.numpy_source.products import contraction_form
from codegen.numpy_source.reductions import mean_form, normalization_form, recurrence_form, reduction_form
from codegen.numpy_source.scalar import cast_form, elementwise_form
from codegen.numpy_source.windows import overlap_add_form, windows_form
from symgrad.errors import GraphError
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
from symgrad.families.leaf import Constant, Iota, SizeValue
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.reduction import Normalization, Reduction
from symgrad.families.scan import LinearRecurrence
from symgrad.families.windows import OverlapAdd, Windows
from symgrad.tensor import Operation, Tensor


def form_of(node: Tensor, once: Once) -> Form:
    """Return how a node is written; raise GraphError for an operation that has no NumPy source."""
    rule = FORMS.get(type(node.operation))
    if rule is None:
        raise GraphError(f"the operation {type(node.operation).__name__} cannot be written as NumPy source")
    return rule(node, once)


def _constant(node: Tensor, once: Once) -> Form:
    operation: Any = node.operation
    if operation.is_number:
        return Form((), lambda codes, context: number_code(operation.value, node.dtype))
    return Form((), lambda codes, context: context.array(operation.value))


def _iota(node: Tensor, once: Once) -> Form:
    operation: Any = node.operation
    return Form((), lambda codes, context: call("np.arange", context.size(operation.length)))


def _size_value(node: Tensor, once: Once) -> Form:
    operation: Any = node.operation
    return Form((), lambda codes, context: context.size(operation.length))


def _named(node: Tensor, once: Once) -> Form:
    return Form(node.inputs, lambda codes, context: codes[0], shares=True)


FORMS: dict[type[Operation], Callable[[Tensor, Once], Form]] = {
    Constant: _constant,
    Iota: _iota,
    SizeValue: _size_value,
    Elementwise: lambda node, once: mean_form(node, once) or triangle_form(node, once) or elementwise_form(node, once),
    Cast: cast_form,
    Contraction: contraction_form,
    Reduction: reduction_form,
    Normalization: normalization_form,
    LinearRecurrence: recurrence_form,
    Named: _named,
    Transpose: transpose_form,
    Reshape: lambda node, once: picked_form(node, once) or vector_solution_form(node, once) or reshape_form(node, once),
    BroadcastTo: broadcast_form,
    Slice: slice_form,
    Embed: embed_form,
    Concatenate: concatenate_form,
    Diagonal: diagonal_form,
    EmbedDiagonal: embed_diagonal_form,
    Windows: windows_form,
    OverlapAdd: overlap_add_form,
    Gather: gather_form,
    ScatterAdd: scatter_add_form,
    TakeAlongAxis: take_along_axis_form,
    ScatterAlongAxis: scatter_along_axis_form,
    Inverse: inverse_form,
    Determinant: determinant_form,
    Cholesky: cholesky_form,
    Solve: solve_form,
    TriangularSolve: solve_form,
}
"""Variables are not in it: they are the arguments."""

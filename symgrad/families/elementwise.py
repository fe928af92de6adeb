"""Elementwise operations: a scalar function applied entry by entry, with NumPy's broadcasting and promotion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from symgrad.dtypes import BOOL, FLOAT64, Dtype, Kind, as_dtype, is_float, kind_of, promote, promote_to_float
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.leaf import as_tensor, constant_number, sympy_number
from symgrad.functions import FUNCTIONS, Function
from symgrad.shapes import Shape, as_size, broadcast_shapes
from symgrad.tensor import LinearOperation, Operation, Tensor, make

_BOOL_RESULT = frozenset({"comparison", "logical", "predicate"})
# What NumPy refuses, or answers in int8.
_NO_BOOL = frozenset({"subtract", "negative", "sign", "square", "power", "remainder", "floor_divide", "fmod"})


@dataclass(frozen=True)
class Elementwise(Operation):
    """`function` at every entry of the broadcast inputs, which all have the dtype the function computes in."""

    function: Function

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        shape = inputs[0].shape
        for tensor in inputs:
            if tensor.shape != shape:
                shape = self._broadcast(inputs)
                break
        return shape, BOOL if self.function.signature in _BOOL_RESULT else inputs[-1].dtype

    def _broadcast(self, inputs: tuple[Tensor, ...]) -> Shape:
        try:
            return broadcast_shapes(*[tensor.shape for tensor in inputs])
        except ShapeError as error:
            raise ShapeError(f"{self.function.name}: {error}") from None

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        function = self.function
        result: list[Tensor | None] = []
        for i, x in enumerate(node.inputs):
            if not is_float(x.dtype) or function.product_programs[i] is None:
                result.append(None)
            elif guarded and not function.has_fixed_slopes[i]:
                result.append(apply("multiply_no_nan", _slope(node, i), g))
            else:
                result.append(_times_slope(node, i, g))
        return result

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        function = self.function
        if function.signature == "select":
            if tangents[1] is None and tangents[2] is None:
                return None
            return apply(function, node.inputs[0], *[0 if tangent is None else tangent for tangent in tangents[1:]])
        total: Tensor | None = None
        for i, tangent in enumerate(tangents):
            if tangent is None or function.product_programs[i] is None:
                continue
            if function.name == "multiply_no_nan" and i == 0:
                term = apply(function, tangent, node.inputs[1])  # zero wins over the tangent as over the value
            else:
                term = _times_slope(node, i, tangent)
            total = term if total is None else apply("add", total, term)
        return total


def _times_slope(node: Tensor, i: int, factor: Tensor) -> Tensor:
    """Return `factor` times the partial derivative of `node` by its input i."""
    if constant_number(factor) == 1:
        # More than a shortcut: a product with one, made here and taken out later, has all that follows built twice.
        return _slope(node, i)
    program = node.operation.function.product_programs[i]  # type: ignore[attr-defined]
    return as_tensor(program.run(apply, (*node.inputs, node, factor)), node.dtype)


def _slope(node: Tensor, i: int) -> Tensor:
    """Return the partial derivative of `node` by its input i, which is not zero."""
    program = node.operation.function.derivative_programs[i]  # type: ignore[attr-defined]
    return as_tensor(program.run(apply, (*node.inputs, node)), node.dtype)


@dataclass(frozen=True)
class Cast(LinearOperation):
    """The same values in another dtype."""

    dtype: Dtype

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        return inputs[0].shape, self.dtype

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        return (cast(g, node.inputs[0].dtype),) if is_float(node.inputs[0].dtype) else (None,)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return super().push_forward(node, tangents) if is_float(self.dtype) else None


def cast(x: Any, dtype: Any) -> Tensor:
    """Return `x` converted to `dtype`, as NumPy's astype does."""
    target = as_dtype(dtype, "a cast")
    tensor = as_tensor(x, target)
    return tensor if tensor.dtype == target else make(Cast(target), (tensor,))


def apply(function: Function | str, *operands: Any) -> Tensor:
    """Return `function` applied entry by entry to tensors, arrays and numbers.

    Shapes broadcast and dtypes promote as in NumPy 2: Python numbers take the dtype of the tensors they meet.
    """
    if isinstance(function, str):
        function = FUNCTIONS[function]
    if len(operands) != function.arity:
        raise GraphError(f"{function.name} takes {function.arity} arguments, not {len(operands)}")
    if _need_no_conversion(function, operands):
        return make(_operation(function), operands)
    values = [value if isinstance(value, Tensor) else _operand(value, function.name) for value in operands]
    chosen = values[1:] if function.signature == "select" else values
    dtype = _computing_dtype(function, *[kind_of(value) for value in chosen])
    inputs = [value if isinstance(value, Tensor) and value.dtype is dtype else cast(value, dtype) for value in chosen]
    if function.signature == "select":
        inputs.insert(0, _as_bool(values[0]))
    return make(_operation(function), tuple(inputs))


def _need_no_conversion(function: Function, operands: tuple[Any, ...]) -> bool:
    """Return whether all operands are tensors of one floating dtype, and the function computes in it: the fast path."""
    if function.signature in ("logical", "select") or not isinstance(operands[0], Tensor):
        return False
    dtype = operands[0].dtype
    for operand in operands:
        if not isinstance(operand, Tensor) or operand.dtype is not dtype:
            return False
    return dtype.kind == "f"


def _operand(value: Any, name: str) -> Any:
    """Return a tensor; or a Python number or a run-time size, to be given the dtype of what it meets."""
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return value
    try:
        if isinstance(value, sympy.Expr):
            return sympy_number(value) if value.is_number else as_size(value)
        return as_tensor(value)
    except (DtypeError, ShapeError) as error:
        raise type(error)(f"{name}: {error}") from None


def function_name(x: Tensor) -> str:
    """Return the name of the scalar function that a node applies; nothing for any other node."""
    return x.operation.function.name if isinstance(x.operation, Elementwise) else ""


_operation = lru_cache(maxsize=1024)(Elementwise)


@lru_cache(maxsize=4096)
def _computing_dtype(function: Function, *kinds: Kind) -> Dtype:
    """Return the dtype that operands of these kinds are converted to."""
    common = promote(*kinds)
    if function.signature == "predicate":
        return common if is_float(common) else FLOAT64
    if function.signature == "logical":
        return BOOL
    if function.name == "reciprocal" and not is_float(common):
        raise DtypeError(f"reciprocal of a {common.name} tensor: NumPy would round 1 / x to whole numbers; write 1 / x")
    if common == BOOL and function.name in _NO_BOOL:
        raise DtypeError(f"{function.name} is not defined for bool tensors; cast to a number first")
    if function.name == "divide" and common == BOOL:
        return FLOAT64
    return promote_to_float(common, function.name) if function.signature == "float" else common


def _as_bool(value: Any) -> Tensor:
    tensor = as_tensor(value)
    return tensor if tensor.dtype == BOOL else apply("not_equal", tensor, 0)

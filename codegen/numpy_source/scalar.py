"""Elementwise operations: operators where Python has them, NumPy's and SciPy's functions, helpers for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from codegen.numpy_source.code import OPERATORS, Code, call, infix, method, prefix
from codegen.numpy_source.form import Context, Form, Once
from codegen.numpy_source.literals import as_float, dtype_text, number_code
from symgrad.dtypes import Dtype
from symgrad.evaluate import numpy_function, scalar_function
from symgrad.families.elementwise import Cast
from symgrad.families.leaf import SizeValue, constant_number
from symgrad.functions import FUNCTIONS, Function
from symgrad.functions.program import Literal, ScalarProgram
from symgrad.tensor import Tensor

Kind = Dtype | type[bool] | type[int] | type[float]
"""What an operand is for NumPy's promotion: an array of a dtype, or a Python number."""

WRITTEN_HERE = frozenset({"sigmoid"})
"""Functions with a helper of their own, which spares the import of SciPy."""


def elementwise_form(node: Tensor, once: Once) -> Form:
    """Return the form of a scalar function; casts that NumPy's promotion makes by itself are left out."""
    function: Function = node.operation.function  # type: ignore[attr-defined]
    operands, kinds = _operands(node, function)
    literals = frozenset(i for i, kind in enumerate(kinds) if isinstance(kind, type))
    fits = _promotes(function, kinds, node.inputs[-1].dtype, node.dtype)

    def write(codes: Sequence[Code], context: Context) -> Code:
        written = [as_float(code) if kind is float else code for code, kind in zip(codes, kinds, strict=True)]
        result = apply_code(function, written, context)
        return result if fits else method(result, "astype", dtype_text(node.dtype))

    return Form(operands, write, literals)


def _operands(node: Tensor, function: Function) -> tuple[tuple[Tensor, ...], tuple[Kind, ...]]:
    """Return what stands for the inputs in the source, and what they are there.

    Python numbers stay numbers if NumPy then computes in the dtype it should, if need be as floats; else as many of
    them as it takes get their dtype.
    """
    computing, result = node.inputs[-1].dtype, node.dtype
    bare = tuple(map(_without_cast, node.inputs)) if _casts_by_itself(function) else node.inputs
    changed = [i for i, x in enumerate(bare) if x is not node.inputs[i]]
    attempts = [(bare, tuple(map(_kind, bare)))] if changed else []
    if len(changed) > 1:
        for i in changed:
            operands = tuple(bare[j] if j == i else x for j, x in enumerate(node.inputs))
            attempts.append((operands, tuple(map(_kind, operands))))
    kinds = [_kind(x) for x in node.inputs]
    attempts.append((node.inputs, tuple(kinds)))
    attempts.append((node.inputs, tuple(float if kind is int else kind for kind in kinds)))
    for i, x in enumerate(node.inputs):
        kinds[i] = x.dtype
        attempts.append((node.inputs, tuple(kinds)))
    for operands, given in attempts:
        meets_an_array = not all(isinstance(kind, type) for kind in given)
        if meets_an_array and _promotes(function, given, computing, result):
            return operands, given
    return attempts[-1]


def _casts_by_itself(function: Function) -> bool:
    """Return whether NumPy does the work, and so converts what it is given.

    Helpers need not do so, and what is & between bools is another thing between numbers.
    """
    return function.numpy is not None and function.signature != "logical" and function.name not in WRITTEN_HERE


def _without_cast(x: Tensor) -> Tensor:
    return x.inputs[0] if isinstance(x.operation, Cast) and not is_size(x) else x


def is_size(x: Tensor) -> bool:
    """Return whether `x` is a run-time size, which in Python is an int."""
    if isinstance(x.operation, Cast):
        (x,) = x.inputs
    return isinstance(x.operation, SizeValue)


def _kind(x: Tensor) -> Kind:
    if is_size(x):
        return int
    value = constant_number(x)
    return x.dtype if value is None else type(value)


@cache
def _promotes(function: Function, kinds: tuple[Kind, ...], computing: Dtype, result: Dtype) -> bool:
    """Return whether NumPy computes `function` of operands of these kinds in `computing` and gives `result`."""
    samples = [kind(1) if isinstance(kind, type) else np.ones((), kind) for kind in kinds]
    ufunc: Any = None if function.numpy is None else numpy_function(function.numpy)
    if isinstance(ufunc, np.ufunc):
        weak = [np.dtype(bool) if kind is bool else kind for kind in kinds]
        try:
            loop = ufunc.resolve_dtypes((*weak, *[None] * ufunc.nout))  # type: ignore[arg-type]
        except TypeError:
            return False
        return all(dtype == computing for dtype in loop[: ufunc.nin]) and loop[-1] == result
    with np.errstate(all="ignore"):
        return np.asarray(scalar_function(function, *samples)).dtype == result


def apply_code(function: Function, operands: Sequence[Code], context: Context) -> Code:
    """Return a scalar function of operands."""
    name = function.name
    known = FUNCTIONS.get(name) is function
    if known and name in OPERATORS:
        return infix(name, operands[0], operands[1])
    if known and name in _SPECIAL:
        return _SPECIAL[name](operands)
    if known and name in WRITTEN_HERE:
        return call(context.helper(name), *operands)
    if function.numpy is not None:
        path = "np.abs" if function.numpy == "np.absolute" else function.numpy
        return call(path if path.startswith("np.") else context.imported(path), *operands)
    body = function.body
    if body is not None and len(body.steps) == 1:
        return program_codes(body, operands, context)[-1]
    return call(context.function(function), *operands)


_SPECIAL = {
    "negative": lambda operands: prefix("-", operands[0]),
    "logical_not": lambda operands: prefix("~", operands[0]),
    "square": lambda operands: infix("power", operands[0], Code("2", literal=int)),
    "reciprocal": lambda operands: infix("divide", Code("1", literal=int), operands[0]),
}


def program_codes(program: ScalarProgram, operands: Sequence[Code], context: Context) -> list[Code]:
    """Return the texts of the operands and of each step of a program, every step with its operands written into it."""
    codes = list(operands)
    for name, positions in program.steps:
        codes.append(apply_code(FUNCTIONS[name], [operand_code(p, codes) for p in positions], context))
    return codes


def operand_code(operand: Any, codes: Sequence[Code]) -> Code:
    """Return the text of an operand of a program's step."""
    if not isinstance(operand, Literal):
        return codes[operand]
    value = operand.value
    return number_code(value, np.result_type(type(value)))


def cast_form(node: Tensor, once: Once) -> Form:
    """Return the form of a cast: a method call, or nothing for a size that NumPy casts by itself."""
    (x,) = node.inputs
    if is_size(node):
        size = x.operation.length  # type: ignore[attr-defined]
        return Form((), lambda codes, context: context.size(size))
    return Form((x,), lambda codes, context: method(codes[0], "astype", dtype_text(node.dtype)))

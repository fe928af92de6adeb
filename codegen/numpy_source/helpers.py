"""Helper functions that generated modules carry with them: fixed ones, and scalar functions written out."""

from __future__ import annotations

import sympy

from codegen.numpy_source.code import Code
from codegen.numpy_source.form import Context
from codegen.numpy_source.names import Names
from codegen.numpy_source.scalar import apply_code, operand_code
from symgrad.functions import FUNCTIONS, Function
from symgrad.functions.program import Literal

_LONGEST_STEP = 70

HELPERS = {
    "sigmoid": '''
def {name}(x):
    """Return 1 / (1 + exp(-x)); exp is taken of -|x|, so that it cannot overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
''',
    "logsumexp": '''
def {name}(x, axis=None, keepdims=False):
    """Return log(sum(exp(x))), computed without overflow."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)  # x - top would be NaN
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)
''',
    "softmax": '''
def {name}(x, axis=-1):
    """Return exp(x) / sum(exp(x)), computed without overflow."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    e = np.exp(x - np.where(np.isfinite(top), top, 0))
    return e / np.sum(e, axis=axis, keepdims=True)
''',
    "log_softmax": '''
def {name}(x, axis=-1):
    """Return log(softmax(x)), computed without overflow."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    shifted = x - np.where(np.isfinite(top), top, 0)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
''',
    "scatter_add": '''
def {name}(values, places, shape):
    """Return zeros of a shape with values added at places, some of which may be the same."""
    result = np.zeros(shape, values.dtype)
    np.add.at(result, places, values)
    return result
''',
    "scatter_along_axis": '''
def {name}(values, indices, axis, size):
    """Return zeros with values added where np.take_along_axis takes from."""
    shape = list(values.shape)
    shape[axis] = size
    places = list(np.indices(values.shape, sparse=True))
    places[axis] = np.broadcast_to(indices, values.shape)
    result = np.zeros(shape, values.dtype)
    np.add.at(result, tuple(places), values)
    return result
''',
    "linear_recurrence": '''
def {name}(a, b, axis, reverse=False):
    """Return h with h[i] = a[i] * h[i - 1] + b[i] along an axis, from either end."""
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    result = np.empty_like(b)
    h = np.zeros(b.shape[1:], b.dtype)
    for i in reversed(range(len(b))) if reverse else range(len(b)):
        result[i] = h = a[i] * h + b[i]
    return np.moveaxis(result, 0, axis)
''',
    "solve_triangular": '''
def {name}(a, b, lower, transposed=False):
    """Return x with a @ x = b (transposed: a.mT @ x = b); only one triangle of a is read."""
    a = np.tril(a) if lower else np.triu(a)
    a = a.mT if transposed else a
    if lower == transposed:
        return np.linalg.solve(a, b)
    # Turned round it is an upper triangle: no elimination, the last unknown first.
    return np.linalg.solve(a[..., ::-1, ::-1], b[..., ::-1, :])[..., ::-1, :]
''',
    "overlap_add": '''
def {name}(x, shape, axes, strides, dilations):
    """Return zeros with windows, whose places are the last axes of x, added along axes."""
    result = np.zeros(shape, x.dtype)
    for offsets in np.ndindex(x.shape[len(shape):]):
        places = [slice(None)] * len(shape)
        for axis, offset, stride, dilation in zip(axes, offsets, strides, dilations):
            start = offset * dilation
            places[axis] = slice(start, start + stride * x.shape[axis], stride)
        result[tuple(places)] += x[(..., *offsets)]
    return result
''',
    "embed": '''
def {name}(x, window, shape):
    """Return zeros of a shape with x in a window of it."""
    result = np.zeros(shape, x.dtype)
    result[window] = x
    return result
''',
    "embed_diagonal": '''
def {name}(x):
    """Return matrices with the last axis of x on their diagonal."""
    n = x.shape[-1]
    result = np.zeros((*x.shape, n), x.dtype)
    result[..., np.arange(n), np.arange(n)] = x
    return result
''',
}
"""The fixed helpers, by name."""


def helper_source(key: str, name: str) -> str:
    """Return the definition of a fixed helper under a name."""
    return HELPERS[key].strip().format(name=name)


def function_source(function: Function, name: str, context: Context, taken: set[str]) -> str:
    """Return a Python function that computes a scalar function by the program of its body.

    Steps used once are written into the step that uses them.
    """
    body = function.body
    assert body is not None
    # What the body calls is named first: a parameter must not hide it.
    used = [FUNCTIONS[step] for step, _ in body.steps]
    for callee in used:
        apply_code(callee, [Code("x")] * callee.arity, context)
    names = Names({*taken, *FUNCTIONS})
    parameters = [names.claim(parameter) for parameter in function.parameters]
    codes = [Code(parameter) for parameter in parameters]
    uses = [0] * (body.arity + len(body.steps))
    for _, operands in body.steps:
        for operand in operands:
            if not isinstance(operand, Literal):
                uses[operand] += 1
    lines: list[str] = []
    for number, (step, operands) in enumerate(body.steps, body.arity):
        code = apply_code(FUNCTIONS[step], [operand_code(operand, codes) for operand in operands], context)
        last = number == len(uses) - 1
        if not last and (uses[number] > 1 or len(code.text) > _LONGEST_STEP):
            lines.append(f"    {(variable := names.numbered('t'))} = {code.text}")
            code = Code(variable)
        codes.append(code)
    result = operand_code(body.result, codes)
    return "\n".join(
        [f"def {name}({', '.join(parameters)}):", f"    {_docstring(function)}", *lines, f"    return {result.text}"]
    )


def _docstring(function: Function) -> str:
    formula = str(function.expression)
    if function.expression.has(sympy.Piecewise) or len(formula) > _LONGEST_STEP:
        formula = f"{function.name}({', '.join(function.parameters)})"
    return f'"""Return {formula}, entry by entry."""'

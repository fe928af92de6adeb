"""Loop nests run by a plain interpreter, one statement and one NumPy scalar after another: the meaning of kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.special

from codegen.kernels.loop_nest import Constant, Fail, Let, Load, Loop, LoopNest, Operand, Statement, Store

_NOT_IN_NUMPY: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(scipy.special, name) for name in ("erf", "erfc", "erfinv", "gammaln", "digamma")},
    "trigamma": lambda x: scipy.special.polygamma(1, x),
    "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.logaddexp(x, x.dtype.type(0)),
}


class _Failed(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


def apply(function: str, dtype: str, operands: Sequence[np.generic]) -> np.generic:
    """Apply a scalar function to NumPy scalars."""
    with np.errstate(all="ignore"):
        if function == "cast":
            return operands[0].astype(dtype)
        if function in _NOT_IN_NUMPY:
            return np.asarray(_NOT_IN_NUMPY[function](*operands)).astype(dtype)[()]
        result = np.asarray(getattr(np, function)(*operands))
    assert result.dtype == dtype, f"{function} gives {result.dtype}, not {dtype}"
    return result[()]


def interpret(nest: LoopNest, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> int:
    """Run a kernel on arrays, which it overwrites where the kernel stores, and return what the kernel returns."""
    scalars = {name: np.int64(size) for name, size in sizes.items()}
    try:
        _run(nest.body, scalars, arrays)
    except _Failed as failed:
        return failed.code
    return 0


def _run(statements: Sequence[Statement], scalars: dict[str, np.generic], arrays: Mapping[str, np.ndarray]) -> None:
    def value(operand: Operand) -> np.generic:
        return np.int64(operand) if isinstance(operand, int) else scalars[operand]

    def position(indices: Sequence[Operand], array: np.ndarray) -> tuple[int, ...]:
        found = tuple(int(value(index)) for index in indices)
        assert all(0 <= index < size for index, size in zip(found, array.shape, strict=True)), f"{found} out of range"
        return found

    for statement in statements:
        match statement:
            case Constant(result, dtype, number):
                with np.errstate(over="ignore"):
                    scalars[result] = np.dtype(dtype).type(number)
            case Let(result, dtype, function, operands):
                scalars[result] = apply(function, dtype, [value(operand) for operand in operands])
            case Load(result, buffer, indices, condition):
                array = arrays[buffer]
                there = condition is None or scalars[condition]
                scalars[result] = array[position(indices, array)] if there else array.dtype.type(0)
            case Store(buffer, indices, name):
                arrays[buffer][position(indices, arrays[buffer])] = scalars[name]
            case Fail(condition, code):
                if scalars[condition]:
                    raise _Failed(code)
            case Loop(variable, extent, body, carried):
                state = [value(item.initial) for item in carried]
                for turn in range(int(value(extent))):
                    scalars[variable] = np.int64(turn)
                    scalars.update(zip((item.name for item in carried), state, strict=True))
                    _run(body, scalars, arrays)
                    state = [value(item.next) for item in carried]
                scalars.update(zip((item.result for item in carried), state, strict=True))

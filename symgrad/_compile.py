"""The door to code generation: the only place where symgrad uses codegen, and only when something is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optree
import sympy

from symgrad.errors import BindingError, DtypeError, GraphError, ShapeError
from symgrad.families.leaf import SizeValue, Variable, symbols_of
from symgrad.graph import topological_order
from symgrad.shapes import format_shape, same_shape
from symgrad.tensor import Tensor

_BACKENDS = ("llvm", "numpy")


def compile(inputs: Any, outputs: Any, updates: Mapping[Tensor, Any] | None = None, backend: str = "llvm") -> Any:
    """Compile expressions to a function of arrays.

    Parameters
    ----------
    inputs: a list of variables, or of nestings (dicts, lists, tuples) of variables: each is one argument.
    outputs: a tensor or any nesting of tensors; a call returns this nesting with arrays.
    updates: new values of some of the inputs, as {W: W - lr * dW}; a call overwrites the caller's arrays in place. All
        new values are computed from the old ones.
    backend: "llvm" for machine code, "numpy" for generated NumPy source.

    Raises BindingError if an output needs a variable or a run-time size that no input gives, or an input is no variable
    or given twice; GraphError, DtypeError or ShapeError for outputs and updates that are not tensors or do not fit.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,))
    >>> f = compile([x], [sg.sum(x), 2.0 * x])
    >>> f([1.0, 2.0, 3.0])
    [array(6.), array([2., 4., 6.])]
    """
    if backend not in _BACKENDS:
        raise GraphError(f'the back end must be "llvm" or "numpy", not {backend!r}')
    if isinstance(inputs, Tensor):
        inputs = [inputs]
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        raise BindingError(
            f"the inputs must be a list of variables (or of nestings of variables), not {type(inputs).__name__}"
        )
    if not isinstance(updates, Mapping | None):
        raise GraphError(f"updates must be a dict {{variable: new value}}, not {type(updates).__name__}")
    variables = _input_variables(_leaves(list(inputs)))
    results = _leaves(outputs)
    for result in results:
        if not isinstance(result, Tensor):
            raise GraphError(f"an output must be a symbolic tensor, not {type(result).__name__}: {result!r}")
    new_values = dict(updates or {})
    for variable, value in new_values.items():
        _check_update(variable, value, variables)
    _check_leaves(variables, [*results, *new_values.values()])
    if backend == "numpy":
        from codegen.numpy_function import NumpyFunction

        return NumpyFunction(inputs, outputs, new_values)
    from codegen.function import Function

    return Function(inputs, outputs, new_values)


def _leaves(nesting: Any) -> list[Any]:
    return optree.tree_leaves(nesting, none_is_leaf=True)


def set_threads(count: int | None = None) -> None:
    """Let compiled functions use `count` threads, the caller's among them; None means one for each core.

    What a function returns does not depend on it, to the last bit. A process starts with one for each core, or with
    what the environment variable ``SYMGRAD_NUM_THREADS`` says. Raises SymgradError for what is not a number from 1 to
    256.

    >>> set_threads(2)
    >>> get_threads()
    2
    >>> set_threads()
    """
    from codegen import threads

    threads.set_threads(count)


def get_threads() -> int:
    """Return how many threads compiled functions use at most."""
    from codegen import threads

    return threads.get_threads()


def _input_variables(inputs: list[Any]) -> dict[Tensor, Variable]:
    """Return the variables among the inputs, which must all be variables, and different ones."""
    result: dict[Tensor, Variable] = {}
    for tensor in inputs:
        if not isinstance(tensor, Tensor) or not isinstance(tensor.operation, Variable):
            raise BindingError(f"an input must be a variable made by sg.variable, not {tensor!r}")
        if tensor in result:
            raise BindingError(f"variable {tensor.operation.name!r} is given twice as an input")
        result[tensor] = tensor.operation
    return result


def _check_update(variable: Any, value: Any, variables: Mapping[Tensor, Variable]) -> None:
    if variable not in variables:
        raise BindingError(f"only inputs can be updated; {variable!r} is not one")
    name = f"variable {variables[variable].name!r}"
    if not isinstance(value, Tensor):
        raise GraphError(f"the new value of {name} must be a symbolic tensor, not {type(value).__name__}: {value!r}")
    if value.dtype != variable.dtype:
        raise DtypeError(f"{name} is {variable.dtype.name} and cannot be updated with {value.dtype.name}")
    if not same_shape(value.shape, variable.shape):
        given, wanted = format_shape(value.shape), format_shape(variable.shape)
        raise ShapeError(f"{name} has shape {wanted} and cannot be updated with a value of shape {given}")


def _check_leaves(variables: Mapping[Tensor, Variable], ends: Sequence[Tensor]) -> None:
    """Check that the inputs give every variable and every run-time size that a graph needs."""
    order = topological_order(ends)
    missing = [
        repr(node.operation.name) for node in order if isinstance(node.operation, Variable) and node not in variables
    ]
    if missing:
        raise BindingError(f"the outputs need variables that are not inputs: {', '.join(missing)}")
    known = _known_sizes(variables)
    for node in order:
        shape = (node.operation.length,) if isinstance(node.operation, SizeValue) else node.shape
        unknown = sorted(map(str, symbols_of(shape) - known))
        if unknown:
            raise BindingError(f"the size {unknown[0]} in {node!r} cannot be known: no input determines it")


def _known_sizes(variables: Mapping[Tensor, Variable]) -> set[sympy.Symbol]:
    """Return the run-time sizes that follow from the inputs' shapes: alone, or where all others in a size are known."""
    known: set[sympy.Symbol] = set()
    pending = [symbols_of((size,)) for variable in variables for size in variable.shape]
    while True:
        found = {symbol for symbols in pending if len(symbols - known) == 1 for symbol in symbols - known}
        if not found:
            return known
        known |= found

"""The door to code generation: the only place where symgrad uses codegen, and only when something is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optree

from symgrad.errors import BindingError, DtypeError, GraphError, ShapeError
from symgrad.families.leaf import Variable, symbols_of, variables_of
from symgrad.graph import topological_order
from symgrad.shapes import format_shape, same_shape
from symgrad.tensor import Tensor


def compile(inputs: Any, outputs: Any, updates: Mapping[Tensor, Any] | None = None, backend: str = "llvm") -> Any:
    """Compile expressions to a function of arrays.

    Parameters
    ----------
    inputs: a list of variables, or of nestings (dicts, lists, tuples) of variables: each is one argument of the
        function.
    outputs: a tensor or any nesting of tensors; a call returns this nesting with arrays.
    updates: new values of some of the inputs, as {W: W - lr * dW}; a call overwrites the caller's arrays in place.
    backend: "llvm" for machine code, "numpy" for generated NumPy source.

    Raises BindingError if an output needs a variable that is not an input.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,))
    >>> f = compile([x], [sg.sum(x), 2.0 * x])
    >>> f([1.0, 2.0, 3.0])
    [array(6.), array([2., 4., 6.])]
    """
    if isinstance(inputs, Tensor):
        inputs = [inputs]
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        raise BindingError(
            f"the inputs must be a list of variables (or of nestings of variables), not {type(inputs).__name__}"
        )
    updates = dict(updates or {})
    variables = optree.tree_leaves(list(inputs), none_is_leaf=True)
    results = optree.tree_leaves(outputs, none_is_leaf=True)
    _check_inputs(variables)
    for result in results:
        if not isinstance(result, Tensor):
            raise GraphError(f"an output must be a symbolic tensor, not {type(result).__name__}: {result!r}")
    _check_updates(updates, variables)
    _check_leaves(variables, [*results, *updates.values()])
    if backend == "llvm":
        from codegen.function import Function

        return Function(inputs, outputs, updates)
    if backend == "numpy":
        from codegen.numpy_function import NumpyFunction

        return NumpyFunction(inputs, outputs, updates)
    raise GraphError(f'the back end must be "llvm" or "numpy", not {backend!r}')


def _check_inputs(variables: list[Any]) -> None:
    for i, variable in enumerate(variables):
        if not isinstance(variable, Tensor) or not isinstance(variable.operation, Variable):
            raise BindingError(f"an input must be a variable made by sg.variable, not {variable!r}")
        if variable in variables[:i]:
            raise BindingError(f"variable {variable.operation.name!r} is given twice as an input")


def _check_updates(updates: Mapping[Any, Any], variables: list[Any]) -> None:
    for variable, value in updates.items():
        if variable not in variables:
            raise BindingError(f"only inputs can be updated; {variable!r} is not one")
        if not isinstance(value, Tensor):
            raise GraphError(f"the new value of {variable!r} must be a symbolic tensor, not {value!r}")
        if value.dtype != variable.dtype:
            raise DtypeError(f"{variable!r} is {variable.dtype.name} and cannot be updated with {value.dtype.name}")
        if not same_shape(value.shape, variable.shape):
            raise ShapeError(f"{variable!r} cannot be updated with a value of shape {format_shape(value.shape)}")


def _check_leaves(variables: list[Tensor], ends: list[Tensor]) -> None:
    order = topological_order(ends)
    missing = [node for node in variables_of(order) if node not in variables]
    if missing:
        names = ", ".join(repr(node.operation.name) for node in missing)  # type: ignore[attr-defined]
        raise BindingError(f"the outputs need variables that are not inputs: {names}")
    known = set().union(*(symbols_of(variable.shape) for variable in variables)) if variables else set()
    plain = {size for variable in variables for size in variable.shape if not isinstance(size, int) and size.is_Symbol}
    for node in order:
        unknown = symbols_of(node.shape) - plain
        if unknown:
            name = sorted(map(str, unknown))[0]
            where = "no input has it as a size of its own" if name in map(str, known) else "no input has it"
            raise BindingError(f"the size {name} in {node!r} cannot be known: {where}")

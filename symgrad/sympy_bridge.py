"""SymPy and tensors: expressions become graphs, graphs become expressions, and users define scalar functions."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, cast

import sympy

from symgrad.dtypes import BOOL, is_float
from symgrad.errors import GradientError, GraphError
from symgrad.families.elementwise import Cast, Elementwise, apply
from symgrad.families.layout import BroadcastTo, Named, Reshape
from symgrad.families.leaf import Constant, SizeValue, Variable, as_tensor
from symgrad.functions import FUNCTIONS, Function
from symgrad.functions.program import compile_expression
from symgrad.graph import topological_order
from symgrad.tensor import Tensor


def from_sympy(expr: Any, tensors: Mapping[sympy.Symbol, Any]) -> Tensor:
    """Return a scalar SymPy expression as a tensor, applied entry by entry.

    Parameters
    ----------
    expr: an expression of numbers, symbols, arithmetic, Piecewise, relations and functions that symgrad has too.
    tensors: a tensor (or an array, or a number) for each symbol. Shapes broadcast.

    Raises GraphError for symbols without a tensor and for what has no counterpart here: sums, integrals, matrices.

    >>> import symgrad as sg
    >>> s, x = sympy.Symbol("s"), sg.variable("x", (3,))
    >>> from_sympy(s * sympy.exp(-s), {s: x})
    <x * exp(-x): float64 (3,)>
    """
    expression = _scalar(expr)
    missing = sorted(str(symbol) for symbol in expression.free_symbols if symbol not in tensors)
    if missing:
        raise GraphError(f"no tensor given for {', '.join(missing)} in {expression}")
    symbols = [symbol for symbol in tensors if symbol in expression.free_symbols]
    program = _compiled(expression, symbols)
    return as_tensor(program.run(apply, [as_tensor(tensors[symbol]) for symbol in symbols]))


def _scalar(expr: Any) -> Any:
    """Return a SymPy expression of one number, or refuse it."""
    expression = sympy.sympify(expr)
    if not isinstance(expression, (sympy.Expr, sympy.logic.boolalg.Boolean)) or getattr(expression, "is_Matrix", False):
        raise GraphError(f"a scalar SymPy expression is needed, not {type(expression).__name__}: {expression}")
    return expression


def _compiled(expression: Any, symbols: Sequence[sympy.Symbol]) -> Any:
    try:
        return compile_expression(expression, symbols)
    except GraphError as error:
        raise GraphError(
            f"{error}; known are arithmetic, Piecewise, relations and the functions of sg.* that SymPy has too"
        ) from None


def to_sympy(tensor: Tensor) -> Any:
    """Return a graph of elementwise functions as a scalar SymPy expression: what happens to one entry.

    Every variable becomes one real symbol of its name, whatever its shape.

    Raises GraphError if an entry depends on more than the entries at its own place (sums, products of matrices,
    indexing), or on constant arrays.

    >>> import symgrad as sg
    >>> x = sg.variable("x", (3,))
    >>> to_sympy(sg.exp(-x) * x)
    x*exp(-x)
    """
    if not isinstance(tensor, Tensor):
        raise GraphError(f"a symbolic tensor is needed, not {type(tensor).__name__}")
    found: dict[Tensor, Any] = {}
    names: dict[str, Tensor] = {}
    for node in topological_order([tensor]):
        operation = node.operation
        if isinstance(operation, Variable):
            if names.setdefault(operation.name, node) is not node:
                raise GraphError(f"two variables are called {operation.name!r}: one symbol cannot stand for both")
            found[node] = sympy.Symbol(operation.name, real=True)
        else:
            found[node] = _entry(node, [found[x] for x in node.inputs])
    return found[tensor]


def _entry(node: Tensor, inputs: list[Any]) -> Any:
    """Return one entry of a node, given one of each input."""
    operation = node.operation
    if isinstance(operation, Elementwise):
        return _applied(operation.function, node, inputs)
    if isinstance(operation, Constant) and operation.is_number:
        return sympy.sympify(operation.value)
    if isinstance(operation, SizeValue):
        return sympy.sympify(operation.length)
    if isinstance(operation, Cast) and is_float(operation.dtype):
        return sympy.Piecewise((1, inputs[0]), (0, True)) if node.inputs[0].dtype == BOOL else inputs[0]
    if isinstance(operation, (Named, BroadcastTo)) or (isinstance(operation, Reshape) and _adds_leading_axes(node)):
        return inputs[0]
    raise GraphError(
        f"{node!r} is not an elementwise function of variables and numbers: as a scalar expression it has no meaning"
    )


def _adds_leading_axes(node: Tensor) -> bool:
    shape = node.inputs[0].shape
    return node.shape == (1,) * (node.ndim - len(shape)) + shape


_LOGIC: dict[str, Callable[..., Any]] = {
    "logical_and": sympy.And,
    "logical_or": sympy.Or,
    "logical_xor": sympy.Xor,
    "logical_not": sympy.Not,
}


def _applied(function: Function, node: Tensor, inputs: list[Any]) -> Any:
    if function.name in _LOGIC:
        return _LOGIC[function.name](*inputs)
    if any(x.dtype == BOOL for x in node.inputs[1 if function.signature == "select" else 0 :]):
        raise GraphError(f"{node!r} counts with truth values: SymPy does not")
    return _in_sympys_terms(function).xreplace(dict(zip(function.symbols, inputs, strict=True)))


@cache
def _in_sympys_terms(function: Function) -> Any:
    """Return the definition of a function without functions that SymPy does not have."""
    expression = function.expression
    while heads := [term for term in expression.atoms(sympy.Function) if hasattr(type(term), "symgrad_name")]:
        inner = FUNCTIONS[type(heads[0]).symgrad_name]  # type: ignore[attr-defined]
        definition = inner.expression.xreplace(dict(zip(inner.symbols, heads[0].args, strict=True)))
        expression = expression.xreplace({heads[0]: definition})
    return expression


class ScalarFunction(Protocol):
    """What `sg.elementwise` returns: a builder of tensors, with the function it applies."""

    function: Function

    def __call__(self, *operands: Any) -> Tensor:
        """Return the function of tensors, arrays and numbers, entry by entry."""
        ...


def elementwise(
    name: str,
    expression: Callable[..., Any],
    *,
    derivatives: Callable[..., Sequence[Any]] | None = None,
    value: Callable[..., Any] | None = None,
    domain: Sequence[tuple[float, float]] = (),
    kinks: Callable[..., Sequence[Any]] | None = None,
) -> ScalarFunction:
    """Define a function of your own, applied entry by entry: its gradient, kernels and formulas follow from SymPy.

    Parameters
    ----------
    name: how formulas and messages call it; an identifier that no function here has yet.
    expression: a function from SymPy symbols, one an argument, to the expression.
    derivatives: its partial derivatives, as a function of the symbols and, last, the result; by default SymPy's.
    value: an expression to compute it by, where the definition overflows or cancels.
    domain: for each argument an interval to draw test points from.
    kinks: expressions that vanish where there is no derivative.

    Shapes broadcast; integers are computed in float64, float32 stays float32. What symgrad cannot compute raises
    GraphError, and a derivative that SymPy does not know GradientError, when the function is defined.

    >>> import symgrad as sg
    >>> swish = elementwise("swish", lambda x: x / (1 + sympy.exp(-x)))
    >>> x = sg.variable("x", (2,))
    >>> sg.evaluate(sg.grad(sg.sum(swish(x)), x), {x: [0.0, 100.0]})
    array([0.5, 1. ])
    """
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise GraphError(f"the name of a function must be an identifier, not {name!r}")
    if name in FUNCTIONS:
        raise GraphError(f"symgrad has a function {name!r} already: choose another name, or use sg.{name}")
    function = Function(name, expression, derivatives=derivatives, value=value, domain=domain, kinks=kinks)
    _check(function)

    def build(*operands: Any) -> Tensor:
        return apply(function, *operands)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"Return {name}({', '.join(function.parameters)}) = {function.expression}, entry by entry."
    build.function = function  # type: ignore[attr-defined]
    return cast("ScalarFunction", build)


def _check(function: Function) -> None:
    """Make everything that follows from a definition once, so that mistakes show where it stands."""
    if not function.arity:
        raise GraphError(f"the function {function.name!r} has no arguments; use sg.constant for a number")
    unknown = _scalar(function.expression).free_symbols - set(function.symbols)
    if unknown:
        raise GraphError(f"{function.name} contains {', '.join(map(str, unknown))}, which is none of its arguments")
    if len(function.domain) != function.arity:
        raise GraphError(f"{function.name} needs {function.arity} intervals as its domain, not {len(function.domain)}")
    try:
        _ = function.body, function.kinks, function.derivative_programs, function.product_programs
    except (GraphError, GradientError) as error:
        raise type(error)(f"{function.name} = {function.expression}: {error}") from None


__all__ = ["ScalarFunction", "elementwise", "from_sympy", "to_sympy"]

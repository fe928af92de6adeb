"""What a scalar function is: one definition from which value, derivatives, kernels, formulas and tests follow."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal

import sympy

from symgrad.errors import GradientError, GraphError
from symgrad.functions.derived import Derived, derived
from symgrad.functions.program import ScalarProgram, compile_expression, compile_product, head_name

Signature = Literal["float", "numeric", "comparison", "logical", "predicate", "select"]
"""How dtypes go through a function.

float: integers are computed in float64, as NumPy does; numeric: the common dtype of the arguments is kept; comparison:
common dtype in, bool out; logical: bools in, bool out; predicate: a floating test of one argument, bool out; select: a
bool, then two of a common dtype.
"""

FUNCTIONS: dict[str, Function] = {}
"""Every function of the formula book by name (functions of users are not in it)."""


class Function:
    """A scalar function of one or more arguments, applied entry by entry.

    `expression` is the definition in SymPy's terms. `value`, if given, is an expression for computing it (a stable
    one); a function with neither `numpy` nor `value` is computed by its definition. `derivatives` are its partial
    derivatives, in terms of the arguments and the result; where none are stated SymPy differentiates the definition.
    `domain` has an interval an argument to draw test points from; `kinks` are expressions that vanish where the
    function has no derivative.
    """

    def __init__(
        self,
        name: str,
        expression: Callable[..., Any],
        *,
        derivatives: Callable[..., Sequence[Any]] | None = None,
        value: Callable[..., Any] | None = None,
        numpy: str | None = None,
        signature: Signature = "float",
        domain: Sequence[tuple[float, float]] = (),
        kinks: Callable[..., Sequence[Any]] | None = None,
    ) -> None:
        self.name = name
        self.parameters = tuple(inspect.signature(expression).parameters)
        self.arity = len(self.parameters)
        self.numpy = numpy
        self.signature: Signature = signature
        self.domain = tuple(domain) or ((-3.0, 3.0),) * self.arity
        self._expression = expression
        self._derivatives = derivatives
        self._value = value
        self._kinks = kinks

    def __repr__(self) -> str:
        return f"<function {self.name}({', '.join(self.parameters)})>"

    def __reduce__(self) -> Any:
        if FUNCTIONS.get(self.name) is self:
            return _by_name, (self.name,)
        raise GraphError(f"the user's function {self.name!r} cannot be pickled")

    @cached_property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The arguments as SymPy symbols."""
        return tuple(sympy.Symbol(name, real=True) for name in self.parameters)

    @cached_property
    def result_symbol(self) -> sympy.Symbol:
        """The symbol that stands for the result in stated derivatives."""
        return sympy.Symbol(f"{self.name}_result", real=True)

    @cached_property
    def expression(self) -> Any:
        """The definition, a SymPy expression of `symbols`."""
        return sympy.sympify(self._expression(*self.symbols))

    def _derived(self, what: str, derive: Callable[[], Derived]) -> Derived:
        """Return what follows from the definition; the formula book's is kept on disk."""
        if FUNCTIONS.get(self.name) is not self or not self._expression.__module__.startswith(f"{__package__}."):
            return derive()
        return derived(f"{self.name}.{what}", derive)

    @cached_property
    def body(self) -> ScalarProgram | None:
        """The program by which the function is computed from others; None for one that is computed directly."""
        return self._derived("body", self._body)

    def _body(self) -> ScalarProgram | None:
        if self._value is not None:
            return compile_expression(self._value(*self.symbols), self.symbols)
        if self.numpy is not None:
            return None
        return compile_expression(self.expression, self.symbols)

    @cached_property
    def kinks(self) -> tuple[Any, ...]:
        """Expressions that vanish at the kinks."""
        return tuple(sympy.sympify(kink) for kink in self._kinks(*self.symbols)) if self._kinks else ()

    @cached_property
    def derivatives(self) -> tuple[Any, ...]:
        """The partial derivatives as SymPy expressions of `symbols` and `result_symbol`."""
        if self._derivatives is not None:
            stated = self._derivatives(*self.symbols, self.result_symbol)
            if len(stated) != self.arity:
                raise GradientError(f"{self.name} has {self.arity} arguments but {len(stated)} derivatives")
            return tuple(sympy.sympify(derivative) for derivative in stated)
        return tuple(_almost_everywhere(sympy.diff(self.expression, symbol)) for symbol in self.symbols)

    @cached_property
    def derivative_programs(self) -> tuple[ScalarProgram | None, ...]:
        """For each argument the program (arguments, result -> partial derivative); None where it is always zero."""
        return self._derived("derivatives", self._derivative_programs)

    def _derivative_programs(self) -> tuple[ScalarProgram | None, ...]:
        return tuple(
            None if derivative == 0 else compile_expression(derivative, (*self.symbols, self.result_symbol))
            for derivative in self.derivatives
        )

    @cached_property
    def product_programs(self) -> tuple[ScalarProgram | None, ...]:
        """For each argument the program (arguments, result, factor -> factor times the partial derivative)."""
        return self._derived("products", self._product_programs)

    def _product_programs(self) -> tuple[ScalarProgram | None, ...]:
        return tuple(compile_product(d, (*self.symbols, self.result_symbol)) for d in self.derivatives)

    @cached_property
    def has_fixed_slopes(self) -> tuple[bool, ...]:
        """For each argument, whether its slope is one of some fixed numbers: finite even where arguments are not."""
        return self._derived("fixed slopes", self._has_fixed_slopes)

    def _has_fixed_slopes(self) -> tuple[bool, ...]:
        return tuple(
            all(case.args[0].is_finite and case.args[0].is_number for case in derivative.args)
            if isinstance(derivative, sympy.Piecewise)
            else bool(derivative.is_number and derivative.is_finite)
            for derivative in self.derivatives
        )

    @cached_property
    def head(self) -> Any:
        """A SymPy function of this name, for use inside other definitions; SymPy differentiates it by `derivatives`."""
        function = self

        def fdiff(self: Any, argindex: int = 1) -> Any:
            replaced = dict(zip(function.symbols, self.args, strict=True)) | {function.result_symbol: self}
            return function.derivatives[argindex - 1].subs(replaced)

        attributes = {"symgrad_name": self.name, "nargs": self.arity, "fdiff": fdiff, "is_extended_real": True}
        return type(sympy.Function)(self.name, (sympy.Function,), attributes)


def _almost_everywhere(derivative: Any) -> Any:
    """Return a derivative without the point masses that SymPy puts on jumps; refuse what it could not differentiate."""
    derivative = derivative.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    unknown = derivative.atoms(sympy.Derivative, sympy.Subs)
    if unknown:
        raise GradientError(f"SymPy does not know the derivative {unknown.pop()}; state it with derivatives=...")
    return derivative


def _by_name(name: str) -> Function:
    return FUNCTIONS[name]


def define(name: str, expression: Callable[..., Any], **options: Any) -> Function:
    """Add a function to the formula book and return it (see Function for the options)."""
    if name in FUNCTIONS:
        raise GraphError(f"the function {name!r} is defined twice")
    FUNCTIONS[name] = Function(name, expression, **options)
    return FUNCTIONS[name]


def opaque(name: str) -> Callable[..., Any]:
    """Return a constructor of SymPy terms for a function that SymPy itself does not have."""
    return lambda *arguments: FUNCTIONS[name].head(*arguments)


__all__ = ["FUNCTIONS", "Function", "Signature", "define", "head_name", "opaque"]

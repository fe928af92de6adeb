"""Fragments of Python source that know how tightly they bind, to be nested with parentheses where needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from symgrad.tensor import Tensor


class Binding(IntEnum):
    """How tightly the outermost operator of an expression binds, from Python's grammar."""

    COMPARISON = 1
    OR = 2
    XOR = 3
    AND = 4
    SUM = 5
    PRODUCT = 6
    # Python gives @ and * one level; here @ is above, and mixtures of the two are always parenthesised.
    MATRIX_PRODUCT = 7
    SIGN = 8
    POWER = 9
    ATOM = 10


@dataclass(frozen=True, slots=True)
class Code:
    """An expression in Python.

    `literal` is the type of a Python number, which takes the dtype of the arrays it meets; None for anything that has
    a dtype. `reads` are those inputs, of the ones a function overwrites, whose present values the expression needs.
    """

    text: str
    binding: Binding = Binding.ATOM
    literal: type[bool] | type[int] | type[float] | None = None
    reads: frozenset[Tensor] = frozenset()

    def at_least(self, binding: Binding) -> str:
        """Return the text, in parentheses if it binds less tightly than `binding`."""
        return self.text if self.binding >= binding else f"({self.text})"

    def reading(self, inputs: frozenset[Tensor]) -> Code:
        """Return the same expression with other `reads`."""
        return self if inputs == self.reads else replace(self, reads=inputs)


OPERATORS = {
    "equal": ("==", Binding.COMPARISON),
    "not_equal": ("!=", Binding.COMPARISON),
    "less": ("<", Binding.COMPARISON),
    "less_equal": ("<=", Binding.COMPARISON),
    "greater": (">", Binding.COMPARISON),
    "greater_equal": (">=", Binding.COMPARISON),
    "logical_or": ("|", Binding.OR),
    "logical_xor": ("^", Binding.XOR),
    "logical_and": ("&", Binding.AND),
    "add": ("+", Binding.SUM),
    "subtract": ("-", Binding.SUM),
    "multiply": ("*", Binding.PRODUCT),
    "divide": ("/", Binding.PRODUCT),
    "floor_divide": ("//", Binding.PRODUCT),
    "remainder": ("%", Binding.PRODUCT),
    "matmul": ("@", Binding.MATRIX_PRODUCT),
    "power": ("**", Binding.POWER),
}
"""Functions of two arguments that Python has an operator for."""


def infix(function: str, left: Code, right: Code) -> Code:
    """Return `left` operator `right`, keeping the order of evaluation.

    >>> a, b, c = Code("a"), Code("b"), Code("c")
    >>> infix("multiply", infix("add", a, b), c).text, infix("subtract", a, infix("subtract", b, c)).text
    ('(a + b) * c', 'a - (b - c)')
    """
    operator, binding = OPERATORS[function]
    above = Binding(binding + 1)
    if function == "add" and right.literal and right.binding is Binding.SIGN:
        return Code(f"{left.at_least(binding)} - {right.text[1:]}", binding)
    if function == "power":
        exponent = right.text if right.literal else right.at_least(Binding.ATOM)
        return Code(f"{left.at_least(Binding.ATOM)} ** {exponent}", binding)
    if binding is Binding.COMPARISON:  # a < b < c would be a chain
        return Code(f"{left.at_least(above)} {operator} {right.at_least(above)}", binding)
    if binding is Binding.PRODUCT:
        first = f"({left.text})" if left.binding is Binding.MATRIX_PRODUCT else left.at_least(binding)
        return Code(f"{first} {operator} {right.at_least(Binding.SIGN)}", binding)
    return Code(f"{left.at_least(binding)} {operator} {right.at_least(above)}", binding)


def prefix(operator: str, operand: Code) -> Code:
    """Return the operand under a sign: - or ~.

    >>> prefix("-", infix("add", Code("a"), Code("b"))).text
    '-(a + b)'
    """
    return Code(f"{operator}{operand.at_least(Binding.SIGN)}", Binding.SIGN)


def call(function: str, *arguments: Code | str, **options: str) -> Code:
    """Return a function call; arguments given as strings are taken as they are.

    >>> call("np.sum", infix("add", Code("a"), Code("b")), axis="0").text
    'np.sum(a + b, axis=0)'
    """
    return Code(f"{function}({_arguments(arguments, options)})")


def method(operand: Code, name: str, *arguments: Code | str, **options: str) -> Code:
    """Return a method call."""
    return Code(f"{_primary(operand)}.{name}({_arguments(arguments, options)})")


def index(operand: Code, *keys: Code | str) -> Code:
    """Return a subscript.

    >>> index(Code("x"), ":", "None").text
    'x[:, None]'
    """
    return Code(f"{_primary(operand)}[{_arguments(keys, {})}]")


def attribute(operand: Code, name: str) -> Code:
    """Return an attribute."""
    return Code(f"{_primary(operand)}.{name}")


def _primary(operand: Code) -> str:
    """Return the text of an operand before a dot or bracket, where a bare number would be misread."""
    return f"({operand.text})" if operand.literal else operand.at_least(Binding.ATOM)


def tuple_text(items: Iterable[str]) -> str:
    """Return a tuple display.

    >>> tuple_text(["N"]), tuple_text(["N", "3"])
    ('(N,)', '(N, 3)')
    """
    texts = list(items)
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def _arguments(arguments: Iterable[Code | str], options: dict[str, str]) -> str:
    texts = [argument if isinstance(argument, str) else argument.text for argument in arguments]
    return ", ".join([*texts, *(f"{name}={text}" for name, text in options.items())])

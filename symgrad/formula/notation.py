"""The notation tree: what stands on paper, whatever the style of printing; and the one engine that sets parentheses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Generic, TypeVar

from symgrad.shapes import Size as SizeExpression
from symgrad.tensor import Tensor

T = TypeVar("T")


class Level(IntEnum):
    """How tightly a piece of notation holds together; Python's order of operators."""

    COMPARISON = 1
    OR = 2
    XOR = 3
    AND = 4
    SUM = 5
    PRODUCT = 6
    MATRIX_PRODUCT = 7
    POWER = 8
    ATOM = 9


@dataclass(frozen=True)
class Operator:
    """An infix operator: what Python calls it, and how tightly it binds.

    `left` and `right` are the levels its operands need to stand without parentheses; an operand built with one of
    `absorbs` may stand on its right without them, because (a o b) o c and a o (b o c) are the same.
    """

    symbol: str
    level: Level
    left: Level
    right: Level
    absorbs: tuple[str, ...] = ()


ADD = Operator("+", Level.SUM, Level.SUM, Level.PRODUCT, ("+", "-"))
SUBTRACT = Operator("-", Level.SUM, Level.SUM, Level.PRODUCT)
HADAMARD = Operator("*", Level.PRODUCT, Level.PRODUCT, Level.POWER, ("*",))
"""The product entry by entry."""
SCALE = Operator("*", Level.PRODUCT, Level.PRODUCT, Level.PRODUCT)
"""A number times a tensor. To its right any product may follow bare: the number goes with its first factor as well."""
MATRIX = Operator("@", Level.MATRIX_PRODUCT, Level.MATRIX_PRODUCT, Level.POWER)
COMPARISONS = {
    name: Operator(symbol, Level.COMPARISON, Level.OR, Level.OR)
    for name, symbol in {
        "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    }.items()
}  # fmt: skip
LOGIC = {
    "logical_and": Operator("&", Level.AND, Level.AND, Level.SUM),
    "logical_or": Operator("|", Level.OR, Level.OR, Level.XOR),
    "logical_xor": Operator("^", Level.XOR, Level.XOR, Level.AND),
}


@dataclass(frozen=True)
class Tree:
    """A piece of notation; `parts` are the pieces it is made from."""

    parts: tuple[Tree, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Reference(Tree):
    """The place where the notation of a node of the graph goes, or the name of its line."""

    node: Tensor


@dataclass(frozen=True)
class Name(Tree):
    """A variable or a line: the user's own name, and the Python identifier that stands for it."""

    identifier: str
    display: str


@dataclass(frozen=True)
class Number(Tree):
    """A number; `as_float` has Python write a whole one with a point, where NumPy would compute with ints otherwise."""

    value: float | int | bool
    as_float: bool = False


@dataclass(frozen=True)
class Size(Tree):
    """A size of an axis, which may be an expression of run-time sizes."""

    size: SizeExpression


@dataclass(frozen=True)
class Word(Tree):
    """A word with a fixed meaning: a dtype."""

    word: str


@dataclass(frozen=True)
class Literal(Tree):
    """Numbers written out: a small array. `dtype` is given where it is not the one NumPy would take by itself."""

    rows: str
    dtype: str | None


@dataclass(frozen=True)
class Group(Tree):
    """A tuple of pieces."""


@dataclass(frozen=True)
class Call(Tree):
    """A function of its parts; the last ones are keyword arguments where `keywords` names them."""

    function: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Infix(Tree):
    operator: Operator


@dataclass(frozen=True)
class Negative(Tree):
    """Minus its part."""


@dataclass(frozen=True)
class Fraction(Tree):
    """Numerator over denominator."""


@dataclass(frozen=True)
class Power(Tree):
    """Base and exponent."""


@dataclass(frozen=True)
class Transpose(Tree):
    """The matrix with its axes exchanged; of a tensor of higher rank, the last two of them."""

    stacked: bool = False


@dataclass(frozen=True)
class MatrixProduct(Tree):
    """The product of two operands of the given ranks, as `@` in Python."""

    ranks: tuple[int, int]


@dataclass(frozen=True)
class Einsum(Tree):
    """A sum of products, with a letter for each axis of the two parts and of the result."""

    left: str
    right: str
    output: str


@dataclass(frozen=True)
class Reduce(Tree):
    """A reduction over `axes` of the first part, which has `rank` axes; the second part of a mean is their size."""

    kind: str
    axes: tuple[int, ...]
    rank: int
    keepdims: bool = False


@dataclass(frozen=True)
class Where(Tree):
    """A condition, the value where it holds, the value elsewhere."""


@dataclass(frozen=True)
class Index(Tree):
    """The first part with the others as its indices: numbers, tensors, Range and NewAxis."""


@dataclass(frozen=True)
class Range(Tree):
    """A slice: start, stop and step, None where Python leaves them out."""

    start: SizeExpression | None = None
    stop: SizeExpression | None = None
    step: int | None = None


@dataclass(frozen=True)
class NewAxis(Tree):
    """An axis of size 1 put in."""


@dataclass(frozen=True)
class PickLabels(Tree):
    """The entry of each row of a matrix that its label picks: the matrix, the vector of labels, the number of rows."""


def call(function: str, *arguments: Tree, **keywords: Tree) -> Call:
    """Return a call with positional and keyword arguments."""
    return Call(function, tuple(keywords), parts=(*arguments, *keywords.values()))


def infix(operator: Operator, left: Tree, right: Tree) -> Infix:
    """Return two operands with an operator between them."""
    return Infix(operator, parts=(left, right))


def with_parts(tree: Tree, parts: tuple[Tree, ...]) -> Tree:
    """Return the tree with other parts."""
    return tree if parts == () else replace(tree, parts=parts)


def fold(tree: Tree, combine: Callable[[Tree, list[T]], T]) -> T:
    """Return `combine(tree, results of its parts)`, the parts first; without recursion, so that any depth works."""
    results: list[T] = []
    stack: list[tuple[Tree, bool]] = [(tree, False)]
    while stack:
        node, expanded = stack.pop()
        count = len(node.parts)
        if count and not expanded:
            stack.append((node, True))
            stack.extend((part, False) for part in reversed(node.parts))
            continue
        parts = results[len(results) - count :]
        del results[len(results) - count :]
        results.append(combine(node, parts))
    return results[0]


@dataclass(frozen=True)
class Piece(Generic[T]):
    """Something printed: its content, how tightly it holds together, and by which operator it was made."""

    content: T
    level: Level = Level.ATOM
    operator: str = ""
    transposed: Piece[T] | None = None  # its transpose, where that is simpler

    def at(self, level: Level, bracket: Callable[[T], T]) -> T:
        """Return the content, in brackets if it holds together less tightly than `level`."""
        return self.content if self.level >= level else bracket(self.content)


def infix_operands(operator: Operator, pieces: Sequence[Piece[Any]], bracket: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return the contents of both operands, bracketed where they have to be."""
    left, right = pieces
    bare = right.operator in operator.absorbs and right.level == operator.level
    return left.at(operator.left, bracket), right.content if bare else right.at(operator.right, bracket)

"""Formulas as text: valid Python over NumPy, with the names of `text_names`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, fraction, together
from sympy.printing.str import StrPrinter

from symgrad.formula.notation import (
    MATRIX,
    Call,
    Einsum,
    Fraction,
    Group,
    Index,
    Infix,
    Level,
    Literal,
    MatrixProduct,
    Name,
    Negative,
    NewAxis,
    Number,
    PickLabels,
    Piece,
    Power,
    Range,
    Reduce,
    Size,
    Transpose,
    Tree,
    Where,
    Word,
    fold,
    infix_operands,
)
from symgrad.shapes import Size as SizeExpression

Text = Piece[str]


def text(tree: Tree) -> str:
    """Return a notation tree as a Python expression."""
    return fold(tree, _piece).content


def _piece(tree: Tree, parts: list[Text]) -> Text:
    return _RULES[type(tree)](tree, parts)


def _bracket(content: str) -> str:
    return f"({content})"


def number_text(value: float | int | bool) -> str:
    """Return a number as Python writes it; whole floats without their point."""
    if isinstance(value, float):
        written = repr(value)
        return written.removesuffix(".0") if written != "-0.0" else written
    return repr(value)


def _number(tree: Number, parts: list[Text]) -> Text:
    written = repr(float(tree.value)) if tree.as_float else number_text(tree.value)
    return Piece(written, Level.SUM if written.startswith("-") else Level.ATOM)


class _SizePrinter(StrPrinter):
    """Sizes of axes in Python's terms: whole numbers stay whole."""

    def _print_floor(self, expr: Any) -> str:
        numerator, denominator = fraction(together(expr.args[0]))
        return f"(({self._print(numerator)}) // {self._print(denominator)})"

    def _print_ceiling(self, expr: Any) -> str:
        numerator, denominator = fraction(together(expr.args[0]))
        return f"(-(({self._print(-numerator)}) // {self._print(denominator)}))"

    def _print_Max(self, expr: Any) -> str:
        return self._nested("maximum", expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self._nested("minimum", expr.args)

    def _nested(self, name: str, arguments: tuple[Expr, ...]) -> str:
        result = self._print(arguments[0])
        for argument in arguments[1:]:
            result = f"{name}({result}, {self._print(argument)})"
        return str(result)


def size_text(size: SizeExpression) -> str:
    """Return a size of an axis as a Python expression of the run-time sizes."""
    return str(size) if isinstance(size, int) else str(_SizePrinter().doprint(size))


def _size(tree: Size, parts: list[Text]) -> Text:
    size = tree.size
    if isinstance(size, int) or size.is_Symbol or size.is_Function:
        return Piece(size_text(size))
    return Piece(size_text(size), Level.SUM if size.is_Add else Level.PRODUCT)


def _group(tree: Group, parts: list[Text]) -> Text:
    inner = ", ".join(part.content for part in parts)
    return Piece(f"({inner},)" if len(parts) == 1 else f"({inner})")


_IN_LINALG = frozenset({"cholesky", "norm", "slogdet", "solve"})
"""Functions that NumPy keeps in np.linalg; `inv` and `det` are words of their own."""


def _function(name: str) -> str:
    return f"linalg.{name}" if name in _IN_LINALG else name


def _call(tree: Call, parts: list[Text]) -> Text:
    positional = len(parts) - len(tree.keywords)
    arguments = [part.content for part in parts[:positional]]
    arguments += [f"{key}={part.content}" for key, part in zip(tree.keywords, parts[positional:], strict=True)]
    return Piece(f"{_function(tree.function)}({', '.join(arguments)})")


def _infix(tree: Infix, parts: list[Text]) -> Text:
    operator = tree.operator
    left, right = infix_operands(operator, parts, _bracket)
    return Piece(f"{left} {operator.symbol} {right}", operator.level, operator.symbol)


def _matrix_product(tree: MatrixProduct, parts: list[Text]) -> Text:
    left, right = infix_operands(MATRIX, parts, _bracket)
    return Piece(f"{left} @ {right}", Level.MATRIX_PRODUCT, "@")


def _fraction(tree: Fraction, parts: list[Text]) -> Text:
    left, right = parts[0].at(Level.PRODUCT, _bracket), parts[1].at(Level.POWER, _bracket)
    return Piece(f"{left} / {right}", Level.PRODUCT, "/")


def _power(tree: Power, parts: list[Text]) -> Text:
    return Piece(f"{parts[0].at(Level.ATOM, _bracket)}**{parts[1].at(Level.POWER, _bracket)}", Level.POWER)


def _transpose(tree: Transpose, parts: list[Text]) -> Text:
    return Piece(f"{parts[0].at(Level.ATOM, _bracket)}.{'mT' if tree.stacked else 'T'}")


def axes_text(axes: tuple[int, ...]) -> str:
    """Return axes as the value of `axis=`."""
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _reduce(tree: Reduce, parts: list[Text]) -> Text:
    options = "" if len(tree.axes) == tree.rank else f", axis={axes_text(tree.axes)}"
    return Piece(f"{_function(tree.kind)}({parts[0].content}{options}{', keepdims=True' if tree.keepdims else ''})")


def _range(tree: Range, parts: list[Text]) -> Text:
    start, stop = ("" if end is None else size_text(end) for end in (tree.start, tree.stop))
    return Piece(f"{start}:{stop}" + ("" if tree.step is None else f":{tree.step}"))


def _index(tree: Index, parts: list[Text]) -> Text:
    indices = ", ".join(part.content for part in parts[1:])
    return Piece(f"{parts[0].at(Level.ATOM, _bracket)}[{indices}]")


def _pick_labels(tree: PickLabels, parts: list[Text]) -> Text:
    x, labels, rows = parts
    return Piece(f"{x.at(Level.ATOM, _bracket)}[arange({rows.content}), {labels.content}]")


_RULES: dict[type[Tree], Callable[[Any, list[Text]], Text]] = {
    Name: lambda tree, parts: Piece(tree.identifier),
    Number: _number,
    Size: _size,
    Word: lambda tree, parts: Piece(tree.word),
    Literal: lambda tree, parts: Piece(f"array({tree.rows}{f', {tree.dtype}' if tree.dtype else ''})"),
    Group: _group,
    Call: _call,
    Infix: _infix,
    Negative: lambda tree, parts: Piece("-" + parts[0].at(Level.PRODUCT, _bracket), Level.SUM),
    Fraction: _fraction,
    Power: _power,
    Transpose: _transpose,
    MatrixProduct: _matrix_product,
    Einsum: lambda tree, parts: Piece(
        f"einsum('{tree.left},{tree.right}->{tree.output}', {parts[0].content}, {parts[1].content})"
    ),
    Reduce: _reduce,
    Where: lambda tree, parts: Piece(f"where({', '.join(part.content for part in parts)})"),
    Index: _index,
    Range: _range,
    NewAxis: lambda tree, parts: Piece("None"),
    PickLabels: _pick_labels,
}

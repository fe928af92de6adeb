"""Functions as mathematics writes them: roots, bars, brackets, exponents, and names for the rest."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from symgrad.formula.boxes import (
    BARS,
    CEILING,
    FLOOR,
    TOP,
    Box,
    MatrixBox,
    Numeral,
    Over,
    Root,
    Row,
    Script,
    Symbol,
    Upright,
    beside,
    fenced,
    letter,
    listed,
    number_box,
    sign,
    superscripted,
)
from symgrad.formula.notation import Call, Level, Literal, Number, Piece, Transpose, Tree

BoxPiece = Piece[Box]
BIG = "big"  # the operator of a sum sign and its like: nothing that follows it by + or - belongs to it
_LONGEST_EXPONENT = 4
"""Parts of an exponent of e; longer ones go into brackets behind exp."""

_ONE = Symbol(r"\mathbf{1}", "𝟏")
_ZERO = Symbol(r"\mathbf{0}", "𝟎")
_CASTS = frozenset({"float64", "float32", "int64", "int32", "bool_"})
_CONDITIONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "&", "|", "^", "not"})


def function_box(name: str, index: Box | None = None) -> Box:
    """Return the name of a function, with an index if it has one."""
    box: Box = letter(name) if name in ("sigma", "Gamma") else Upright(name, is_function=True)
    return box if index is None else Script(box, index)


def applied(function: Box, arguments: list[BoxPiece]) -> BoxPiece:
    """Return a function applied to arguments."""
    return Piece(Row((function, fenced(listed([argument.content for argument in arguments])))), Level.POWER)


def typeset_call(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    """Return a call of a function as mathematics."""
    rule = _RULES.get(tree.function)
    if rule is not None:
        return rule(tree, parts)
    positional = parts[: len(parts) - len(tree.keywords)]
    keywords = dict(zip(tree.keywords, parts[len(positional) :], strict=True))
    index = keywords.get("axis")
    return applied(function_box(_NAMES.get(tree.function, tree.function), index and index.content), positional)


def _windows(tree: Any, parts: list[BoxPiece]) -> BoxPiece:
    """The axes are an index; the steps are named."""
    x, sizes, *steps = parts
    keywords = dict(zip(tree.keywords, steps, strict=True))
    axes = keywords.pop("axes")
    named: list[BoxPiece] = [
        Piece[Box](Row((Upright(name), sign("="), value.content))) for name, value in keywords.items()
    ]
    return applied(function_box(tree.function.replace("_", " "), axes.content), [x, sizes, *named])


_NAMES = {
    "arctan2": "atan2",
    "sigmoid": "sigma",
    "log1p": "log1p",
    "trace": "tr",
    "maximum": "max",
    "minimum": "min",
    "one_hot": "onehot",
    "linear_recurrence": "scan",
    "cholesky": "chol",
}


def _exp(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    if _size(tree.parts[0]) > _LONGEST_EXPONENT:
        return applied(function_box("exp"), parts)
    return Piece(Script(letter("e"), sup=parts[0].content), Level.POWER)


def _size(tree: Tree) -> int:
    """Return the number of parts of a tree, counted only as far as it matters."""
    count, waiting = 0, [tree]
    while waiting and count <= _LONGEST_EXPONENT:
        count += 1
        waiting.extend(waiting.pop().parts)
    return count


def _diag(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    return applied(function_box("diag"), parts)


def _outer(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    left, right = parts
    column = left.at(Level.MATRIX_PRODUCT, fenced)
    row = superscripted(right.at(Level.ATOM, fenced), TOP)
    return Piece(beside(column, row), Level.MATRIX_PRODUCT, "@")


def _eye(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    return Piece(letter("I"))


def _full(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    return Piece(beside(parts[1].at(Level.POWER, fenced), _ONE), Level.MATRIX_PRODUCT)


def _broadcast_to(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    # As large as its surroundings want it: mathematics does not say.
    return Piece(parts[0].content, parts[0].level, parts[0].operator)


def _cast(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    (x,) = parts
    return Piece(fenced(x.content, (sign("["), sign("]")))) if x.operator in _CONDITIONS else x


def _one_hot(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    return applied(function_box("onehot"), parts[:1])


def _remainder(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    left, right = (part.at(Level.POWER, fenced) for part in parts)
    return Piece(Row((left, sign(r"\bmod", "mod"), right)), Level.PRODUCT)


def _not(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    return Piece(Row((sign(r"\lnot", "¬"), parts[0].at(Level.ATOM, fenced))), Level.AND, "not")


def _guarded_product(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    left, right = (part.at(Level.MATRIX_PRODUCT, fenced) for part in parts)
    return Piece(Row((left, sign(r"\odot", "⊙"), right)), Level.PRODUCT, "*")


def _heaviside(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    # The value at 0 is 1/2, as mathematics has it.
    return applied(function_box("H"), parts[:1])


def _gamma(parts: list[BoxPiece]) -> tuple[Box, Box]:
    return function_box("Gamma"), fenced(parts[0].content)


def _log_with_base(base: str) -> Callable[[Call, list[BoxPiece]], BoxPiece]:
    return lambda tree, parts: applied(function_box("log", Numeral(base)), parts)


def _normalized(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    name = function_box(tree.function.replace("_", " "))
    if not tree.keywords:
        return applied(name, parts)
    return applied(Script(name, parts[-1].content), parts[:-1])


def _inverse_sup(transposed: bool) -> Box:
    return Row((sign("-", "−"), TOP if transposed else Numeral("1")))


def _inverse(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    return _inverted(tree.parts[0], parts[0], transposed=False)


def _inverted(tree: Tree, piece: BoxPiece, transposed: bool) -> BoxPiece:
    """Return the inverse of a matrix or of its transpose: A^{-1}, A^{-T}."""
    if isinstance(tree, Transpose) and piece.transposed is not None:
        piece, transposed = piece.transposed, not transposed
    base = piece.at(Level.ATOM, fenced)
    straight, across = (
        Piece[Box](superscripted(base, _inverse_sup(flag)), Level.POWER) for flag in (transposed, not transposed)
    )
    return Piece(straight.content, Level.POWER, transposed=across)


def _solve(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    inverse = _inverted(tree.parts[0], parts[0], transposed="trans" in tree.keywords)
    b = parts[1].content if parts[1].operator == "@" else parts[1].at(Level.POWER, fenced)
    return Piece(beside(inverse.content, b), Level.MATRIX_PRODUCT, "@")


def _determinant(tree: Call, parts: list[BoxPiece]) -> BoxPiece:
    """As with a sum sign, brackets say where the matrix ends."""
    return Piece(Row((function_box("det"), parts[0].at(Level.ATOM, fenced))), Level.SUM, BIG)


def part_of_slogdet(part: Tree, determinant: BoxPiece) -> BoxPiece:
    """Return the sign of a determinant (part 0) or the logarithm of its absolute value (part 1)."""
    if part == Number(0):
        return applied(function_box("sign"), [determinant])
    return Piece(Row((function_box("log"), fenced(determinant.content, BARS))), Level.POWER)


_RULES: dict[str, Callable[[Any, list[BoxPiece]], BoxPiece]] = {
    "abs": lambda tree, parts: Piece(fenced(parts[0].content, BARS)),
    "floor": lambda tree, parts: Piece(fenced(parts[0].content, FLOOR)),
    "ceil": lambda tree, parts: Piece(fenced(parts[0].content, CEILING)),
    "floor_divide": lambda tree, parts: Piece(fenced(Over(parts[0].content, parts[1].content), FLOOR)),
    "heaviside": _heaviside,
    "remainder": _remainder,
    "sqrt": lambda tree, parts: Piece(Root(parts[0].content)),
    "cbrt": lambda tree, parts: Piece(Root(parts[0].content, Numeral("3"))),
    "divide": lambda tree, parts: Piece(Over(parts[0].content, parts[1].content), Level.POWER),
    "exp": _exp,
    "exp2": lambda tree, parts: Piece(Script(Numeral("2"), sup=parts[0].content), Level.POWER),
    "log2": _log_with_base("2"),
    "log10": _log_with_base("10"),
    "multiply_no_nan": _guarded_product,
    "logical_not": _not,
    "gammaln": lambda tree, parts: Piece(Row((function_box("log"), *_gamma(parts)))),
    "diag": _diag,
    "embed_diagonal": _diag,
    "outer": _outer,
    "eye": _eye,
    "ones": lambda tree, parts: Piece(_ONE),
    "zeros": lambda tree, parts: Piece(_ZERO),
    "full": _full,
    "broadcast_to": _broadcast_to,
    "one_hot": _one_hot,
    "windows": _windows,
    "overlap_add": _windows,
    "inv": _inverse,
    "solve": _solve,
    "solve_triangular": _solve,
    "det": _determinant,
    "slogdet": _determinant,
    "softmax": _normalized,
    "log_softmax": _normalized,
    **dict.fromkeys(_CASTS, _cast),
}


def literal_box(tree: Literal) -> Box:
    """Return a small array: a list of numbers, a matrix, or lists of those."""
    # Infinities and NaN are names, not literals.
    text = tree.rows.replace("-inf", "-1e999").replace("inf", "1e999").replace("nan", "None")
    return _nested(ast.literal_eval(text))


def _nested(value: Any) -> Box:
    if not isinstance(value, list):
        return Upright("nan") if value is None else number_box(value)
    if value and all(isinstance(row, list) and row and not isinstance(row[0], list) for row in value):
        return MatrixBox(tuple(tuple(_nested(entry) for entry in row) for row in value))
    return fenced(listed([_nested(entry) for entry in value]))

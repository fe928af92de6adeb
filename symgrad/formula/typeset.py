"""Formulas as mathematics: notation trees laid out as boxes, which LaTeX and MathML both print.

Vectors are columns here, so a vector times a matrix, `x @ W` in Python, is W^T x, and a dot product is x^T y.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symgrad.formula.boxes import (
    DOT,
    DOUBLE_BARS,
    SQUARE_BRACKETS,
    TOP,
    Box,
    CasesBox,
    Numeral,
    Over,
    Row,
    Script,
    Symbol,
    Upright,
    beside,
    fenced,
    letter,
    listed,
    name_box,
    number_box,
    sign,
    subscripted,
    superscripted,
)
from symgrad.formula.notation import (
    ADD,
    HADAMARD,
    SCALE,
    SUBTRACT,
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
    call,
    fold,
    infix,
    infix_operands,
)
from symgrad.formula.typeset_calls import BIG, literal_box, part_of_slogdet, typeset_call
from symgrad.functions.program import head_name

BoxPiece = Piece[Box]
_MINUS = sign("-", "−")
_SIGNS = {
    "+": sign("+"), "-": _MINUS, "*": sign(r"\odot", "⊙"), "<": sign("<"), "<=": sign(r"\le", "≤"),
    ">": sign(">"), ">=": sign(r"\ge", "≥"), "==": sign("="), "!=": sign(r"\ne", "≠"), "&": sign(r"\land", "∧"),
    "|": sign(r"\lor", "∨"), "^": sign(r"\oplus", "⊕"),
}  # fmt: skip
_CONDITIONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "&", "|", "^", "not"})


def typeset(tree: Tree) -> Box:
    """Return a notation tree as boxes."""
    return fold(tree, _piece).content


def typeset_name(name: Name) -> Box:
    """Return the name of a line."""
    return name_box(name.display)


def _piece(tree: Tree, parts: list[BoxPiece]) -> BoxPiece:
    return _RULES[type(tree)](tree, parts)


def _name(tree: Name, parts: list[BoxPiece]) -> BoxPiece:
    box = name_box(tree.display)
    # A derivative is a fraction: its transpose needs brackets.
    return Piece(box, Level.POWER if isinstance(box, Over) else Level.ATOM)


def _number(tree: Number, parts: list[BoxPiece]) -> BoxPiece:
    box = number_box(tree.value)
    negative = isinstance(box, Row) and box.items[0] == _MINUS
    return Piece(box, Level.SUM if negative else Level.POWER if isinstance(box, (Row, Script)) else Level.ATOM)


def size_tree(size: Any) -> Tree:
    """Return a size in notation, with the run-time sizes as names."""
    if isinstance(size, int) or size.is_Integer:
        return Number(int(size))
    if size.is_Symbol:
        return Name(size.name, size.name)
    terms = size.as_ordered_terms() if size.is_Add else size.as_ordered_factors() if size.is_Mul else size.args
    arguments = [size_tree(term) for term in terms]
    if size.is_Add or size.is_Mul:
        result = arguments[0]
        for argument in arguments[1:]:
            result = infix(ADD if size.is_Add else SCALE, result, argument)
        return result
    if size.is_Rational:
        return Fraction(parts=(Number(int(size.p)), Number(int(size.q))))
    if size.is_Pow:
        return Power(parts=tuple(arguments))
    return call(head_name(size.func) or str(size.func), *arguments)


def _infix(tree: Infix, parts: list[BoxPiece]) -> BoxPiece:
    operator = tree.operator
    if operator is SCALE:
        return _scale(tree, parts)
    if operator is HADAMARD:
        return entry_by_entry(*(_indicator(part) for part in parts))
    if operator in (ADD, SUBTRACT) and parts[1].operator == BIG:
        # A big sum takes what follows as a product does.
        parts = [parts[0], Piece(parts[1].content, Level.PRODUCT)]
    left, right = infix_operands(operator, parts, fenced)
    return Piece(Row((left, _SIGNS[operator.symbol], right)), operator.level, operator.symbol)


def entry_by_entry(left: BoxPiece, right: BoxPiece) -> BoxPiece:
    """Return the product entry by entry."""
    a = left.at(Level.PRODUCT, fenced)
    b = right.content if right.operator == "*" else right.at(Level.MATRIX_PRODUCT, fenced)
    return Piece(Row((a, _SIGNS["*"], b)), Level.PRODUCT, "*")


def _scale(tree: Infix, parts: list[BoxPiece]) -> BoxPiece:
    left, right = parts
    a = _indicator(left).at(Level.POWER, fenced)
    b = _indicator(right).at(Level.PRODUCT, fenced)
    return Piece(
        beside(a, b), min(Level.MATRIX_PRODUCT, right.level) if right.operator != BIG else Level.SUM, right.operator
    )


def _indicator(piece: BoxPiece) -> BoxPiece:
    """Return a factor; a condition is 1 where it holds and 0 elsewhere, which brackets say (Iverson, 1962)."""
    return Piece(fenced(piece.content, SQUARE_BRACKETS)) if piece.operator in _CONDITIONS else piece


def _negative(tree: Negative, parts: list[BoxPiece]) -> BoxPiece:
    (x,) = parts
    inside = x.content if x.operator == BIG else x.at(Level.PRODUCT, fenced)
    return Piece(Row((_MINUS, inside)), Level.SUM)


def _power(tree: Power, parts: list[BoxPiece]) -> BoxPiece:
    base, exponent = parts
    return Piece(superscripted(base.at(Level.ATOM, fenced), exponent.content), Level.POWER)


def _transposed(x: BoxPiece) -> BoxPiece:
    if x.transposed is not None:
        return x.transposed
    return Piece(superscripted(x.at(Level.ATOM, fenced), TOP), Level.POWER, transposed=x)


def _matrix_product(tree: MatrixProduct, parts: list[BoxPiece]) -> BoxPiece:
    left, right = (_indicator(part) for part in parts)
    if tree.ranks[0] == 1:
        left, right = (_transposed(left), right) if tree.ranks[1] == 1 else (_transposed(right), left)
    a = left.at(Level.MATRIX_PRODUCT, fenced)
    # Products of matrices need no brackets among themselves.
    b = right.content if right.operator == "@" else right.at(Level.POWER, fenced)
    return Piece(beside(a, b), Level.MATRIX_PRODUCT, "@")


def axis_letters(axes: range | tuple[int, ...]) -> Box:
    """Return the letters of axes, i for the first one."""
    letters = "ijklmnopqrstuvwxyz"
    return Row(tuple(letter(letters[axis % len(letters)]) for axis in axes))


_BIG_SIGNS: dict[str, Box] = {
    "sum": sign(r"\sum", "∑"), "prod": sign(r"\prod", "∏"), "max": Upright("max", True), "min": Upright("min", True),
    "any": sign(r"\bigvee", "⋁"), "all": sign(r"\bigwedge", "⋀"), "argmax": Upright("arg max", True),
    "argmin": Upright("arg min", True),
}  # fmt: skip


def _norm(tree: Reduce, x: BoxPiece) -> BoxPiece:
    """The norm of all entries; of a part of the axes, with dots for them: of a row, ||A_i.||."""
    if len(tree.axes) == tree.rank:
        bars = fenced(x.content, DOUBLE_BARS)
        return Piece(bars if tree.rank == 1 else Script(bars, letter("F")))
    places = Row(tuple(DOT if axis in tree.axes else axis_letters((axis,)) for axis in range(tree.rank)))
    return Piece(fenced(subscripted(x.at(Level.ATOM, fenced), places), DOUBLE_BARS))


_ONES = Symbol(r"\mathbf{1}", "𝟏")


def _sum_of_rows_or_columns(tree: Reduce, x: BoxPiece) -> BoxPiece:
    """Return a sum over one axis of a matrix as a product with ones; two of them where the sum is repeated."""
    row = superscripted(_ONES, TOP)
    ones: Box = Row((_ONES, row)) if tree.keepdims else row if tree.axes == (0,) else _ONES
    if tree.axes == (0,):
        right = x.content if x.operator == "@" else _indicator(x).at(Level.POWER, fenced)
        return Piece(beside(ones, right), Level.MATRIX_PRODUCT, "@")
    return Piece(beside(_indicator(x).at(Level.MATRIX_PRODUCT, fenced), ones), Level.MATRIX_PRODUCT, "@")


def _reduce(tree: Reduce, parts: list[BoxPiece]) -> BoxPiece:
    if tree.kind == "sum" and tree.rank == 2 and len(tree.axes) == 1:
        return _sum_of_rows_or_columns(tree, parts[0])
    x = parts[0]
    if tree.kind == "norm":
        return _norm(tree, x)
    entry = subscripted(_indicator(x).at(Level.ATOM, fenced), axis_letters(range(tree.rank)))
    under = axis_letters(tree.axes)
    items: list[Box] = []
    if tree.kind == "mean":
        items.append(Over(Numeral("1"), parts[1].content))
    if tree.kind == "logsumexp":
        items.append(Upright("log", True))
        entry = Script(letter("e"), sup=entry)
    sign_ = _BIG_SIGNS.get(tree.kind, _BIG_SIGNS["sum"])
    return Piece(Row((*items, Script(sign_, under, under=True), entry)), Level.SUM, BIG)


def _einsum(tree: Einsum, parts: list[BoxPiece]) -> BoxPiece:
    entries = [
        subscripted(_indicator(part).at(Level.ATOM, fenced), _letters(labels))
        for part, labels in zip(parts, (tree.left, tree.right), strict=True)
    ]
    summed = "".join(label for label in dict.fromkeys(tree.left + tree.right) if label not in tree.output)
    product = Row(tuple(entries))
    if not summed:
        return Piece(product, Level.MATRIX_PRODUCT)
    return Piece(Row((Script(_BIG_SIGNS["sum"], _letters(summed), under=True), product)), Level.SUM, BIG)


def _letters(labels: str) -> Box:
    return Row(tuple(letter(label) for label in labels))


def _where(tree: Where, parts: list[BoxPiece]) -> BoxPiece:
    condition, value, otherwise = parts
    holds = Piece[Box](fenced(condition.content, SQUARE_BRACKETS))
    if tree.parts[2] == Number(0):
        if tree.parts[1] == Number(1):
            return holds
        if _is_number(tree.parts[1]):
            return Piece(beside(value.at(Level.POWER, fenced), holds.content), Level.MATRIX_PRODUCT)
        return entry_by_entry(_indicator(value), holds)
    box = CasesBox(value.content, condition.content, otherwise.content)
    return Piece(box, Level.SUM)


def _is_number(tree: Tree) -> bool:
    """Return whether a tree is a number for sure."""
    if isinstance(tree, Fraction):
        return all(isinstance(part, (Number, Size)) for part in tree.parts)
    return isinstance(tree, (Number, Size))


def _index(tree: Index, parts: list[BoxPiece]) -> BoxPiece:
    x, *keys = parts
    if isinstance(tree.parts[0], Call) and tree.parts[0].function == "slogdet":
        return part_of_slogdet(tree.parts[1], x)
    if [type(key) for key in tree.parts[1:]] == [Range, NewAxis] and tree.parts[1] == Range():
        # A column, as wide as its surroundings.
        ones = superscripted(_ONES, TOP)
        return Piece(beside(x.at(Level.MATRIX_PRODUCT, fenced), ones), Level.MATRIX_PRODUCT, "@")
    return Piece(subscripted(x.at(Level.ATOM, fenced), listed([key.content for key in keys])), Level.POWER)


def _range(tree: Range, parts: list[BoxPiece]) -> BoxPiece:
    ends: list[Box] = [Row(()) if end is None else typeset(size_tree(end)) for end in (tree.start, tree.stop)]
    items = [ends[0], sign(":"), ends[1]]
    if tree.step is not None:
        items += [sign(":"), number_box(tree.step)]
    return Piece(Row(tuple(items)))


def _pick_labels(tree: PickLabels, parts: list[BoxPiece]) -> BoxPiece:
    x, labels, _ = parts
    row = letter("i")
    label = subscripted(labels.at(Level.ATOM, fenced), row)
    return Piece(subscripted(x.at(Level.ATOM, fenced), listed([row, label])), Level.POWER)


_RULES: dict[type[Tree], Callable[[Any, list[BoxPiece]], BoxPiece]] = {
    Name: _name,
    Number: _number,
    Size: lambda tree, parts: fold(size_tree(tree.size), _piece),
    Word: lambda tree, parts: Piece(Upright(tree.word)),
    Literal: lambda tree, parts: Piece(literal_box(tree)),
    Group: lambda tree, parts: Piece(fenced(listed([part.content for part in parts]))),
    Call: typeset_call,
    Infix: _infix,
    Negative: _negative,
    Fraction: lambda tree, parts: Piece(Over(parts[0].content, parts[1].content), Level.POWER),
    Power: _power,
    Transpose: lambda tree, parts: _transposed(parts[0]),
    MatrixProduct: _matrix_product,
    Einsum: _einsum,
    Reduce: _reduce,
    Where: _where,
    Index: _index,
    Range: _range,
    NewAxis: lambda tree, parts: Piece(DOT),
    PickLabels: _pick_labels,
}

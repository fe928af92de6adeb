"""Formulas as LaTeX, for math mode with the amsmath package."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from symgrad.formula.boxes import (
    Box,
    CasesBox,
    Fenced,
    MatrixBox,
    Numeral,
    Over,
    Root,
    Row,
    Script,
    Symbol,
    Upright,
)

_COMMANDS = frozenset({
    "arccos", "arcsin", "arctan", "cos", "cosh", "det", "exp", "log", "max", "min", "sin", "sinh", "tan", "tanh",
})  # fmt: skip
"""Functions that LaTeX has commands for."""


def latex(box: Box) -> str:
    """Return a box in LaTeX."""
    return _RULES[type(box)](box)


def latex_lines(lines: list[tuple[Box | None, Box]]) -> str:
    """Return lines `name = value` aligned at the equals signs; a line without a name is only its value."""
    written = [f"{latex(name)} &= {latex(value)}" if name is not None else f"& {latex(value)}" for name, value in lines]
    if len(written) == 1:
        return written[0].replace("&= ", "= ", 1) if lines[0][0] is not None else latex(lines[0][1])
    return "\\begin{aligned}\n" + " \\\\\n".join(written) + "\n\\end{aligned}"


def _escaped(word: str) -> str:
    return re.sub(r"([_#%&$])", r"\\\1", re.sub(r"[\\{}^~]", "", word))


def _upright(box: Upright) -> str:
    if box.is_function:
        return f"\\{box.word}" if box.word in _COMMANDS else f"\\operatorname{{{_escaped(box.word)}}}"
    return f"\\mathrm{{{_escaped(box.word)}}}"


def _is_function(written: str) -> bool:
    """Return whether what is written so far ends with the name of a function."""
    return re.search(r"(\\[a-zA-Z]+|\})$", written) is not None


def _row(box: Row) -> str:
    result = ""
    for item in box.items:
        written = latex(item)
        # A command ends where a letter does not follow; everything else may stand close.
        close = not result or not written or result == "-" or written in (",", ")")
        close = close or (written.startswith("\\left") and _is_function(result))
        result += written if close else f" {written}"
    return result


def _script(box: Script) -> str:
    result = latex(box.base)
    if not isinstance(box.base, (Symbol, Upright, Numeral, Fenced, Root)):
        result = f"{{{result}}}"
    if box.sub is not None:
        result += f"_{{{latex(box.sub)}}}"
    return result if box.sup is None else f"{result}^{{{latex(box.sup)}}}"


def _root(box: Root) -> str:
    degree = "" if box.degree is None else f"[{latex(box.degree)}]"
    return f"\\sqrt{degree}{{{latex(box.inside)}}}"


def _fenced(box: Fenced) -> str:
    separator = " " if box.left.latex.startswith("\\") else ""
    return f"\\left{box.left.latex}{separator}{latex(box.inside)}\\right{box.right.latex}"


def _cases(box: CasesBox) -> str:
    value, condition, otherwise = latex(box.value), latex(box.condition), latex(box.otherwise)
    return f"\\begin{{cases}} {value} & \\text{{if }} {condition} \\\\ {otherwise} & \\text{{otherwise}} \\end{{cases}}"


def _matrix(box: MatrixBox) -> str:
    rows = " \\\\ ".join(" & ".join(latex(entry) for entry in row) for row in box.rows)
    return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}"


_RULES: dict[type[Box], Callable[[Any], str]] = {
    Symbol: lambda box: box.latex,
    Upright: _upright,
    Numeral: lambda box: box.digits,
    Row: _row,
    Over: lambda box: f"\\frac{{{latex(box.numerator)}}}{{{latex(box.denominator)}}}",
    Script: _script,
    Root: _root,
    Fenced: _fenced,
    CasesBox: _cases,
    MatrixBox: _matrix,
}

"""Formulas as MathML (presentation), which browsers show."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
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

_APPLY = "<mo>&#x2061;</mo>"  # function application, which has no ink


def mathml(box: Box) -> str:
    """Return a box in MathML."""
    return _RULES[type(box)](box)


def mathml_lines(lines: list[tuple[Box | None, Box]]) -> str:
    """Return lines `name = value` as one `math` element; a line without a name is only its value."""
    rows: list[str] = []
    for name, value in lines:
        left = "" if name is None else mathml(name)
        right = mathml(value) if name is None else f"<mrow><mo>=</mo>{mathml(value)}</mrow>"
        rows.append(
            f'<mtr><mtd style="text-align: right">{left}</mtd><mtd style="text-align: left">{right}</mtd></mtr>'
        )
    if len(lines) > 1:
        inner = f'<mtable displaystyle="true">{"".join(rows)}</mtable>'
    else:
        ((name, value),) = lines
        inner = mathml(value) if name is None else f"<mrow>{mathml(name)}<mo>=</mo>{mathml(value)}</mrow>"
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{inner}</math>'


def _symbol(box: Symbol) -> str:
    if box.character.isspace():
        return '<mspace width="0.17em"/>'
    tag = "mo" if box.is_sign else "mi"
    return f"<{tag}>{escape(box.character)}</{tag}>"


def _upright(box: Upright) -> str:
    return f'<mi mathvariant="normal">{escape(box.word)}</mi>' + (_APPLY if box.is_function else "")


def _script(box: Script) -> str:
    base = mathml(box.base).removesuffix(_APPLY)
    sub, sup = (None if part is None else mathml(part) for part in (box.sub, box.sup))
    if sub is not None and sup is not None:
        return f"<msubsup>{base}{sub}{sup}</msubsup>"
    if sub is not None:
        return f"<munder>{base}{sub}</munder>" if box.under else f"<msub>{base}{sub}</msub>"
    return f"<msup>{base}{sup}</msup>"


def _fenced(box: Fenced) -> str:
    left, right = (f'<mo fence="true">{escape(bracket.character)}</mo>' for bracket in (box.left, box.right))
    return f"<mrow>{left}{mathml(box.inside)}{right}</mrow>"


def _root(box: Root) -> str:
    inside = mathml(box.inside)
    return f"<msqrt>{inside}</msqrt>" if box.degree is None else f"<mroot>{inside}{mathml(box.degree)}</mroot>"


def _table(rows: list[list[str]]) -> str:
    cells = ("".join(f"<mtd>{cell}</mtd>" for cell in row) for row in rows)
    return f"<mtable>{''.join(f'<mtr>{row}</mtr>' for row in cells)}</mtable>"


def _cases(box: CasesBox) -> str:
    rows = [
        [mathml(box.value), f"<mrow><mtext>if&#xA0;</mtext>{mathml(box.condition)}</mrow>"],
        [mathml(box.otherwise), "<mtext>otherwise</mtext>"],
    ]
    return f'<mrow><mo fence="true">{{</mo>{_table(rows)}</mrow>'


def _matrix(box: MatrixBox) -> str:
    table = _table([[mathml(entry) for entry in row] for row in box.rows])
    return f'<mrow><mo fence="true">(</mo>{table}<mo fence="true">)</mo></mrow>'


_RULES: dict[type[Box], Callable[[Any], str]] = {
    Symbol: _symbol,
    Upright: _upright,
    Numeral: lambda box: f"<mn>{escape(box.digits)}</mn>",
    Row: lambda box: f"<mrow>{''.join(mathml(item) for item in box.items)}</mrow>",
    Over: lambda box: f"<mfrac>{mathml(box.numerator)}{mathml(box.denominator)}</mfrac>",
    Script: _script,
    Root: _root,
    Fenced: _fenced,
    CasesBox: _cases,
    MatrixBox: _matrix,
}

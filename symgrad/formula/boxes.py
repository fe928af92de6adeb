"""Boxes: how mathematics stands on the page, whatever language it is then written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symgrad.formula.text import number_text


@dataclass(frozen=True)
class Box:
    """Something that takes its place on the page."""


@dataclass(frozen=True)
class Symbol(Box):
    """A letter or a sign, in LaTeX's words and as a character. Signs are operators, relations and brackets."""

    latex: str
    character: str
    is_sign: bool = False


@dataclass(frozen=True)
class Upright(Box):
    """A word: the name of a function or of something with more than one letter."""

    word: str
    is_function: bool = False


@dataclass(frozen=True)
class Numeral(Box):
    digits: str


@dataclass(frozen=True)
class Row(Box):
    """Boxes side by side."""

    items: tuple[Box, ...]


@dataclass(frozen=True)
class Over(Box):
    """A fraction."""

    numerator: Box
    denominator: Box


@dataclass(frozen=True)
class Script(Box):
    """A box with a subscript, a superscript or both; `under` puts the subscript below it, as sums have it."""

    base: Box
    sub: Box | None = None
    sup: Box | None = None
    under: bool = False


@dataclass(frozen=True)
class Root(Box):
    """A root: the square root, or the one of `degree`."""

    inside: Box
    degree: Box | None = None


@dataclass(frozen=True)
class Fenced(Box):
    """A box between brackets that grow with it."""

    left: Symbol
    inside: Box
    right: Symbol


@dataclass(frozen=True)
class CasesBox(Box):
    """A value under a condition, another one otherwise."""

    value: Box
    condition: Box
    otherwise: Box


@dataclass(frozen=True)
class MatrixBox(Box):
    """Entries in rows."""

    rows: tuple[tuple[Box, ...], ...]


def sign(latex: str, character: str = "") -> Symbol:
    """Return an operator, a relation or a bracket."""
    return Symbol(latex, character or latex, True)


THIN_SPACE = sign(r"\,", "\u2009")
DOT = sign(r"\cdot", "·")
COMMA = sign(",")
PARTIAL = Symbol(r"\partial", "∂")
TOP = sign(r"\top", "⊤")
PARENTHESES = (sign("("), sign(")"))
SQUARE_BRACKETS = (sign("["), sign("]"))
BARS = (sign(r"\lvert", "|"), sign(r"\rvert", "|"))
DOUBLE_BARS = (sign(r"\lVert", "‖"), sign(r"\rVert", "‖"))
FLOOR = (sign(r"\lfloor", "⌊"), sign(r"\rfloor", "⌋"))
CEILING = (sign(r"\lceil", "⌈"), sign(r"\rceil", "⌉"))

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip


def fenced(box: Box, brackets: tuple[Symbol, Symbol] = PARENTHESES) -> Fenced:
    """Return a box in brackets."""
    return Fenced(brackets[0], box, brackets[1])


def letter(name: str) -> Box:
    """Return a letter, Latin or Greek, or a word for a longer name."""
    if name in _GREEK:
        return Symbol(f"\\{name}", _GREEK[name])
    return Symbol(name, name) if len(name) == 1 and name.isalpha() else Upright(name)


def name_box(name: str) -> Box:
    """Return a name as mathematics writes it: W1 has an index, dL/dW is a derivative, alpha is a Greek letter."""
    derivative = re.fullmatch(r"d([^/]+)/d(.+)", name)
    if derivative:
        above, below = (Row((PARTIAL, name_box(part))) for part in derivative.groups())
        return Over(above, below)
    indexed = re.fullmatch(r"([A-Za-z]+?)_?(\d+)", name)
    if indexed and (len(indexed[1]) == 1 or indexed[1] in _GREEK):
        return Script(letter(indexed[1]), Numeral(indexed[2]))
    indexed = re.fullmatch(r"([A-Za-z]+)_(\w+)", name)
    if indexed and (len(indexed[1]) == 1 or indexed[1] in _GREEK):
        return Script(letter(indexed[1]), letter_or_digits(indexed[2]))
    return letter(name)


def letter_or_digits(text: str) -> Box:
    """Return an index: digits, a letter or a word."""
    return Numeral(text) if text.isdigit() else letter(text)


def number_box(value: float | int | bool) -> Box:
    """Return a number; powers of ten where Python writes an e."""
    written = number_text(value)
    if written in ("nan", "True", "False"):
        return Upright(written)
    negative = written.startswith("-")
    body = written.lstrip("-")
    box: Box = Symbol(r"\infty", "∞") if body == "inf" else Numeral(body)
    mantissa, e, exponent = body.partition("e")
    if e:
        power = Script(Numeral("10"), sup=number_box(int(exponent)))
        box = power if mantissa in ("1", "1.0") else Row((Numeral(mantissa), DOT, power))
    return Row((sign("-", "−"), box)) if negative else box


def beside(left: Box, right: Box) -> Row:
    """Return two factors side by side, kept apart where they would run together."""
    between: tuple[Box, ...] = ()
    if isinstance(_edge(right, 0), Numeral):
        between = (DOT,)
    elif isinstance(_edge(left, -1), Upright) or isinstance(_edge(right, 0), Upright):
        between = (THIN_SPACE,)
    return Row((left, *between, right))


def _edge(box: Box, side: int) -> Box:
    """Return the first (side 0) or the last (side -1) box of a row."""
    while isinstance(box, (Row, Script)):
        box = box.items[side] if isinstance(box, Row) else box.base
    return box


def subscripted(box: Box, sub: Box) -> Box:
    """Return a box with an index; in brackets if it has one already."""
    if isinstance(box, Script):
        box = fenced(box)
    return Script(box, sub)


def superscripted(box: Box, sup: Box) -> Box:
    """Return a box with an exponent, beside the index that it may have."""
    if isinstance(box, Script) and box.sup is None and not box.under:
        return Script(box.base, box.sub, sup)
    return Script(box, sup=sup)


def listed(boxes: list[Box]) -> Row:
    """Return boxes with commas between them."""
    items: list[Box] = []
    for box in boxes:
        items += [COMMA, box] if items else [box]
    return Row(tuple(items))

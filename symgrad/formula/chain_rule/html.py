"""Derivations as HTML: a table a step, formulas in MathML; nothing is loaded, and no style leaks into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from symgrad.formula.chain_rule.records import Derivation, Formula, Step, name_formula
from symgrad.formula.chain_rule.text import remarks, shapes_text
from symgrad.shapes import format_shape

_LINE = "1px solid rgba(128, 128, 128, 0.35)"
_TABLE = f"border-collapse: collapse; margin: 0 0 1.2em 0; border: {_LINE}; width: 48em; max-width: 100%"
_HEAD = (
    f"text-align: left; font-weight: 600; padding: 0.45em 0.8em; background: rgba(128, 128, 128, 0.12); border: {_LINE}"
)
_KIND = "text-align: left; vertical-align: top; padding: 0.35em 0.8em; width: 6em; opacity: 0.75"
_CELL = "text-align: left; vertical-align: top; padding: 0.35em 0.8em"
_NOTE = "font-size: 90%; opacity: 0.75"
_MATH = re.compile(r"^<math[^>]*>|</math>$")


def html(derivation: Derivation, most_steps: int | None = None) -> str:
    """Return a derivation as a fragment of HTML; of more than `most_steps` steps only the first."""
    loss = derivation.loss
    shown = derivation.steps if most_steps is None else derivation.steps[:most_steps]
    parts = [f"<p>{_equation(f'd{loss}/d{loss}', '=', '<mn>1</mn>')}</p>"]
    parts += [_table(number, step) for number, step in enumerate(shown, 1)]
    left_out = len(derivation.steps) - len(shown)
    if left_out:
        parts.append(f"<p>… and {left_out} more steps: print the derivation, or use its html().</p>")
    for name in derivation.unreached:
        zero = _equation(f"d{loss}/d{name}", "=", "<mn>0</mn>")
        parts.append(f"<p>{zero}: {escape(loss)} does not depend on {escape(name)}</p>")
    return f'<div style="overflow-x: auto">{"".join(parts)}</div>'


def _table(number: int, step: Step) -> str:
    head = f"{number}. {_equation(step.name, '=', _inner(step.formula))}"
    rows = "".join(_rows(step))
    return (
        f'<table style="{_TABLE}"><tr><th colspan="2" style="{_HEAD}">{head}</th>'
        f'<td style="{_HEAD}">{escape(shapes_text(step).replace("->", "→"))}</td></tr>{rows}</table>'
    )


def _rows(step: Step) -> Iterator[str]:
    yield _row("rule", escape(step.rule))
    yield _row("upstream", _math(_inner(step.upstream)), format_shape(step.gate.shape))
    for d in step.downstream:
        if d.local is not None:
            yield _row("local", _equation(f"d{step.name}/d{d.name}", "=", _inner(d.local)))
    for d in step.downstream:
        notes = "".join(f'<div style="{_NOTE}">{escape(remark)}</div>' for remark in remarks(d))
        equation = _math(f"{_inner(d.gradient)}<mo>{'=' if d.use == 1 else '+='}</mo>{_inner(d.formula)}")
        yield _row("downstream", equation + notes, format_shape(d.source.shape))
    for avoided in step.avoided:
        yield _row("avoided", escape(avoided))


def _row(kind: str, what: str, shape: str | None = None) -> str:
    """Return what a line of the table is, what it says, and a shape; without one, words take its room."""
    if shape is None:
        cells = f'<td colspan="2" style="{_CELL}">{what}</td>'
    else:
        cells = f'<td style="{_CELL}">{what}</td><td style="{_CELL}; width: 15em">{escape(shape)}</td>'
    return f'<tr><th style="{_KIND}">{kind}</th>{cells}</tr>'


def _equation(name: str, relation: str, value: str) -> str:
    return _math(f"{_inner(name_formula(name))}<mo>{relation}</mo>{value}")


def _math(inner: str) -> str:
    """Return MathML that stands in the line, with fractions of full size."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" displaystyle="true"><mrow>{inner}</mrow></math>'


def _inner(formula: Formula) -> str:
    """Return what is inside the `math` element of a formula."""
    return _MATH.sub("", formula.mathml())

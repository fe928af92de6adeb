"""Derivations as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgrad.formula.chain_rule.records import Derivation, Step, name_formula
from symgrad.formula.chain_rule.text import remarks, shapes_text
from symgrad.shapes import format_shape

_BETWEEN_STEPS = " \\\\[1.5ex]\n"


def latex(derivation: Derivation) -> str:
    """Return a derivation as one `aligned` block: name, formula, and what the line is."""
    loss = derivation.loss
    blocks = [f"{name_formula(f'd{loss}/d{loss}').latex()} &= 1"]
    blocks += [" \\\\\n".join(_step_rows(number, step)) for number, step in enumerate(derivation.steps, 1)]
    for name in derivation.unreached:
        note = f"{loss} does not depend on {name}"
        blocks.append(f"{name_formula(f'd{loss}/d{name}').latex()} &= 0 && {_words(note)}")
    return f"\\begin{{aligned}}\n{_BETWEEN_STEPS.join(blocks)}\n\\end{{aligned}}"


def _step_rows(number: int, step: Step) -> Iterator[str]:
    yield f"& {_words(f'{number}. {step.rule}', 'textbf')}"
    shapes = " \\to ".join(_words(part) for part in shapes_text(step).split(" -> "))
    yield f"{name_formula(step.name).latex()} &= {step.formula.latex()} && {shapes}"
    yield f"{step.upstream.latex()} & && {_words(f'upstream, {format_shape(step.gate.shape)}')}"
    for d in step.downstream:
        if d.local is not None:
            yield f"{name_formula(f'd{step.name}/d{d.name}').latex()} &= {d.local.latex()} && {_words('local')}"
    for d in step.downstream:
        relation = "=" if d.use == 1 else r"\mathrel{+}="
        note = ", ".join(["downstream", format_shape(d.source.shape), *remarks(d)])
        yield f"{d.gradient.latex()} &{relation} {d.formula.latex()} && {_words(note)}"
    for avoided in step.avoided:
        yield f"& {_words(f'avoided: {avoided}')}"


def _words(words: str, command: str = "text") -> str:
    return f"\\{command}{{{escape_text(words)}}}"


def escape_text(words: str) -> str:
    r"""Return words for \text and \textbf, the signs that LaTeX uses escaped.

    >>> print(escape_text("50 % of h_1"))
    50 \% of h\_1
    """
    words = words.replace("\\", "")
    return re.sub(r"([_#%&${}])", r"\\\1", words).replace("^", r"\^{}").replace("~", r"\~{}")

"""The records of a derivation: formulas that every style prints, steps, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symgrad.formula.document import Document
from symgrad.formula.naming import identifier
from symgrad.formula.notation import Name, Number
from symgrad.formula.styles import print_document, print_readable
from symgrad.shapes import Shape
from symgrad.tensor import Tensor

_MOST_STEPS_IN_A_NOTEBOOK = 40


@dataclass(frozen=True)
class Formula:
    """A formula that can be printed in every style; `str` of it is the text, on one line and with the users' names."""

    document: Document

    def __str__(self) -> str:
        return print_readable(self.document)

    def latex(self) -> str:
        """Return the formula as LaTeX for math mode."""
        return print_document(self.document, "latex")

    def mathml(self) -> str:
        """Return the formula as a MathML `math` element."""
        return print_document(self.document, "mathml")


def name_formula(name: str) -> Formula:
    """Return the formula that is only a name.

    >>> print(name_formula("dL/dW1").latex())
    \\frac{\\partial L}{\\partial W_{1}}
    """
    return Formula(Document((), (Name(identifier(name), name),), {}, {}))


def number_formula(value: float | int | bool) -> Formula:
    """Return the formula that is only a number."""
    return Formula(Document((), (Number(value),), {}, {}))


@dataclass(frozen=True)
class Downstream:
    """What a gate hands back to one of its inputs.

    `gradient` is the name of the gradient of the source, `formula` what this use adds to it. `local` is the local
    derivative of an elementwise gate, None for any other. `use` counts the uses of the source so far, of `uses` in
    all. `repeated` says that the source was broadcast, so that its gradient is a sum.
    """

    source: Tensor
    name: str
    gradient: Formula
    formula: Formula
    local: Formula | None
    use: int
    uses: int
    repeated: bool


@dataclass(frozen=True)
class Step:
    """One gate of the chain rule: what it computes, what comes from above, the rule, and what it hands down.

    `avoided` says which Jacobians would have been built without the rule, and what memory they would take.
    """

    gate: Tensor
    name: str
    formula: Formula
    upstream: Formula
    rule: str
    downstream: tuple[Downstream, ...]
    avoided: tuple[str, ...]


@dataclass(frozen=True)
class Derivation:
    """The chain rule from a loss to the tensors it is differentiated by; `str` of it is the text.

    `shapes` are those of all tensors by name, and `unreached` the names of tensors that the loss does not depend on.
    """

    loss: str
    shapes: Mapping[str, Shape]
    steps: tuple[Step, ...]
    unreached: tuple[str, ...]

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Return the derivation as text: for each gate the derivatives, the rule, and all shapes."""
        from symgrad.formula.chain_rule.text import text

        return text(self)

    def latex(self) -> str:
        """Return the derivation as LaTeX, one `aligned` block for math mode with amsmath and amssymb.

        >>> import symgrad as sg
        >>> W, x = sg.variable("W", (2, 3)), sg.variable("x", (3,))
        >>> rows = sg.derivation(sg.sum((W @ x).named("y")), W).latex().splitlines()
        >>> print(rows[9].partition(' && ')[0])
        \\frac{\\partial L}{\\partial W} &= \\frac{\\partial L}{\\partial y} x^{\\top}
        """
        from symgrad.formula.chain_rule.latex import latex

        return latex(self)

    def html(self, most_steps: int | None = None) -> str:
        """Return the derivation as a fragment of HTML: a table a step, formulas in MathML, no script, no style sheet.

        `most_steps` leaves out the rest of a long derivation, and says so.
        """
        from symgrad.formula.chain_rule.html import html

        return html(self, most_steps)

    def _repr_html_(self) -> str:
        return self.html(_MOST_STEPS_IN_A_NOTEBOOK)

"""Formulas: graphs as text, LaTeX and MathML that people can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symgrad.formula.derivation import Derivation
    from symgrad.tensor import Tensor

# What writes formulas is loaded with the first one: it takes as long as all the rest of the symbolic half.


def formula(expr: Any, style: str = "text", *, expand: bool = False) -> str:
    """Write a tensor, or every tensor of a nesting, as a formula.

    Parameters
    ----------
    expr: a tensor, or a dict, list or tuple of tensors (nested as you like). An entry of a dict is a line called by its
        key.
    style: "text", Python over NumPy (`symgrad.formula.text_names` says what its words mean); "latex", for math mode
        with amsmath; or "mathml", a `math` element.
    expand: write each tensor as one closed formula, without lines for its parts.

    Tensors that the user named, and those used more than once, stand on lines of their own: `name = value`. Names that
    Python does not allow are changed in text only: dL/dh is called dL_dh there.

    The graph is brought into the form a textbook would print: like terms are collected, numbers stand in front,
    products with a common factor are merged, diagonal matrices are multiplied out. Values stay the same up to rounding
    where they are finite. A variable that was declared symmetric is written without a transpose.

    Raises GraphError for what is not a tensor, for an unknown style, and for a closed formula that would fill volumes.

    >>> import symgrad as sg
    >>> A, x, b = sg.variable("A", (4, 3)), sg.variable("x", (3,)), sg.variable("b", (4,))
    >>> gradient = sg.grad(sg.sum((A @ x - b) ** 2), x)
    >>> print(formula(gradient))
    2 * A.T @ (A @ x - b)
    >>> print(formula({"dL/dx": gradient}, style="latex"))
    \\frac{\\partial L}{\\partial x} = 2 A^{\\top}\\left(A x - b\\right)
    >>> h = sg.nn.softmax(x).named("h")
    >>> print(formula(sg.sum(h**2), expand=True))
    sum(softmax(x)**2)
    """
    from symgrad.formula.styles import write_formula

    return write_formula(expr, style, expand)


def summary(x: Tensor) -> str:
    """Return a tensor in one line, for messages and the prompt: its formula if that is short, its dtype and its shape.

    >>> import symgrad as sg
    >>> X, W = sg.variable("X", (5, 4)), sg.variable("W", (4, 3))
    >>> sg.exp(X @ W)
    <exp(X @ W): float64 (5, 3)>
    """
    from symgrad.formula.styles import write_summary

    return write_summary(x)


def notebook_latex(x: Tensor) -> str | None:
    """Return the formula of a tensor for notebooks; None where it would fill pages: they show its summary then."""
    from symgrad.formula.styles import write_notebook_latex

    return write_notebook_latex(x)


def derivation(loss: Tensor, wrt: Any) -> Derivation:
    """Write out the chain rule from a loss back to `wrt`, gate by gate.

    Parameters
    ----------
    loss: a floating tensor without axes.
    wrt: a tensor, or a nesting of tensors.

    Returns a Derivation: printing it shows for each gate the local, upstream and downstream derivatives, their shapes
    and the rule; its `steps` hold the parts. The gates are those that were written. For every product the Jacobian that
    is never built is named, with the memory it would take.

    >>> import symgrad as sg
    >>> W, x = sg.variable("W", (2, 3)), sg.variable("x", (3,))
    >>> print(derivation(sg.sum((W @ x).named("y")), W))
    dL/dL = 1
    <BLANKLINE>
    1. L = sum(y)    (2,) -> ()
       upstream    dL/dL    ()
       downstream  dL/dy = broadcast_to(dL/dL, (2,))    (2,)
       rule        sum distributes: every term gets the upstream gradient
    <BLANKLINE>
    2. y = W @ x    (2, 3), (3,) -> (2,)
       upstream    dL/dy    (2,)
       downstream  dL/dW = outer(dL/dy, x)    (2, 3)
       rule        product: each factor gets the upstream gradient times the other, transposed so that the shapes fit
       avoided     the Jacobian dy/dW, (2, 2, 3), would take 96 bytes in float64
    """
    from symgrad.formula.derivation import derive

    return derive(loss, wrt)

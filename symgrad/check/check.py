"""The door: a gradient check of a symbolic loss, or of any Python function with a gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from symgrad.check.probe import probe
from symgrad.check.report import GradientCheck
from symgrad.check.subject import function_subject, graph_subject
from symgrad.errors import GradientError
from symgrad.tensor import Tensor


def check_grad(loss: Any, wrt: Any = None, *, at: Any, grad: Any = None, seed: int = 0) -> GradientCheck:
    """Check a gradient against differences of the function itself.

    Parameters
    ----------
    loss: a symbolic tensor without axes, or a Python function of one argument: an array or a nesting of arrays.
    wrt: for a symbolic loss, what it is differentiated by: a tensor or a nesting of tensors.
    grad: for a Python function, the function that returns its claimed gradient, in the nesting of its argument.
    at: the point: for a symbolic loss an array for each variable, for a function its argument.
    seed: chooses the random directions.

    Every slope is measured by central differences over a ladder of steps, extrapolated to step 0, with an estimate of
    its error; it is called wrong where claim and measurement differ by more than that error and the rounding of the
    claim can explain, never by a fixed tolerance. Arrays of up to 24 entries are checked entry by entry; larger ones
    along random directions, in which every entry takes part, and a disagreement is followed down to the entry.
    float32 models are checked in float64: their rounding is no error of the formula. At kinks any slope between those
    to both sides is right.

    Returns a GradientCheck: `passed`, `print(r)`, `to_dict()`. NaN and infinities never pass.

    >>> import numpy as np, symgrad as sg
    >>> x = sg.variable("x", (2,))
    >>> print(check_grad(sg.sum(sg.sin(x)).named("L"), x, at={x: [0.5, 1.0]}))
    gradient of L by x: correct to ... digits (2 entries, ... evaluations)
    >>> check_grad(lambda x: (x**2).sum(), grad=lambda x: 3 * x, at=np.array([1.0, 2.0])).passed
    False
    """
    if isinstance(loss, Tensor):
        if grad is not None:
            raise GradientError("a symbolic loss has its gradient derived: give wrt, not grad")
        if not isinstance(at, Mapping):
            raise GradientError("at gives an array for each variable of a symbolic loss, as in at={x: array}")
        subject = graph_subject(loss, wrt, at)
    elif callable(loss):
        if grad is None or wrt is not None:
            raise GradientError(
                "a Python function is checked with the function of its gradient: check_grad(f, grad=g, at=x)"
            )
        subject = function_subject(loss, grad, at)
    else:
        raise GradientError(f"a symbolic tensor or a function can be checked, not {type(loss).__name__}")
    numbers = range(len(subject.parameters)) if math.isfinite(subject.at_point) else ()
    findings = tuple(probe(subject, number, seed) for number in numbers)
    return GradientCheck(subject.name, subject.at_point, findings, subject.kinks)

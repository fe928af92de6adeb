"""Derivations as text."""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.formula.chain_rule.records import Derivation, Downstream, Step
from symgrad.shapes import format_shape


def text(derivation: Derivation) -> str:
    """Return a derivation as text."""
    loss = derivation.loss
    lines = [f"d{loss}/d{loss} = 1"]
    for number, step in enumerate(derivation.steps, 1):
        lines += ["", *_step_lines(number, step)]
    for name in derivation.unreached:
        lines += ["", f"d{loss}/d{name} = 0: {loss} does not depend on {name}"]
    return "\n".join(lines)


def shapes_text(step: Step) -> str:
    """Return the shapes of the inputs and the result of a gate.

    >>> import symgrad as sg
    >>> W, x = sg.variable("W", (2, 3)), sg.variable("x", (3,))
    >>> shapes_text(sg.derivation(sg.sum(W @ x), x).steps[1])
    '(2, 3), (3,) -> (2,)'
    """
    return f"{', '.join(format_shape(x.shape) for x in step.gate.inputs)} -> {format_shape(step.gate.shape)}"


def remarks(downstream: Downstream) -> Iterator[str]:
    """Yield why a gradient is a sum: the source has several uses, or was broadcast."""
    name = downstream.name
    if downstream.uses > 1:
        yield f"copies add up: this is use {downstream.use} of {downstream.uses} of {name}"
    if downstream.repeated:
        yield f"{name} was repeated, a copy too: its gradient is the sum over the repeats"


def _step_lines(number: int, step: Step) -> Iterator[str]:
    yield f"{number}. {step.name} = {step.formula}    {shapes_text(step)}"
    yield f"   upstream    {step.upstream}    {format_shape(step.gate.shape)}"
    for d in step.downstream:
        if d.local is not None:
            yield f"   local       d{step.name}/d{d.name} = {d.local}"
    for d in step.downstream:
        equals = "=" if d.use == 1 else "+="
        yield f"   downstream  {d.gradient} {equals} {d.formula}    {format_shape(d.source.shape)}"
        for remark in remarks(d):
            yield f"               {remark}"
    yield f"   rule        {step.rule}"
    for avoided in step.avoided:
        yield f"   avoided     {avoided}"

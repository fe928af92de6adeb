"""What a check found, for people and for tools."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from symgrad.check.compare import Comparison, Status
from symgrad.check.probe import Findings

_MOST_LINES = 5


@dataclass(frozen=True)
class GradientCheck:
    """The result of a gradient check.

    `verdict` is "correct", "wrong", or "undecided" where errors in the function's values hide its slopes. Print it
    for the report.
    """

    function: str
    value: float
    findings: tuple[Findings, ...]
    kinks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the gradient is correct as far as differences can tell."""
        return self.verdict == "correct"

    @property
    def verdict(self) -> str:
        """One of "correct", "wrong" and "undecided"."""
        if not math.isfinite(self.value) or any(found.nonfinite or _wrong(found) for found in self.findings):
            return "wrong"
        undecided = [found for found in self.findings if found.comparisons and not _decided(found)]
        return "undecided" if undecided else "correct"

    @property
    def digits(self) -> int:
        """The number of digits to which all slopes agree that differences can confirm; 0 if there is none of these."""
        return int(min((c.digits for found in self.findings for c in found.comparisons if c.confirmed), default=0.0))

    @property
    def worst(self) -> tuple[str, Comparison] | None:
        """The parameter and the comparison that agree least, wrong ones first."""
        ranked = [(found.parameter.name, c) for found in self.findings for c in found.comparisons]
        order = list(Status)
        return max(ranked, key=lambda pair: (order.index(pair[1].status), -pair[1].digits), default=None)

    @property
    def evaluations(self) -> int:
        """How often the function was evaluated."""
        return sum(found.evaluations for found in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers, strings, lists and dictionaries."""
        worst = self.worst
        return {
            "function": self.function,
            "value": self.value,
            "passed": self.passed,
            "verdict": self.verdict,
            "digits": self.digits,
            "evaluations": self.evaluations,
            "kinks": list(self.kinks),
            "worst": None if worst is None else {"parameter": worst[0], **_plain(worst[1])},
            "parameters": [
                {
                    "name": found.parameter.name,
                    "shape": list(found.parameter.point.shape),
                    "nonfinite": [list(place) for place in found.nonfinite],
                    "noise": found.noise,
                    "entries": [_plain(c) for c in found.entries],
                    "directions": [_plain(c) for c in found.directions],
                    "beside": [_plain(c) for c in found.beside],
                }
                for found in self.findings
            ],
        }

    def __str__(self) -> str:
        if not math.isfinite(self.value):
            return f"gradient of {self.function}: WRONG\n  the function itself is {self.value} at this point"
        names = ", ".join(found.parameter.name for found in self.findings)
        lines = [f"gradient of {self.function} by {names}: {self._verdict()} ({self._effort()})"]
        for found in self.findings:
            lines += _lines(found)
        if self.kinks:
            lines.append("  at a kink at this point: " + ", ".join(self.kinks))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = {"correct": "#0b7a2f", "wrong": "#c4161c", "undecided": "#a85b00"}[self.verdict]
        return f'<pre style="border-left: 4px solid {colour}; padding-left: 0.8em">{escape(str(self))}</pre>'

    def _verdict(self) -> str:
        if self.verdict != "correct":
            return self.verdict.upper()
        if all(not np.any(found.parameter.claimed) for found in self.findings):
            return "correct: zero"
        return f"correct to {self.digits} digits" if self.digits else "correct"

    def _effort(self) -> str:
        entries = sum(len(found.entries) for found in self.findings)
        directions = sum(len(found.directions) for found in self.findings)
        along = f", {directions} directions" if directions else ""
        return f"{entries} entries{along}, {self.evaluations:,} evaluations"


def _wrong(found: Findings) -> list[Comparison]:
    return [c for c in found.comparisons if c.status is Status.WRONG]


def _decided(found: Findings) -> bool:
    return any(c.status in (Status.CORRECT, Status.KINK) for c in found.comparisons)


def _lines(found: Findings) -> list[str]:
    """Return what is to be said about a parameter beyond "correct"."""
    name, shape = found.parameter.name, found.parameter.point.shape
    if found.nonfinite:
        places = ", ".join(f"{name}{_subscript(place)}" for place in found.nonfinite[:_MOST_LINES])
        return [
            f"  {name} {shape}: NaN or infinite in {len(found.nonfinite)} of {found.parameter.point.size}: {places}"
        ]
    wrong = sorted(_wrong(found), key=lambda c: c.digits)
    named = [c for c in wrong if c.index is not None]
    lines: list[str] = []
    if named:
        looked_at = sum(c.index is not None for c in found.comparisons)
        lines.append(f"  {name} {shape}: {len(named)} of {looked_at} entries looked at are wrong")
        for c in named[:_MOST_LINES]:
            place = ", a little beside the point" if c in found.beside else ""
            lines += _numbers(f"{name}{_subscript(c.index)}{place}", c)
    elif wrong:
        lines.append(f"  {name} {shape}: wrong along a direction, though no single entry stands out")
        lines += _numbers("along it", wrong[0])
    elif found.comparisons and not _decided(found):
        lines.append(
            f"  {name} {shape}: not decidable here: the values of the function are off by about {found.noise:.1e}, "
            "which hides its slopes"
        )
    if any(c.status is Status.KINK for c in found.comparisons):
        beside = "wrong" if any(c.status is Status.WRONG for c in found.beside) else "right"
        lines.append(f"  {name} {shape}: at a kink, between the slopes to both sides; a little beside it: {beside}")
    return lines


def _numbers(what: str, c: Comparison) -> list[str]:
    return [
        f"    {what}:",
        f"      expected   {c.expected:.12g}  (differences, give or take {c.error:.1e})",
        f"      got        {c.got:.12g}",
        f"      difference {c.difference:.3g}; {int(c.digits)} digits agree",
    ]


def _subscript(index: tuple[int, ...] | None) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _plain(c: Comparison) -> dict[str, Any]:
    return {
        "index": None if c.index is None else list(c.index),
        "expected": c.expected,
        "error": c.error,
        "got": c.got,
        "difference": c.difference,
        "digits": c.digits,
        "status": c.status.value,
    }

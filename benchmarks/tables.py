"""Tables, as plain text or Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Rows of text, the first of them the heads, under a title and above notes."""

    title: str
    rows: list[list[str]]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """The table for a terminal."""
        return "\n".join([self.title, "", table(self.rows), *(["", *self.notes] if self.notes else [])])

    def markdown(self) -> str:
        """The table for a page."""
        head, *rows = self.rows
        rule = ["---"] + ["---:"] * (len(head) - 1)
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, rule, *rows)]
        return "\n\n".join([self.title, "\n".join(lines), *self.notes])


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as columns, all but the first right-aligned."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, never in powers of ten; `-` for None.

    >>> number(12345.6), number(0.012345), number(None)
    ('12346', '0.0123', '-')
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"

"""Lettering: numbers and arrays as labels of wires, and how much room text takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.circuit.table import format_number
from symgrad.shapes import format_shape

Array = np.ndarray[Any, Any]
_MOST_ENTRIES = 4
"""Larger tensors are labelled by their range."""
_NARROW = frozenset("iljtfr.,:;'|!()[] ")
_WIDE = frozenset("mwMWΣΠ@…⊗")


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in a sans-serif font of a size; rather too wide than too narrow.

    >>> text_width("il", 10) < text_width("ab", 10) < text_width("MW", 10)
    True
    """
    return size * sum(
        0.32 if letter in _NARROW else 0.95 if letter in _WIDE else 0.72 if letter.isupper() else 0.6 for letter in text
    )


def shortened(text: str, most: int) -> str:
    """Return a text with its end left out if it has more than `most` letters.

    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def array_label(array: Array, precision: int) -> str:
    """Return the entries of a small array, or the range of a large one.

    >>> array_label(np.array([1.0, -2.0]), 2), array_label(np.arange(-6.0, 6.0), 1)
    ('[1.00, −2.00]', '−6.0 … 5.0')
    """
    if array.dtype == np.bool_ and array.size > _MOST_ENTRIES:
        return f"{int(array.sum())} of {array.size} true"
    if array.size > _MOST_ENTRIES:
        missing = int(np.isnan(array).sum())
        if missing:
            return f"{missing} of {array.size} nan"
        low, high = _number(array.min(), precision), _number(array.max(), precision)
        return f"all {low}" if low == high else f"{low} … {high}"
    return _entries(array.tolist(), precision)


def shape_label(array: Array) -> str:
    """Return the shape of an array that is too large to be shown in full, else nothing."""
    return format_shape(array.shape) if array.size > _MOST_ENTRIES else ""


def _entries(value: Any, precision: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_entries(entry, precision) for entry in value)}]"
    return _number(value, precision)


def _number(value: Any, precision: int) -> str:
    if isinstance(value, (bool, int, np.integer, np.bool_)):
        return str(value).replace("-", "−")
    # A negative zero comes from a zero gradient times something negative, and only distracts.
    return format_number(float(value) + 0.0, precision).replace("-", "−")

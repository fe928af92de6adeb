"""Totals: the contributions that a cotangent is made of, added up; those that lie side by side are joined instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from symgrad.families.elementwise import apply
from symgrad.families.layout import Concatenate, Embed, embed, zeros
from symgrad.tensor import Tensor, make


def total(parts: Sequence[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape and dtype.

    What was cut into pieces gets a piece of its cotangent from each: tensors that are zero but for a range along one
    axis, which for ranges that do not overlap are one concatenation.

    >>> import symgrad as sg
    >>> x, y = sg.variable("x", (2,)), sg.variable("y", (3,))
    >>> total([sg.pad(y, (2, 0)), sg.pad(x, (0, 3))]) is sg.concatenate([x, y])
    True
    """
    terms: list[Tensor] = []
    ranges: dict[int, dict[tuple[int, int], Tensor]] = {}
    for part in parts:
        place = _range(part)
        if place is None:
            terms.append(part)
            continue
        axis, bounds = place
        (piece,) = part.inputs
        found = ranges.setdefault(axis, {})
        found[bounds] = apply("add", found[bounds], piece) if bounds in found else piece
    for axis, found in ranges.items():
        terms += _joined(found, axis, parts[0])
    result = terms[0]
    for term in terms[1:]:
        result = apply("add", result, term)
    return result


def _range(part: Tensor) -> tuple[int, tuple[int, int]] | None:
    """Return the axis and the bounds of the range that an embedding fills, if it fills the other axes and is dense."""
    operation: Any = part.operation
    if not isinstance(operation, Embed) or set(operation.steps) != {1}:
        return None
    (piece,) = part.inputs
    cut = [axis for axis in range(part.ndim) if piece.shape[axis] != part.shape[axis]]
    if len(cut) != 1:
        return None
    start, size = operation.starts[cut[0]], piece.shape[cut[0]]
    if not (isinstance(start, int) and isinstance(size, int) and isinstance(part.shape[cut[0]], int)) or not size:
        return None
    return cut[0], (start, start + size)


def _joined(found: dict[tuple[int, int], Tensor], axis: int, whole: Tensor) -> list[Tensor]:
    """Return pieces, which fill ranges along an axis, as tensors of the shape of `whole`: one, if none overlap."""
    ordered = sorted(found.items())
    if any(end > start for ((_, end), _), ((start, _), _) in pairwise(ordered)):
        return [_embedded(piece, bounds[0], axis, whole) for bounds, piece in ordered]
    pieces: list[Tensor] = []
    first = place = ordered[0][0][0]
    for (start, end), piece in ordered:
        if start > place:
            gap = (*whole.shape[:axis], start - place, *whole.shape[axis + 1 :])
            pieces.append(zeros(gap, whole.dtype))
        pieces.append(piece)
        place = end
    joined = pieces[0] if len(pieces) == 1 else make(Concatenate(axis), tuple(pieces))
    return [_embedded(joined, first, axis, whole)]


def _embedded(piece: Tensor, start: int, axis: int, whole: Tensor) -> Tensor:
    if piece.shape[axis] == whole.shape[axis]:
        return piece
    starts = [start if i == axis else 0 for i in range(whole.ndim)]
    return embed(piece, starts, [1] * whole.ndim, whole.shape)

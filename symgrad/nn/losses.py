"""Losses and penalties."""

from __future__ import annotations

from typing import Any

from symgrad.dtypes import is_float
from symgrad.errors import DtypeError, GraphError, ShapeError
from symgrad.families.elementwise import apply
from symgrad.families.indexing import take_along_axis
from symgrad.families.layout import expand_dims, squeeze
from symgrad.families.leaf import as_tensor
from symgrad.families.reduction import logsumexp, mean
from symgrad.families.reduction import sum as sum_
from symgrad.nestings import flatten
from symgrad.shapes import format_shape, same_shape, same_size
from symgrad.tensor import Tensor


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    if not isinstance(reduction, str) or reduction not in ("mean", "sum", "none"):
        raise GraphError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
    return {"mean": mean, "sum": sum_, "none": as_tensor}[reduction](losses)


def _class_indices(scores: Tensor, labels: Tensor) -> bool:
    """Return whether labels are class indices, not probabilities, after checking that they fit the scores."""
    if scores.ndim < 1:
        raise ShapeError("scores need an axis of classes")
    if labels.dtype.kind == "i" and same_shape(labels.shape, scores.shape[:-1]):
        return True
    if is_float(labels.dtype) and same_shape(labels.shape, scores.shape):
        return False
    raise ShapeError(
        f"labels must be integer class indices of shape {format_shape(scores.shape[:-1])} or probabilities of shape "
        f"{format_shape(scores.shape)}, not {labels.dtype.name} of shape {format_shape(labels.shape)}"
    )


def _picked(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the score of each label, with an axis of size 1 in the place of the classes."""
    return take_along_axis(scores, expand_dims(labels, -1), -1)


def cross_entropy(scores: Any, labels: Any, reduction: str = "mean") -> Tensor:
    """Return the softmax cross-entropy, -log(softmax(scores)[label]), computed without overflow.

    Parameters
    ----------
    scores: (..., C), before the softmax.
    labels: class indices (...), integers; or probabilities (..., C), floats.
    reduction: "mean" over the batch, "sum", or "none".

    >>> import symgrad as sg
    >>> s = sg.variable("s", (1, 2))
    >>> sg.evaluate(cross_entropy(s, [0]), {s: [[0.0, 0.0]]}).round(6)
    np.float64(0.693147)
    """
    scores, targets = as_tensor(scores), as_tensor(labels)
    if _class_indices(scores, targets):
        losses = apply("subtract", logsumexp(scores, -1), squeeze(_picked(scores, targets), -1))
    else:
        # sum(p * (logsumexp(s) - s)): right also when the probabilities do not add up to one.
        shifted = apply("subtract", logsumexp(scores, -1, keepdims=True), scores)
        losses = sum_(apply("multiply", targets, shifted), -1)
    return _reduced(losses, reduction)


def hinge(scores: Any, labels: Any, margin: Any = 1, reduction: str = "mean") -> Tensor:
    """Return the multi-class hinge (SVM) loss: the sum over wrong classes j of max(0, s_j - s_label + margin).

    Shapes: scores (..., C), labels (...) class indices (Weston and Watkins, 1999).

    >>> import symgrad as sg
    >>> s = sg.variable("s", (1, 3))
    >>> sg.evaluate(hinge(s, [0]), {s: [[3.2, 5.1, -1.7]]}).round(6)
    np.float64(2.9)
    """
    scores, targets = as_tensor(scores), as_tensor(labels)
    if not _class_indices(scores, targets):
        raise DtypeError("hinge needs class indices, not probabilities")
    margins = apply("relu", apply("add", apply("subtract", scores, _picked(scores, targets)), margin))
    # The label's own term is relu(margin); it is taken out again.
    return _reduced(apply("subtract", sum_(margins, -1), apply("relu", as_tensor(margin, scores.dtype))), reduction)


def squared_error(y: Any, target: Any, reduction: str = "mean") -> Tensor:
    """Return (y - target)**2: the mean over all entries, the sum, or all of them ("none").

    >>> import symgrad as sg
    >>> y = sg.variable("y", (2,))
    >>> sg.evaluate(squared_error(y, [0.0, 0.0], reduction="sum"), {y: [3.0, 4.0]})
    array(25.)
    """
    a, b = as_tensor(y), as_tensor(target)
    if a.ndim != b.ndim or not all(same_size(m, n) for m, n in zip(a.shape, b.shape, strict=True)):
        raise ShapeError(
            f"squared_error compares equal shapes, not {format_shape(a.shape)} and {format_shape(b.shape)}"
        )
    return _reduced(apply("square", apply("subtract", a, b)), reduction)


def l2(params: Any) -> Tensor:
    """Return the sum of squares of all entries of a nesting of tensors."""
    return _penalty(params, "square")


def l1(params: Any) -> Tensor:
    """Return the sum of absolute values of all entries of a nesting of tensors."""
    return _penalty(params, "absolute")


def _penalty(params: Any, function: str) -> Tensor:
    terms = [sum_(apply(function, tensor)) for tensor in flatten(params)[0]]
    if not terms:
        raise GraphError("a penalty needs at least one tensor")
    total = terms[0]
    for term in terms[1:]:
        total = apply("add", total, term)
    return total

"""Contractions: sums of products over shared indices.

Matrix products, outer products and einsum are all of this family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from symgrad.dtypes import Dtype, promote
from symgrad.errors import GraphError, ShapeError
from symgrad.families.elementwise import apply, cast
from symgrad.families.layout import check_bool_free, expand_dims, reshape, squeeze, transpose
from symgrad.families.leaf import as_tensor
from symgrad.families.pieces import diagonal
from symgrad.families.reduction import Reduction
from symgrad.families.reduction import sum as sum_
from symgrad.shapes import Shape, Size, format_shape, normalize_axis, same_size
from symgrad.tensor import Operation, Tensor, make

Labels = tuple[int, ...]


@dataclass(frozen=True)
class Contraction(Operation):
    """The sum over all labels that `output` lacks of the product of two tensors.

    Labels number the axes of the two operands. No operand has a label twice; a label that the output lacks occurs in
    both. So every label is of one of four kinds: batch (both operands and output), left, right (one operand and
    output), summed (both operands).
    """

    left: Labels
    right: Labels
    output: Labels

    def sizes(self, inputs: Sequence[Tensor]) -> dict[int, Size]:
        """Return the size that each label has in two operands that fit."""
        a, b = inputs
        return dict(zip((*self.left, *self.right), (*a.shape, *b.shape), strict=True))

    def infer(self, inputs: tuple[Tensor, ...]) -> tuple[Shape, Dtype]:
        sizes: dict[int, Size] = {}
        for tensor, labels in zip(inputs, (self.left, self.right), strict=True):
            for size, label in zip(tensor.shape, labels, strict=True):
                if not same_size(sizes.setdefault(label, size), size):
                    a, b = inputs
                    raise ShapeError(
                        f"cannot contract {format_shape(a.shape)} with {format_shape(b.shape)} "
                        f"({self.subscripts()}): sizes {sizes[label]} and {size} differ"
                    )
        return tuple(sizes[label] for label in self.output), inputs[0].dtype

    def subscripts(self) -> str:
        """Return the contraction as einsum writes it.

        >>> Contraction((0, 1), (1, 2), (0, 2)).subscripts()
        'ij,jk->ik'
        """

        def letters(labels: Labels) -> str:
            return "".join("ijklmnopqrstuvwxyzabcdefgh"[label % 26] for label in labels)

        return f"{letters(self.left)},{letters(self.right)}->{letters(self.output)}"

    def pull_back(self, node: Tensor, g: Tensor, guarded: bool) -> Sequence[Tensor | None]:
        a, b = node.inputs
        if guarded:
            a, b = _where_used(a, self.left, g, self.output), _where_used(b, self.right, g, self.output)
        return contract(g, self.output, b, self.right, self.left), contract(a, self.left, g, self.output, self.right)

    def push_forward(self, node: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        (a, b), (da, db) = node.inputs, tangents
        first = None if da is None else make(self, (da, b))
        second = None if db is None else make(self, (a, db))
        if first is None or second is None:
            return first if second is None else second
        return apply("add", first, second)


def contract(a: Tensor, left: Sequence[Any], b: Tensor, right: Sequence[Any], output: Sequence[Any]) -> Tensor:
    """Return the contraction of two tensors whose axes carry labels (any hashable values, none twice on one tensor)."""
    check_bool_free(a, "a product")
    check_bool_free(b, "a product")
    dtype = promote(a.dtype, b.dtype)
    a, left = _sum_lonely(cast(a, dtype), left, set(right) | set(output))
    b, right = _sum_lonely(cast(b, dtype), right, set(left) | set(output))
    numbers: dict[Any, int] = {}
    for label in (*left, *right):
        numbers.setdefault(label, len(numbers))
    return make(Contraction(*(tuple(numbers[label] for label in labels) for labels in (left, right, output))), (a, b))


def _sum_lonely(x: Tensor, labels: Sequence[Any], others: set[Any]) -> tuple[Tensor, list[Any]]:
    """Sum `x` over the labels that occur nowhere else."""
    lonely = tuple(i for i, label in enumerate(labels) if label not in others)
    # NumPy's einsum keeps int32, which its sum widens.
    return (cast(sum_(x, lonely), x.dtype) if lonely else x), [label for label in labels if label in others]


def _where_used(x: Tensor, own: Labels, g: Tensor, output: Labels) -> Tensor:
    """Return `x` with zeros where all cotangents that it meets are zero: nothing infinite comes back from there."""
    apart = tuple(i for i, label in enumerate(output) if label not in own)
    used = apply("not_equal", g, 0)
    if apart:
        used = make(Reduction("any", apart), (used,))
    shared = [label for label in output if label in own]
    used = transpose(used, [shared.index(label) for label in own if label in shared])
    missing = tuple(i for i, label in enumerate(own) if label not in shared)
    return apply("where", expand_dims(used, missing) if missing else used, x, 0)


def matmul(a: Any, b: Any) -> Tensor:
    """Return the matrix product of the last two axes, with broadcast leading axes, as np.matmul.

    Shapes (..., n, k) @ (..., k, m) -> (..., n, m); a vector operand loses its axis from the result.

    >>> from symgrad.families.leaf import variable
    >>> matmul(variable("X", (5, 3)), variable("w", (3,))).shape
    (5,)
    """
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        raise ShapeError("matmul needs tensors with at least one axis; use * for numbers")
    inner, other = a.shape[-1], b.shape[-2] if b.ndim > 1 else b.shape[0]
    if not same_size(inner, other):
        raise ShapeError(
            f"matmul of {format_shape(a.shape)} and {format_shape(b.shape)}: the inner sizes {inner} and {other} differ"
        )
    batch = max(a.ndim, b.ndim) - 2
    left = [*range(batch - (a.ndim - 2), batch), "n", "k"] if a.ndim > 1 else ["k"]
    right = [*range(batch - (b.ndim - 2), batch), "k", "m"] if b.ndim > 1 else ["k"]
    a, left, b, right = _without_broadcast_axes(a, left, b, right)
    output: list[Any] = [*range(max(batch, 0))]
    missing = [label for label in output if label not in left and label not in right]
    output = [label for label in output if label not in missing]
    output += [label for label in ("n",) if label in left] + [label for label in ("m",) if label in right]
    result = contract(a, left, b, right, output)
    return expand_dims(result, tuple(missing)) if missing else result


def _without_broadcast_axes(
    a: Tensor, left: list[Any], b: Tensor, right: list[Any]
) -> tuple[Tensor, list[Any], Tensor, list[Any]]:
    """Drop batch axes of size 1, which broadcast; NumPy's rule for the others is checked by the contraction."""
    drop_a = tuple(i for i, label in enumerate(left) if isinstance(label, int) and a.shape[i] == 1)
    drop_b = tuple(i for i, label in enumerate(right) if isinstance(label, int) and b.shape[i] == 1)
    return (
        squeeze(a, drop_a) if drop_a else a,
        [label for i, label in enumerate(left) if i not in drop_a],
        squeeze(b, drop_b) if drop_b else b,
        [label for i, label in enumerate(right) if i not in drop_b],
    )


def dot(a: Any, b: Any) -> Tensor:
    """Return the product over the last axis of `a` and the last but one of `b`, as np.dot."""
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return apply("multiply", a, b)
    return tensordot(a, b, ((a.ndim - 1,), (max(b.ndim - 2, 0),)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """Return the product summed over pairs of axes, as np.tensordot."""
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, int):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot over {axes} axes of {format_shape(a.shape)} and {format_shape(b.shape)}")
        axes = (tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes)))
    if not isinstance(axes, (tuple, list)) or len(axes) != 2:
        raise ShapeError(f"the axes of tensordot are an int or a pair of (tuples of) axes, not {axes!r}")
    first, second = (tuple(part) if isinstance(part, (tuple, list)) else (part,) for part in axes)
    if len(first) != len(second):
        raise ShapeError(f"tensordot needs as many axes of one operand as of the other, not {axes}")
    left: list[Any] = [f"a{i}" for i in range(a.ndim)]
    right: list[Any] = [f"b{i}" for i in range(b.ndim)]
    for i, j in zip(first, second, strict=True):
        right[normalize_axis(j, b.ndim)] = left[normalize_axis(i, a.ndim)]
    shared = set(left) & set(right)
    return contract(a, left, b, right, [label for label in (*left, *right) if label not in shared])


def inner(a: Any, b: Any) -> Tensor:
    """Return the product summed over the last axes, as np.inner."""
    a, b = as_tensor(a), as_tensor(b)
    return tensordot(a, b, ((a.ndim - 1,), (b.ndim - 1,))) if a.ndim and b.ndim else apply("multiply", a, b)


def outer(a: Any, b: Any) -> Tensor:
    """Return the products of all pairs of entries, as np.outer.

    >>> outer([1.0, 2.0], [1.0, 10.0]).shape
    (2, 2)
    """
    a, b = as_tensor(a), as_tensor(b)
    return contract(reshape(a, (a.size,)), "i", reshape(b, (b.size,)), "j", "ij")


def vdot(a: Any, b: Any) -> Tensor:
    """Return the sum of products of all entries, as np.vdot."""
    a, b = as_tensor(a), as_tensor(b)
    return contract(reshape(a, (a.size,)), "i", reshape(b, (b.size,)), "i", "")


def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Return the Einstein summation, as np.einsum; "..." stands for broadcast leading axes.

    More than two operands are contracted pairwise in the order opt_einsum finds cheapest.

    >>> from symgrad.families.leaf import variable
    >>> einsum("bij,bjk->bik", variable("A", (7, 2, 3)), variable("B", (7, 3, 4))).shape
    (7, 2, 4)
    """
    tensors = [as_tensor(operand) for operand in operands]
    labels, output = _parse(subscripts, tensors)
    parts = [_take_diagonals(tensor, names, subscripts) for tensor, names in zip(tensors, labels, strict=True)]
    wide = {label for tensor, names in parts for label, size in zip(names, tensor.shape, strict=True) if size != 1}
    parts = [_drop_broadcast(tensor, names, wide) for tensor, names in parts]
    for i, j in _pairs(parts, output):
        (a, left), (b, right) = parts[i], parts[j]
        rest = [names for k, (_, names) in enumerate(parts) if k not in (i, j)]
        keep = set(output).union(*rest)
        names = [label for label in dict.fromkeys([*left, *right]) if label in keep]
        if not rest:
            names = [label for label in output if label in names]
        merged = contract(a, left, b, right, names)
        parts = [part for k, part in enumerate(parts) if k not in (i, j)] + [(merged, names)]
    tensor, names = parts[0]
    tensor, names = _sum_lonely(tensor, names, set(output))
    tensor = transpose(tensor, [names.index(label) for label in output if label in names])
    missing = tuple(i for i, label in enumerate(output) if label not in names)
    return expand_dims(tensor, missing) if missing else tensor


def _parse(subscripts: str, tensors: Sequence[Tensor]) -> tuple[list[list[Any]], list[Any]]:
    """Return the labels of each operand and of the output; those of axes under "..." count back from the last."""
    if not isinstance(subscripts, str):
        raise GraphError(f"the subscripts of einsum must be text, as in 'ij,jk->ik', not {type(subscripts).__name__}")
    text = subscripts.replace(" ", "")
    before, arrow, after = text.partition("->")
    terms = before.split(",")
    if len(terms) != len(tensors):
        raise ShapeError(f"einsum {subscripts!r} has {len(terms)} terms for {len(tensors)} operands")
    labels: list[list[Any]] = []
    widest = 0
    for term, tensor in zip(terms, tensors, strict=True):
        head, dots, tail = term.partition("...")
        free = tensor.ndim - len(head) - len(tail)
        if free < 0 or (free and not dots):
            raise ShapeError(f"einsum {subscripts!r}: term {term!r} does not fit shape {format_shape(tensor.shape)}")
        widest = max(widest, free)
        labels.append([*head, *range(-free, 0), *tail])
    if any(not (isinstance(label, int) or label.isalpha()) for names in labels for label in names):
        raise ShapeError(f"einsum {subscripts!r}: labels must be letters")
    counts: dict[Any, int] = {}
    for label in (label for names in labels for label in names):
        counts[label] = counts.get(label, 0) + 1
    if not arrow:
        once = sorted(label for label, count in counts.items() if count == 1 and isinstance(label, str))
        return labels, [*range(-widest, 0), *once]
    head, dots, tail = after.partition("...")
    output = [*head, *(range(-widest, 0) if dots else ()), *tail]
    if widest and not dots:
        raise ShapeError(f"einsum {subscripts!r}: the axes under '...' must be in the output, as '...' too")
    if len(set(output)) != len(output) or any(label not in counts for label in output):
        raise ShapeError(f"einsum {subscripts!r}: every output label must occur once, and in an operand")
    return labels, output


def _take_diagonals(tensor: Tensor, names: list[Any], subscripts: str) -> tuple[Tensor, list[Any]]:
    """Replace axes of `tensor` that share a label by their diagonal."""
    for label in [label for i, label in enumerate(names) if label in names[:i]]:
        i = names.index(label)
        j = names.index(label, i + 1)
        if not same_size(tensor.shape[i], tensor.shape[j]):
            raise ShapeError(
                f"einsum {subscripts!r}: label {label!r} has sizes {tensor.shape[i]} and {tensor.shape[j]}"
            )
        tensor = diagonal(tensor, 0, i, j)
        names = [name for k, name in enumerate(names) if k not in (i, j)] + [label]
    return tensor, names


def _drop_broadcast(tensor: Tensor, names: list[Any], wide: set[Any]) -> tuple[Tensor, list[Any]]:
    """Drop axes of size 1 that broadcast: those whose label is `wide` in another operand."""
    lonely = tuple(i for i, label in enumerate(names) if tensor.shape[i] == 1 and label in wide)
    return (squeeze(tensor, lonely) if lonely else tensor), [name for i, name in enumerate(names) if i not in lonely]


def _pairs(parts: Sequence[tuple[Tensor, list[Any]]], output: Sequence[Any]) -> list[tuple[int, int]]:
    """Return the order in which to contract: positions in a list from which each pair is removed.

    The result of a pair is appended to the list.
    """
    if len(parts) <= 2:
        return [(0, 1)] * (len(parts) - 1)
    import opt_einsum

    letters: dict[Any, str] = {}
    for label in (label for _, names in parts for label in names):
        letters.setdefault(label, opt_einsum.get_symbol(len(letters)))
    text = ",".join("".join(letters[label] for label in names) for _, names in parts)
    target = "".join(letters[label] for label in output if label in letters)
    # A run-time size counts as a middling one: the order only has to be reasonable.
    shapes = [tuple(size if isinstance(size, int) else 128 for size in tensor.shape) for tensor, _ in parts]
    path, _ = opt_einsum.contract_path(f"{text}->{target}", *shapes, shapes=True, optimize="auto")
    pairs: list[tuple[int, int]] = []
    for step in path:
        count = len(step)
        pairs += [tuple(sorted(step))[:2]] if count == 2 else []  # type: ignore[list-item]
        if count != 2:
            raise ShapeError(f"einsum {text}: an order with {count} operands at once was found")
    return pairs


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum of a diagonal, as np.trace."""
    return sum_(diagonal(x, offset, axis1, axis2), -1)

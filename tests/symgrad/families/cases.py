"""Cases of every operation: how it is built, what NumPy says to it, and arrays to try it on.

Axes negative and missing, sizes 0 and 1, tensors without axes: what goes wrong, goes wrong there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.families.indexing import gather
from symgrad.families.scan import exclusive_product, linear_recurrence

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """`build` of tensors is `reference` of arrays."""

    name: str
    build: Callable[..., sg.Tensor]
    reference: Callable[..., Any]
    arrays: tuple[Array, ...]
    tolerance: float = 1e-6
    """Of finite differences."""

    @property
    def differentiable(self) -> bool:
        return any(array.dtype.kind == "f" for array in self.arrays)


CASES: list[Case] = []


def normal(*shape: int) -> Array:
    return np.random.default_rng([*shape, len(CASES)]).normal(size=shape)


def case(
    name: str, build: Callable[..., Any], *arrays: Array, reference: Callable[..., Any] | None = None, **options: Any
) -> None:
    """Add a case; what is built with `np` functions only is its own reference."""
    CASES.append(Case(name, build, reference or build, arrays, **options))


# elementwise ----------------------------------------------------------------------------------------------------------
for shapes in [((3, 4), (3, 4)), ((3, 1), (4,)), ((), (2, 3)), ((0, 3), (3,)), ((1, 1), (1,)), ((), ())]:
    case(f"multiply {shapes}", lambda x, y: np.multiply(x, y), *(normal(*shape) for shape in shapes))
case("where", lambda c, x, y: np.where(c, x, y), normal(3, 4) > 0, normal(4), normal(3, 1))
case("cast down and up", lambda x: x.astype("float32").astype("float64"), normal(3, 4), tolerance=1e-2)
case("cast from integers", lambda n, x: n.astype("float64") * x, np.arange(3), normal(3))

# layout ---------------------------------------------------------------------------------------------------------------
case("named", lambda x: x.named("h"), normal(2, 3), reference=lambda x: x)
case("transpose", lambda x: np.transpose(x), normal(2, 3, 4))
case("transpose with axes", lambda x: np.transpose(x, (1, -1, 0)), normal(2, 3, 4))
case("transpose of nothing", lambda x: np.transpose(x, (1, 2, 0)), normal(2, 0, 4))
case("swapaxes", lambda x: np.swapaxes(x, 0, -1), normal(2, 3, 4))
case("moveaxis", lambda x: np.moveaxis(x, (0, 1), (-1, 0)), normal(2, 3, 4))
case("reshape", lambda x: np.reshape(x, (4, -1)), normal(2, 3, 2))
case("reshape to no axes", lambda x: x.reshape(()), normal(1, 1))
case("reshape of nothing", lambda x: x.reshape(0, 5), normal(2, 0))
case("ravel", lambda x: np.ravel(x), normal(2, 3))
case("expand_dims", lambda x: np.expand_dims(x, (0, -1)), normal(2, 3))
case("squeeze", lambda x: np.squeeze(x), normal(1, 3, 1))
case("squeeze one axis", lambda x: np.squeeze(x, -1), normal(1, 3, 1))
case("broadcast_to", lambda x: np.broadcast_to(x, (4, 3, 2)), normal(3, 1))
case("broadcast_to nothing", lambda x: np.broadcast_to(x, (0, 3)), normal(3))
case("broadcast_to of a number", lambda x: np.broadcast_to(x, (2, 3)), normal())
case("slice", lambda x: x[1:3, ::2], normal(4, 5))
case("slice backwards", lambda x: x[::-1, 4:0:-2], normal(3, 6))
case("slice of nothing", lambda x: x[3:1], normal(4, 2))
case("an int and a new axis", lambda x: x[-1, None, ..., 1:], normal(3, 2, 4))
case("flip", lambda x: np.flip(x, 1), normal(2, 3))
case("flip everything", lambda x: np.flip(x), normal(2, 3))
case("concatenate", lambda x, y: np.concatenate([x, y, x], -1), normal(2, 3), normal(2, 1))
case("concatenate with nothing", lambda x, y: np.concatenate([x, y]), normal(2, 3), normal(0, 3))
case("concatenate flattened", lambda x, y: np.concatenate([x, y], None), normal(2, 3), normal(4))
case("stack", lambda x, y: np.stack([x, y], 1), normal(2, 3), normal(2, 3))
case("split", lambda x: np.split(x, 3, 1)[1], normal(2, 6))
case("split at places", lambda x: np.split(x, [1, 3])[1], normal(5, 2))
case("pad", lambda x: np.pad(x, ((1, 2), (0, 3))), normal(2, 3))
case("pad with a number", lambda x: np.pad(x, 1, constant_values=2.5), normal(2, 3))
case("pad of nothing", lambda x: np.pad(x, 1), normal(0))
case("tile", lambda x: np.tile(x, (2, 1, 3)), normal(2, 3))
case("repeat", lambda x: np.repeat(x, 3, -1), normal(2, 3))
case("repeat flattened", lambda x: np.repeat(x, 2), normal(2, 3))
case("diagonal", lambda x: np.diagonal(x), normal(3, 3))
case("diagonal of other axes", lambda x: np.diagonal(x, 1, 2, 0), normal(3, 2, 4))
case("diagonal below", lambda x: np.diagonal(x, -1), normal(4, 2))
case("diagonal outside", lambda x: np.diagonal(x, 5), normal(2, 2))
case("diag of a vector", lambda x: np.diag(x, -2), normal(3))
case("diag of a matrix", lambda x: np.diag(x, 1), normal(3, 3))
case("trace", lambda x: np.trace(x), normal(3, 3))
case("triu", lambda x: np.triu(x, 1), normal(3, 4))
case("tril", lambda x: np.tril(x), normal(2, 3, 3))

# contraction ----------------------------------------------------------------------------------------------------------
for left, right in [
    ((2, 3), (3, 4)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((3,), (3,)),
    ((5, 2, 3), (3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((1, 2, 3), (5, 3, 2)),
    ((2, 0), (0, 3)),
    ((0, 2), (2, 3)),
    ((1, 1), (1, 1)),
]:
    case(f"matmul {left} {right}", lambda x, y: np.matmul(x, y), normal(*left), normal(*right))
case("dot", lambda x, y: np.dot(x, y), normal(2, 3, 4), normal(5, 4, 2))
case("tensordot", lambda x, y: np.tensordot(x, y, ((0, -1), (1, 0))), normal(2, 3, 4), normal(4, 2, 5))
case("tensordot without axes", lambda x, y: np.tensordot(x, y, 0), normal(2), normal(3))
case("inner", lambda x, y: np.inner(x, y), normal(2, 3), normal(4, 3))
case("outer", lambda x, y: np.outer(x, y), normal(2, 2), normal(3))
case("vdot", lambda x, y: np.vdot(x, y), normal(2, 3), normal(2, 3))
for subscripts, *operand_shapes in [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("bij,bkj->bik", (2, 3, 4), (2, 5, 4)),
    ("i,j,k->kji", (2,), (3,), (4,)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij,jk->ik", (2, 2, 3), (3, 4)),
    ("...ij,...jk->...ik", (5, 1, 2, 3), (4, 3, 2)),
    ("i...->...", (3, 2, 2)),
    ("ij,j,ij->i", (2, 3), (3,), (2, 3)),
    ("ij->ji", (2, 3)),
    ("ijk->j", (2, 3, 4)),
]:
    arrays = [normal(*shape) for shape in operand_shapes]
    case(f"einsum {subscripts}", lambda *x, s=subscripts: np.einsum(s, *x), *arrays)

# reduction ------------------------------------------------------------------------------------------------------------
for kind in ("sum", "prod", "max", "min", "mean", "var", "std"):
    reduce = getattr(np, kind)
    case(kind, lambda x, f=reduce: f(x), normal(2, 3))
    case(f"{kind} along an axis", lambda x, f=reduce: f(x, axis=-2), normal(2, 3, 4))
    case(f"{kind} along axes, kept", lambda x, f=reduce: f(x, axis=(0, 2), keepdims=True), normal(2, 3, 4))
    case(f"{kind} of one entry", lambda x, f=reduce: f(x, axis=1), normal(3, 2 if kind == "std" else 1))
    case(f"{kind} of no rows", lambda x, f=reduce: f(x, axis=1), normal(0, 3))
for kind in ("sum", "prod"):
    case(f"{kind} of no entries", lambda x, f=getattr(np, kind): f(x, axis=1), normal(3, 0))
    case(f"{kind} of a number", lambda x, f=getattr(np, kind): f(x), normal())
case("var with ddof", lambda x: np.var(x, axis=0, ddof=1), normal(4, 3))
for kind in ("any", "all"):
    case(f"{kind}", lambda x, f=getattr(np, kind): f(x > 0, axis=1), normal(3, 4))
for kind in ("argmax", "argmin"):
    case(kind, lambda x, f=getattr(np, kind): f(x, axis=-1, keepdims=True), normal(3, 4))
    case(f"{kind} of all entries", lambda x, f=getattr(np, kind): f(x), normal(3, 4))
case(
    "logsumexp",
    lambda x: sg.logsumexp(x, 1, keepdims=True),
    normal(2, 3),
    reference=lambda x: np.log(np.sum(np.exp(x), 1, keepdims=True)),
)
case("logsumexp of everything", lambda x: sg.logsumexp(x), normal(2, 3), reference=lambda x: np.log(np.sum(np.exp(x))))
case(
    "softmax",
    lambda x: sg.softmax(x, 0),
    normal(3, 2),
    reference=lambda x: np.exp(x) / np.sum(np.exp(x), 0, keepdims=True),
)
case(
    "log_softmax",
    lambda x: sg.log_softmax(x, (-1, 0)),
    normal(2, 3, 2),
    reference=lambda x: x - np.log(np.sum(np.exp(x), (0, 2), keepdims=True)),
)
case("softmax of nothing", lambda x: sg.softmax(x), normal(2, 0), reference=lambda x: x)
case("softmax of no rows", lambda x: sg.log_softmax(x), normal(0, 3), reference=lambda x: x)

# indexing -------------------------------------------------------------------------------------------------------------
case("take", lambda x, i: np.take(x, i, axis=1), normal(2, 5), np.array([[0, 4], [-1, 0]]))
case("take flattened", lambda x, i: np.take(x, i), normal(2, 3), np.array([5, 0, 0]))
case("take with one index", lambda x, i: np.take(x, i, axis=0), normal(4, 2), np.array(2))
case("take nothing", lambda x, i: np.take(x, i, axis=0), normal(4, 2), np.zeros(0, "int64"))
case("two index arrays", lambda x, i, j: x[i, j], normal(3, 4), np.array([[0], [2]]), np.array([1, -1, 1]))
case("index arrays apart", lambda x, i, j: x[i, :, j], normal(3, 2, 4), np.array([0, 2]), np.array([1, 1]))
case("an int beside an index array", lambda x, i: x[1, :, i], normal(3, 2, 4), np.array([3, 0, 3]))
case(
    "gather in the middle",
    lambda x, i: gather(x, [i], 1),
    normal(2, 3, 2),
    np.array([2, 2], "int32"),
    reference=lambda x, i: x[:, i],
)
case("take_along_axis", lambda x, i: np.take_along_axis(x, i, 1), normal(3, 4), np.array([[0], [3], [3]]))
case("take_along_axis, broadcast", lambda x, i: np.take_along_axis(x, i, 0), normal(3, 4), np.array([[0], [-1]]))
case("take_along_axis of nothing", lambda x, i: np.take_along_axis(x, i, 1), normal(0, 4), np.zeros((0, 2), "int64"))


def _scattered(size: int, axis: int) -> Callable[..., Array]:
    def scatter(values: Array, indices: Array) -> Array:
        shape = list(values.shape[: values.ndim - indices.ndim + 1])
        shape[axis:] = [size, *values.shape[axis + indices.ndim :]]
        result = np.zeros(shape)
        np.add.at(result, (slice(None),) * axis + (indices,), values)
        return result

    return scatter


case(
    "scatter_add",
    lambda x, i: sg.scatter_add(x, i, 4, axis=1),
    normal(2, 3),
    np.array([1, 1, -1]),
    reference=_scattered(4, 1),
)
case(
    "scatter_add of rows",
    lambda x, i: sg.scatter_add(x, i, 3),
    normal(2, 2, 3),
    np.array([[0, 2], [2, 2]]),
    reference=_scattered(3, 0),
)
case(
    "scatter_add of nothing",
    lambda x, i: sg.scatter_add(x, i, 3),
    normal(0, 2),
    np.zeros(0, "int64"),
    reference=_scattered(3, 0),
)
case(
    "one_hot",
    lambda i, x: sg.one_hot(i, 4) * x,
    np.array([3, 0, 7]),
    normal(4),
    reference=lambda i, x: (i[:, None] == np.arange(4)) * x,
)

# scans ----------------------------------------------------------------------------------------------------------------
case("cumsum", lambda x: np.cumsum(x, axis=0), normal(4, 2))
case("cumsum flattened", lambda x: np.cumsum(x), normal(2, 3))
case("cumsum of nothing", lambda x: np.cumsum(x, axis=1), normal(2, 0))
case("cumprod", lambda x: np.cumprod(x, axis=-1), normal(2, 4))
case("cumprod with a zero", lambda x: np.cumprod(x), np.array([2.0, 0.0, -1.5, 3.0]))
case("cumprod with two zeros", lambda x: np.cumprod(x), np.array([2.0, 0.0, -1.5, 0.0, 3.0]))
for zeros in range(3):
    case(f"prod with {zeros} zeros", lambda x: np.prod(x), np.array([2.0, -1.5, *[0.0] * zeros, 3.0]))


def _recurrence(a: Array, b: Array) -> Array:
    result, h = np.empty_like(b), 0.0
    for i in reversed(range(len(b))):
        result[i] = h = a[i] * h + b[i]
    return result


case(
    "linear recurrence, backwards",
    lambda a, b: linear_recurrence(a, b, 0, reverse=True),
    normal(4, 2),
    normal(4, 2),
    reference=_recurrence,
)
case(
    "products of the others",
    lambda x: exclusive_product(x, (0, 2)),
    normal(2, 2, 2),
    reference=lambda x: np.array(
        [[[np.prod(np.delete(x[:, j].ravel(), 2 * i + k)) for k in range(2)] for j in range(2)] for i in range(2)]
    ),
)

# linear algebra -------------------------------------------------------------------------------------------------------


def regular(*shape: int) -> Array:
    """Return matrices whose inverses, and those of both their triangles, are of moderate size."""
    return normal(*shape) / 2 + 3 * np.eye(shape[-1])


def _triangular_solution(lower: bool, trans: int) -> Callable[..., Array]:
    def run(a: Array, b: Array) -> Array:
        a = np.tril(a) if lower else np.triu(a)
        return np.linalg.solve(np.swapaxes(a, -1, -2) if trans else a, b)

    return run


for shape in [(3, 3), (1, 1), (0, 0), (2, 3, 3), (0, 2, 2), (2, 1, 2, 2)]:
    case(f"inv {shape}", lambda x: np.linalg.inv(x), regular(*shape))
    case(f"det {shape}", lambda x: np.linalg.det(x), regular(*shape))
    case(f"slogdet {shape}", lambda x: np.linalg.slogdet(-x)[1], regular(*shape))
    case(f"cholesky {shape}", lambda x: np.linalg.cholesky(x), regular(*shape))
    case(f"upper cholesky {shape}", lambda x: np.linalg.cholesky(x, upper=True), regular(*shape))
case("sign of a determinant", lambda x: np.linalg.slogdet(-x)[0] * np.sum(x), regular(3, 3))
for left, right in [
    ((3, 3), (3,)),
    ((3, 3), (3, 2)),
    ((3, 3), (3, 1)),
    ((1, 1), (1,)),
    ((0, 0), (0,)),
    ((0, 0), (0, 2)),
    ((2, 2), (2, 0)),
    ((2, 3, 3), (3,)),
    ((2, 3, 3), (3, 2)),
    ((3, 3), (2, 3, 1)),
    ((2, 1, 2, 2), (3, 2, 2)),
    ((0, 2, 2), (2, 1)),
]:
    case(f"solve {left} {right}", lambda x, y: np.linalg.solve(x, y), regular(*left), normal(*right))
    for lower, trans in [(True, 0), (False, 1)]:
        case(
            f"solve_triangular {left} {right} {'lower' if lower else 'upper, transposed'}",
            lambda x, y, lower=lower, trans=trans: sg.linalg.solve_triangular(x, y, trans, lower),
            regular(*left),
            normal(*right),
            reference=_triangular_solution(lower, trans),
        )
case("matrix trace", lambda x: np.linalg.trace(x, offset=1), normal(2, 3, 3))
case("norm", lambda x: np.linalg.norm(x), normal(2, 3))
case("norm along an axis", lambda x: np.linalg.norm(x, axis=-1, keepdims=True), normal(2, 3))
for order in (1, -1, np.inf, -np.inf, 3, -2.5, 0.5):
    case(f"norm {order} of vectors", lambda x, p=order: np.linalg.norm(x, p, axis=0), normal(3, 2))
for order in ("fro", 1, -1, np.inf, -np.inf):
    case(f"norm {order} of matrices", lambda x, p=order: np.linalg.norm(x, p, axis=(2, 0)), normal(3, 2, 2))
# leaves ---------------------------------------------------------------------------------------------------------------
case("a constant", lambda x: x * np.array([1.5, -2.0]), normal(3, 2))
case("a counter", lambda x: x * sg.arange(3), normal(2, 3), reference=lambda x: x * np.arange(3))

# windows --------------------------------------------------------------------------------------------------------------
case("windows", lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)), normal(3, 4))
case("windows along an axis", lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, -2), normal(3, 2, 2))
case(
    "windows with strides and dilation",
    lambda x: sg.windows(x, (2, 2), (2, 0), (2, 1), (1, 2)),
    normal(4, 2, 5),
    reference=lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3), (2, 0))[:, :, ::2, :, ::2],
)
case("windows over nothing", lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, 1), normal(0, 3))
case(
    "windows added up",
    lambda x: sg.overlap_add(x, 6, 0, 2),
    normal(2, 3),
    reference=lambda x: np.array([x[0, 0], x[0, 1], x[0, 2] + x[1, 0], x[1, 1], x[1, 2], 0]),
)

"""The steps of which random graphs are made: one function for each kind of operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

import symgrad as sg
from symgrad.dtypes import is_float
from symgrad.families.elementwise import apply
from symgrad.families.indexing import gather
from symgrad.families.leaf import size_value
from symgrad.families.scan import linear_recurrence
from symgrad.functions import FUNCTIONS, Function
from symgrad.shapes import same_shape, same_size
from symgrad.tensor import Tensor
from tests.graph_builder import Builder, Unfit, broadcasts

# elementwise ---------------------------------------------------------------------------------------------------------


FLOATS_ONLY = ("power", "floor_divide", "remainder")
"""Functions that refuse, or jump at, some integers."""


def scalar(build: Builder) -> Tensor:
    """Return a function of the formula book."""
    function = build.random.choice(list(FUNCTIONS.values()))
    if function.signature == "logical":
        first = build.mask()
        return apply(function, first, *(bools_beside(build, first) for _ in range(1, function.arity)))
    if function.signature == "select":
        first = build.number()
        return apply(function, bools_beside(build, first), first, build.beside(first))
    integers = function.signature in ("numeric", "comparison") and function.name not in FLOATS_ONLY
    first = build.number() if integers else build.floating()
    accept = is_number if integers else is_floating
    operands = [first, *(build.beside(first, accept) for _ in range(1, function.arity))]
    if len(operands) == 2 and not integers and build.random.random() < 0.3:
        operands.reverse()
    if function.signature in ("float", "numeric"):
        pairs = zip(operands, function.domain, strict=True)
        operands = [_in_domain(build, x, interval) if is_floating(x) else x for x, interval in pairs]
    if any(map(is_floating, operands)) and not build.special:
        keep_clear_of_kinks(build, function, operands)
    return apply(function, *operands)


def _in_domain(build: Builder, x: Any, interval: tuple[float, float]) -> Any:
    """Return `x` moved into the domain of an argument; the one number that there is, as for the order of polygamma."""
    low, high = interval
    return low if low == high else build.within(x, interval)


def keep_clear_of_kinks(build: Builder, function: Function, operands: list[Any]) -> None:
    """Give up if operands are too near to where a function jumps or bends."""
    values = [build.value(x) if isinstance(x, Tensor) else x for x in operands]
    if function.signature == "comparison":
        build.clear(np.asarray(values[0] - values[1]))
    for kink in function.kinks:
        with np.errstate(all="ignore"):
            distance = np.asarray(sympy.lambdify(function.symbols, kink, "numpy")(*values))
        build.clear(distance)


def bools_beside(build: Builder, x: Tensor) -> Tensor:
    return build.any(lambda y: y.dtype.kind == "b" and broadcasts(x.shape, y.shape))


def is_floating(x: Any) -> bool:
    return is_float(x.dtype) if isinstance(x, Tensor) else isinstance(x, float)


def is_number(x: Tensor) -> bool:
    return x.dtype.kind != "b"


def powers(build: Builder) -> Tensor:
    x = build.number()
    exponent = (
        build.random.choice([0, 1, 2, 3])
        if not is_float(x.dtype)
        else build.random.choice([0, 1, 2, 3, 2.0, 0.5, -1, 1.5, -2])
    )
    return build.within(x, (0.3, 2.5)) ** exponent if is_float(x.dtype) else x**exponent


def cast(build: Builder) -> Tensor:
    x = build.any()
    target = build.random.choice(["float64", "float32", "float32", "int64", "int32", "bool"])
    if is_float(x.dtype) and target in ("int64", "int32", "bool"):
        value = build.value(x)
        if not np.all(np.isfinite(value)):
            raise Unfit
        build.clear(np.sin(np.pi * value) if target != "bool" else value)
    return x.astype(target)


def named(build: Builder) -> Tensor:
    return build.any().named(
        build.random.choice(["h", "scores", "dL/dh", "lambda", "np", "2nd", "x0", "softmax", "h'"])
    )


def constant(build: Builder) -> Tensor:
    x = build.number()
    generator = np.random.default_rng(build.random.randrange(2**32))
    shape = tuple(size if isinstance(size, int) else 1 for size in x.shape)
    values = generator.integers(-4, 5, shape) / (4 if is_float(x.dtype) else 1)
    return x + sg.constant(values.astype(x.dtype)) if shape else x * sg.constant(3, x.dtype)


def counted(build: Builder) -> Tensor:
    x = build.number(1)
    axis = build.axis(x)
    places = sg.arange(x.shape[axis]).reshape(tuple(size if i == axis else 1 for i, size in enumerate(x.shape)))
    return x + places if build.random.random() < 0.6 else x * size_value(x.shape[axis])


# contractions --------------------------------------------------------------------------------------------------------


def matmul(build: Builder) -> Tensor:
    x = build.number(1)
    inner = x.shape[-1]
    fitting = [
        y for y in build.values if y.ndim and y.dtype.kind != "b" and same_size(y.shape[-2 if y.ndim > 1 else 0], inner)
    ]
    if fitting and build.random.random() < 0.6:
        return x @ build.random.choice(fitting)
    lead = x.shape[:-2] if build.random.random() < 0.3 else ()
    return x @ build.variable(x.dtype.name, (*lead, inner, build.random.choice(build.sizes)))


def einsum(build: Builder) -> Tensor:
    x, letters = build.number(), "abcdefg"
    first = letters[: x.ndim]
    y_sizes: list[Any] = []
    second = ""
    for letter in build.random.sample(first, build.random.randint(0, x.ndim)):
        second += letter
        y_sizes.append(x.shape[first.index(letter)])
    if build.random.random() < 0.6:
        second += "z"
        y_sizes.append(build.random.choice(build.sizes))
    union = list(dict.fromkeys(first + second))
    output = "".join(build.random.sample(union, build.random.randint(0, min(3, len(union)))))
    return sg.einsum(f"{first},{second}->{output}", x, build.variable(x.dtype.name, tuple(y_sizes)))


def products(build: Builder) -> Tensor:
    x = build.number(1)
    y = build.any(lambda y: same_shape(y.shape, x.shape) and y.dtype.kind != "b")
    return build.random.choice([sg.vdot, sg.inner, sg.outer, lambda a, b: sg.tensordot(a, b, 1)])(x, y)


def linear_algebra(build: Builder) -> Tensor:
    """Return an operation on matrices well away from singular ones; on special values LAPACK has ways of its own."""
    x = build.any(lambda x: is_float(x.dtype) and x.ndim >= 2)
    if build.special:
        raise Unfit
    bounded = sg.tanh(x)
    a = bounded @ bounded.mT + 2 * sg.eye(x.shape[-2], dtype=x.dtype)
    b = build.random.choice([x, x[..., 0], build.variable(x.dtype.name, (x.shape[-2],))])
    return build.random.choice(
        [
            lambda: sg.linalg.inv(a),
            lambda: sg.linalg.det(a),
            lambda: sg.linalg.slogdet(-a).sign * x,
            lambda: sg.linalg.slogdet(a).logabsdet,
            lambda: sg.linalg.cholesky(a, upper=build.random.random() < 0.3),
            lambda: sg.linalg.solve(a, b),
            lambda: sg.linalg.solve_triangular(a, b, build.random.choice([0, 1]), lower=build.random.random() < 0.5),
        ]
    )()


# reductions and scans ------------------------------------------------------------------------------------------------


def reduction(build: Builder) -> Tensor:
    kind = build.random.choice(
        ["sum", "sum", "mean", "prod", "max", "min", "any", "all", "logsumexp", "var", "argmax", "argmin"]
    )
    x = (
        build.any()
        if kind in ("any", "all")
        else build.floating()
        if kind in ("logsumexp", "var", "mean")
        else build.number()
    )
    keepdims = build.random.random() < 0.4
    if kind in ("argmax", "argmin"):
        axis = build.axis(x, filled=True)
        distinct(build, x, (axis,))
        return getattr(sg, kind)(x, axis, keepdims)
    axes = build.axes(x, filled=kind in ("max", "min", "mean", "var"))
    if kind in ("max", "min"):
        distinct(build, x, axes)
    if kind in ("any", "all") and is_float(x.dtype):
        build.clear(build.value(x))
    return getattr(sg, kind)(x, axes, keepdims=keepdims)


def distinct(build: Builder, x: Tensor, axes: tuple[int, ...]) -> None:
    """Give up if the entries over some axes are not well apart."""
    value = build.value(x).astype(float)
    rest = [i for i in range(x.ndim) if i not in axes]
    rows = value.transpose(*rest, *axes).reshape(
        *(value.shape[i] for i in rest), np.prod([value.shape[i] for i in axes], dtype=int)
    )
    build.clear(np.diff(np.sort(rows, axis=-1), axis=-1))


def normalization(build: Builder) -> Tensor:
    x = build.floating(1)
    return build.random.choice([sg.softmax, sg.log_softmax])(x, build.axes(x))


def scan(build: Builder) -> Tensor:
    x = build.number(1)
    axis = build.axis(x)
    if is_float(x.dtype) and build.random.random() < 0.4:
        return linear_recurrence(sg.sin(x), x, axis, build.random.random() < 0.5)
    return build.random.choice([sg.cumsum, sg.cumprod])(x, axis)


# layout --------------------------------------------------------------------------------------------------------------


def transpose(build: Builder) -> Tensor:
    x = build.any(lambda x: x.ndim >= 2)
    return x.transpose(build.random.sample(range(x.ndim), x.ndim))


def reshape(build: Builder) -> Tensor:
    x = build.any()
    axis = build.random.randint(0, x.ndim)
    choices: list[Callable[[], Tensor]] = [lambda: sg.expand_dims(x, axis), lambda: x.ravel(), lambda: sg.squeeze(x)]
    if x.ndim >= 2:
        choices.append(lambda: x.reshape((x.shape[0] * x.shape[1], *x.shape[2:])))
        choices.append(lambda: x.reshape((*x.shape[:-2], x.shape[-1], x.shape[-2])))
    return build.random.choice(choices)()


def broadcast(build: Builder) -> Tensor:
    x = build.any()
    # Only a run-time size that the tensor has already: nothing else might say how large it is.
    sizes = [size for size in build.sizes if isinstance(size, int) or size in x.shape]
    shape = tuple(build.random.choice(sizes) if size == 1 else size for size in x.shape)
    return sg.broadcast_to(x, (*(build.random.choice(sizes) for _ in range(build.random.randint(0, 1))), *shape))


def index(build: Builder) -> Tensor:
    x = build.any(lambda x: x.ndim >= 1)
    keys: list[Any] = []
    for axis, size in enumerate(x.shape):
        length = build.value(x).shape[axis]
        choices: list[Any] = [slice(None), slice(None, None, -1), slice(None, None, 2), slice(1, None), slice(None, -1)]
        if isinstance(size, int):
            choices += [slice(None, None, -2), slice(1, 3), slice(-2, None), slice(None, 0), slice(3, 0, -1)]
        if length:
            choices += [0, -1]
        keys.append(build.random.choice(choices))
        if build.random.random() < 0.1:
            keys.append(None)
    return x[tuple(keys[: build.random.randint(1, len(keys))])]


def join(build: Builder) -> Tensor:
    x = build.any(lambda x: x.ndim >= 1)
    same = [y for y in build.values if same_shape(y.shape, x.shape)]
    parts = [x, *(build.random.choice(same) for _ in range(build.random.randint(1, 2)))]
    return build.random.choice([sg.concatenate, sg.stack])(parts, build.axis(x))


def arrange(build: Builder) -> Tensor:
    x = build.any(lambda x: x.ndim >= 1)
    axis = build.axis(x)
    choices = [
        lambda: sg.flip(x, axis),
        lambda: sg.pad(x, build.random.randint(0, 2), build.random.choice([0, 1]) if x.dtype.kind != "b" else 0),
        lambda: sg.repeat(x, build.random.randint(1, 3), axis),
        lambda: sg.tile(x, (2, 1)),
    ]
    if x.ndim == 2:
        choices += [lambda: sg.triu(x, build.random.randint(-1, 1)), lambda: sg.tril(x)]
    return build.random.choice(choices)()


def slide(build: Builder) -> Tensor:
    """Windows along one or two axes, or (of few entries only) windows added up."""
    x = build.any(lambda x: x.ndim >= 1 and x.ndim <= 4)
    filled = [axis for axis, length in enumerate(build.value(x).shape) if length]
    if not filled:
        return x
    axes = tuple(build.random.sample(filled, build.random.randint(1, min(2, len(filled)))))
    strides, dilations = (tuple(build.random.randint(1, 2) for _ in axes) for _ in "sd")
    sizes: list[int] = []
    for axis, dilation in zip(axes, dilations, strict=True):
        most = (build.value(x).shape[axis] - 1) // dilation + 1
        sizes.append(build.random.randint(1, min(3, most)))
    seen = sg.windows(x, tuple(sizes), axes, strides, dilations)
    if x.dtype.kind == "b" or build.random.random() < 0.5:
        return seen
    return sg.overlap_add(seen * 2, tuple(x.shape[axis] for axis in axes), axes, strides, dilations)


def diagonal(build: Builder) -> Tensor:
    x = build.any(lambda x: x.ndim >= 1)
    if x.ndim == 1:
        return sg.diag(x, build.random.choice([0, 0, 1, -1]))
    i, j = build.random.sample(range(x.ndim), 2)
    if x.dtype.kind != "b" and build.random.random() < 0.3:
        return np.trace(x, 0, i, j)
    return sg.diagonal(x, build.random.choice([0, 0, 1, -2]), i, j)


# indexing ------------------------------------------------------------------------------------------------------------


def lookup(build: Builder) -> Tensor:
    x = build.number(1)
    axis = build.axis(x, filled=True)
    shape = tuple(build.random.choice([1, 2, 3]) for _ in range(build.random.randint(0, 2)))
    return sg.take(x, build.indices(x.shape[axis], shape), axis)


def lookup_pairs(build: Builder) -> Tensor:
    x = build.number(2)
    axis = build.random.randint(0, x.ndim - 2)
    return gather(x, [build.indices(x.shape[axis + i], (3,)[i:]) for i in (0, 1)], axis)


def labels(build: Builder) -> Tensor:
    x = build.any(lambda x: is_float(x.dtype) and x.ndim == 2)
    places = build.indices(x.shape[1], (x.shape[0],))
    return build.random.choice(
        [
            lambda: sg.take_along_axis(x, places[:, None], 1)[:, 0],
            lambda: sg.nn.cross_entropy(x, places, "none"),
            lambda: sg.one_hot(places, x.shape[1], x.dtype) * x,
        ]
    )()


def along_axis(build: Builder) -> Tensor:
    x = build.number(1)
    axis = build.axis(x, filled=True)
    shape = tuple(build.random.randint(1, 3) if i == axis else size for i, size in enumerate(x.shape))
    return sg.take_along_axis(x, build.indices(x.shape[axis], shape), axis)


def scatter(build: Builder) -> Tensor:
    x = build.number(1)
    axis = build.axis(x)
    return sg.scatter_add(x, build.indices(4, (x.shape[axis],)), 4, axis)


ONCE = (
    powers, cast, named, constant, counted, products, linear_algebra, normalization, scan, transpose, reshape, broadcast,
    join, arrange, slide, diagonal, lookup, lookup_pairs, labels, along_axis, scatter,
)  # fmt: skip

MAKERS: tuple[Callable[[Builder], Tensor], ...] = (
    *[scalar] * 14,
    *[reduction] * 4,
    *[matmul, einsum, index] * 2,
    *ONCE,
)
"""Every kind of step, as often as it is to be likely."""

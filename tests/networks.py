"""Random networks whose tensors have the same rows, for the tests of programs that are cut along them.

Most layers keep every row for itself; some read other rows (neighbours, all of them, those that an index names), are
views that only look as if they kept the rows, or end with a reduction over the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.tensor import Tensor
from tests.graph_builder import RandomGraph

Array = np.ndarray[Any, Any]


class Network:
    """A pool of tensors of shape (rows, width), grown layer by layer."""

    def __init__(self, random: Random, rows: int | None = None) -> None:
        self.random = random
        self.generator = np.random.default_rng(random.randrange(2**32))
        self.rows = rows or random.choice((2, 3, 4, 7, 8, 9, 16, 33, 64))
        self.dtype = random.choice(("float32", "float64"))
        self.bindings: dict[Tensor, Array] = {}
        self.weights: list[Tensor] = []
        self.pool = [self.input((self.rows, random.choice((1, 3, self.rows, 8)))) for _ in range(random.randint(1, 2))]

    def input(self, shape: tuple[int, ...]) -> Tensor:
        """Return a new variable, bound to random numbers."""
        x = sg.variable(f"x{len(self.bindings)}", shape, self.dtype)
        self.bindings[x] = self.generator.uniform(-1, 1, shape).astype(self.dtype)
        return x

    def weight(self, shape: tuple[int, ...]) -> Tensor:
        """Return a new parameter."""
        w = self.input(shape)
        self.bindings[w] /= max(shape[0], 1) ** 0.5
        self.weights.append(w)
        return w

    def index(self, shape: tuple[int, ...], size: int) -> Tensor:
        """Return a new variable of indices into an axis."""
        i = sg.variable(f"i{len(self.bindings)}", shape, "int64")
        self.bindings[i] = self.generator.integers(-size, size, shape)
        return i

    def grow(self, layers: int) -> None:
        """Add so many layers."""
        for _ in range(layers):
            x = self.random.choice(self.pool[-4:])
            made = self.random.choice(LAYERS)(self, x)
            assert made.shape[0] == self.rows
            assert made.ndim == 2
            self.pool.append(sg.tanh(made) if self.random.random() < 0.5 else made / 2)

    def graph(self, outputs: int = 2) -> RandomGraph:
        """Return a loss, its gradients of all parameters and some more outputs."""
        ends = self.pool[-outputs:]
        loss = sg.sum(sg.stack([sg.mean(end * end) for end in ends]))
        wrt = [*self.weights, next(iter(self.bindings))]
        gradients = sg.grad(loss, wrt)
        return RandomGraph((loss, *gradients, *(end * 1 for end in ends)), self.bindings)


def network(random: Random, layers: int = 5, rows: int | None = None) -> Network:
    """Return a network of so many layers."""
    result = Network(random, rows)
    result.grow(layers)
    return result


def _width(x: Tensor) -> int:
    width = x.shape[1]
    assert isinstance(width, int)
    return width


# layers that keep the rows --------------------------------------------------------------------------------------------


def linear(net: Network, x: Tensor) -> Tensor:
    width = net.random.choice((1, 4, net.rows, 12))
    return x @ net.weight((_width(x), width)) + net.weight((width,))


def sum_of_products(net: Network, x: Tensor) -> Tensor:
    width = net.random.choice((4, net.rows))
    terms = [net.random.choice((x, *net.pool)) for _ in range(net.random.randint(2, 4))]
    total: Any = 0.0
    for term in terms:
        total = total + term @ net.weight((_width(term), width))
    return total


def pointwise(net: Network, x: Tensor) -> Tensor:
    return net.random.choice((sg.tanh, sg.exp, sg.nn.sigmoid, sg.sin))(x * 0.5)


def normalized(net: Network, x: Tensor) -> Tensor:
    return net.random.choice((sg.softmax, _layer_norm))(x)


def _layer_norm(x: Tensor) -> Tensor:
    centred = x - sg.mean(x, axis=-1, keepdims=True)
    return centred / sg.sqrt(sg.mean(centred * centred, axis=-1, keepdims=True) + 1)


def heads(net: Network, x: Tensor) -> Tensor:
    """Attention inside each row: the row's numbers are a sequence."""
    parts = [x @ net.weight((_width(x), 12)) for _ in range(3)]
    q, k, v = (part.reshape(net.rows, 3, 4) for part in parts)
    scores = sg.softmax(sg.einsum("bik,bjk->bij", q, k))
    return sg.einsum("bij,bjk->bik", scores, v).reshape(net.rows, 12)


def convolved(net: Network, x: Tensor) -> Tensor:
    images = (x @ net.weight((_width(x), 25))).reshape(net.rows, 1, 5, 5)
    maps = sg.nn.conv2d(images, net.weight((2, 1, 3, 3)), padding=net.random.choice((0, 1)))
    if net.random.random() < 0.5:
        maps = sg.nn.max_pool2d(maps, 2)
    return maps.reshape(net.rows, -1)


def with_ones_in_front(net: Network, x: Tensor) -> Tensor:
    y = sg.tanh(x.reshape(1, 1, net.rows, _width(x)) @ net.weight((_width(x), 6)))
    return y.reshape(net.rows, 6)


def own_products(net: Network, x: Tensor) -> Tensor:
    """Products in which one tensor is both operands."""
    equation = net.random.choice(("bi,bj->bij", "bi,bi->b"))
    return sg.einsum(equation, x, x).reshape(net.rows, -1)[:, :20]


def joined(net: Network, x: Tensor) -> Tensor:
    return sg.concatenate([x, net.random.choice(net.pool)], axis=1)


def chosen_columns(net: Network, x: Tensor) -> Tensor:
    if net.random.random() < 0.5:
        return sg.take_along_axis(x, net.index((net.rows, 3), _width(x)), 1)
    return sg.take(x, net.index((4,), _width(x)), 1)


def rows_of_a_table(net: Network, x: Tensor) -> Tensor:
    return x + sg.take(net.weight((5, _width(x))), net.index((net.rows,), 5), 0)


# layers that read other rows, or end with a reduction over them -------------------------------------------------------


def moved(net: Network, x: Tensor) -> Tensor:
    n = net.rows
    return net.random.choice(
        (
            lambda: x[::-1],
            lambda: sg.concatenate([x[1:], x[:1]]),
            lambda: sg.concatenate([x[: n // 2] * 2, x[n // 2 :]]),
            lambda: sg.concatenate([x, x])[::2],
            lambda: sg.concatenate([x, x * 2])[: 2 * n : 2],
            lambda: sg.pad(x[1:], ((1, 0), (0, 0))),
            lambda: sg.pad(x[:-1], ((0, 1), (0, 0))),
            lambda: sg.flip(x, 0) * x,
        )
    )()


def whole(net: Network, x: Tensor) -> Tensor:
    reduction: Callable[..., Tensor] = net.random.choice((sg.sum, sg.mean, sg.max, sg.min))
    how = net.random.choice(({"axis": 0}, {"axis": 0, "keepdims": True}, {}))
    return x * 0.5 + reduction(x, **how) / 4


def standardized(net: Network, x: Tensor) -> Tensor:
    centred = x - sg.mean(x, axis=0)
    return centred / sg.sqrt(sg.mean(centred * centred, axis=0) + 1)


def rows_among_rows(net: Network, x: Tensor) -> Tensor:
    """Attention between the rows."""
    scores = sg.softmax(x @ net.weight((_width(x), 4)) @ net.weight((4, _width(x))) @ x.T / 8)
    return scores @ net.random.choice((x, net.pool[0]))


def turned(net: Network, x: Tensor) -> Tensor:
    """A square, and views of it that have as many rows but not the same."""
    square = sg.tanh(x @ net.weight((_width(x), net.rows)))
    n = net.rows
    return net.random.choice(
        (
            lambda: square.T,
            lambda: square + square.T,
            lambda: square @ square,
            lambda: square.T @ square,
            lambda: square @ square.T,
            lambda: sg.einsum("ij,ji->ij", square, square),
            lambda: sg.einsum("ii,ij->ij", square, square),
            lambda: square.reshape(n * n)[::-1].reshape(n, n),
            lambda: sg.broadcast_to(sg.diagonal(square), (n, n)),
            lambda: sg.einsum("ij,jk->ki", square, square),
        )
    )()


def chosen_rows(net: Network, x: Tensor) -> Tensor:
    if net.random.random() < 0.5:
        return sg.take_along_axis(x, net.index((net.rows, _width(x)), net.rows), 0)
    return sg.take(x, net.index((net.rows,), net.rows), 0)


def running(net: Network, x: Tensor) -> Tensor:
    return sg.cumsum(x, axis=net.random.choice((0, 1))) / 4


def neighbours(net: Network, x: Tensor) -> Tensor:
    """A convolution along the rows: windows that overlap."""
    length = min(2, net.rows)
    padded = sg.pad(x, ((net.random.choice((0, length - 1)), length - 1), (0, 0)))
    windows = sg.sliding_window_view(padded, length, axis=0)[: net.rows]
    return sg.einsum("nck,ck->nc", windows, net.weight((_width(x), length)))


def split_rows(net: Network, x: Tensor) -> Tensor:
    """Rows as two halves that meet in a batched product, if there are so many."""
    if net.rows % 2:
        return x
    halves = x.reshape(2, net.rows // 2, _width(x))
    return (halves[::-1] * halves @ net.weight((_width(x), 5))).reshape(net.rows, 5)


LAYERS: tuple[Callable[[Network, Tensor], Tensor], ...] = (
    *(linear, linear, sum_of_products, pointwise, normalized, heads, convolved, with_ones_in_front, own_products),
    *(joined, chosen_columns, rows_of_a_table),
    *(moved, whole, standardized, rows_among_rows, turned, chosen_rows, running, neighbours, split_rows),
)

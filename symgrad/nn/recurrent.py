"""Recurrent cells: one step of a network that reads a sequence."""

from __future__ import annotations

from typing import Any

from symgrad.errors import ShapeError
from symgrad.families.contraction import matmul
from symgrad.families.elementwise import apply
from symgrad.families.leaf import as_tensor
from symgrad.families.pieces import split
from symgrad.shapes import format_shape
from symgrad.tensor import Tensor


def lstm_cell(x: Any, state: tuple[Any, Any], w_x: Any, w_h: Any, bias: Any = None) -> tuple[Tensor, Tensor]:
    """Return the next state (h, c) of a long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

    With i, f, g, o the four parts of x @ w_x + h @ w_h + bias, in this order:
    c' = sigmoid(f) * c + sigmoid(i) * tanh(g) and h' = sigmoid(o) * tanh(c').

    Parameters
    ----------
    x: (..., n), what is read.
    state: the pair (h, c), each (..., m).
    w_x: (n, 4 m).
    w_h: (m, 4 m).
    bias: (4 m,) or None.

    >>> import symgrad as sg
    >>> x, h, c = sg.variable("x", (8, 3)), sg.variable("h", (8, 5)), sg.variable("c", (8, 5))
    >>> h, c = lstm_cell(x, (h, c), sg.variable("Wx", (3, 20)), sg.variable("Wh", (5, 20)), sg.variable("b", (20,)))
    >>> h.shape, c.shape
    ((8, 5), (8, 5))
    """
    if not isinstance(state, (tuple, list)) or len(state) != 2:
        raise ShapeError(f"the state of an LSTM is a pair (h, c), not {state!r}")
    h, c = as_tensor(state[0]), as_tensor(state[1])
    gates = apply("add", matmul(x, w_x), matmul(h, w_h))
    if bias is not None:
        gates = apply("add", gates, bias)
    write, keep, new, read = _parts(gates, 4, "an LSTM")
    kept, written = apply("multiply", _sigmoid(keep), c), apply("multiply", _sigmoid(write), apply("tanh", new))
    c = apply("add", kept, written)
    return apply("multiply", _sigmoid(read), apply("tanh", c)), c


def gru_cell(x: Any, h: Any, w_x: Any, w_h: Any, bias_x: Any = None, bias_h: Any = None) -> Tensor:
    """Return the next state of a gated recurrent unit (Cho et al., 2014), the reset gate behind the product with h.

    With r, z, n the three parts of x @ w_x + bias_x and of h @ w_h + bias_h, in this order:
    n' = tanh(n_x + sigmoid(r_x + r_h) * n_h) and h' = (1 - sigmoid(z_x + z_h)) * n' + sigmoid(z_x + z_h) * h.

    Parameters
    ----------
    x: (..., n), what is read.
    h: (..., m), the state.
    w_x: (n, 3 m).
    w_h: (m, 3 m).
    bias_x, bias_h: (3 m,) or None.

    >>> import symgrad as sg
    >>> gru_cell(sg.ones((8, 3)), sg.ones((8, 5)), sg.ones((3, 15)), sg.ones((5, 15))).shape
    (8, 5)
    """
    h = as_tensor(h)
    from_x, from_h = matmul(x, w_x), matmul(h, w_h)
    if bias_x is not None:
        from_x = apply("add", from_x, bias_x)
    if bias_h is not None:
        from_h = apply("add", from_h, bias_h)
    (reset_x, update_x, new_x), (reset_h, update_h, new_h) = (_parts(gates, 3, "a GRU") for gates in (from_x, from_h))
    reset, update = _sigmoid(apply("add", reset_x, reset_h)), _sigmoid(apply("add", update_x, update_h))
    new = apply("tanh", apply("add", new_x, apply("multiply", reset, new_h)))
    # (1 - z) * n + z * h
    return apply("add", new, apply("multiply", update, apply("subtract", h, new)))


def _parts(gates: Tensor, count: int, what: str) -> list[Tensor]:
    width = gates.shape[-1]
    if not isinstance(width, int) or width % count:
        raise ShapeError(f"the gates of {what} are {count} equal parts; those given have {format_shape(gates.shape)}")
    return split(gates, count, -1)


def _sigmoid(x: Tensor) -> Tensor:
    return apply("sigmoid", x)

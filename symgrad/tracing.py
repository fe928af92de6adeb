"""Traces: a computation at given values, with the value and the gradient at each node, as circuits are taught."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from symgrad.derivative.reverse import pull_back
from symgrad.dtypes import is_float
from symgrad.errors import GradientError, GraphError
from symgrad.evaluate import evaluate_nodes
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import ones_like, repeated_number
from symgrad.families.leaf import Constant, variable
from symgrad.graph import topological_order
from symgrad.shapes import format_shape
from symgrad.simplify import simplify
from symgrad.tensor import Tensor

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Edge:
    """What flows back along one edge of the circuit: downstream = upstream times local derivative.

    For an elementwise gate `local` holds the local derivative and `formula` its formula, empty for a number. For any
    other gate `local` is None, and `formula` is that of the whole downstream gradient.
    """

    gate: Tensor
    source: Tensor
    formula: str
    local: Array | None
    downstream: Array


class Trace:
    """A circuit: an expression at given values, with the value of every node and its gradient.

    `root` is the expression, `nodes` are its nodes, every one after its inputs, and `names` says what each is called;
    numbers have no names, and a tensor and its name for people are called the same.
    """

    def __init__(self, expr: Tensor, at: Mapping[Tensor, Any]) -> None:
        from symgrad.formula.naming import node_names

        self.root = expr
        self.nodes = topological_order([expr])
        floats = [node for node in self.nodes if is_float(node.dtype)]
        # The nodes stay exactly those the user wrote: nothing is stabilised or simplified.
        gradients = dict(zip(floats, pull_back([expr], [ones_like(expr)], floats), strict=True))
        values = evaluate_nodes([expr, *gradients.values()], at)
        self._values = {node: values[node] for node in self.nodes}
        self._gradients = {node: values[gradient] for node, gradient in gradients.items()}
        self.names = node_names(self.nodes, expr, "f")

    def value(self, node: Tensor) -> Array:
        """Return the value of a node of the expression."""
        self._check(node)
        return self._values[node].copy()

    def gradient(self, node: Tensor) -> Array:
        """Return the gradient of the expression by one of its nodes, in the node's shape."""
        self._check(node)
        if node not in self._gradients:
            raise GradientError(f"{node!r} is not floating: there is no gradient by it")
        return self._gradients[node].copy()

    def _check(self, node: Tensor) -> None:
        if not isinstance(node, Tensor) or node not in self._values:
            raise GraphError(f"{node!r} is not a node of the traced expression {self.root!r}")

    def has_gradient(self, node: Tensor) -> bool:
        """Return whether a node of the expression is floating, so that there is a gradient by it."""
        self._check(node)
        return node in self._gradients

    def formula(self, node: Tensor, within: Collection[Tensor] = ()) -> str:
        """Return how a gate computes its value: from the nodes before it, those in `within` written out."""
        return _written(node, {x: name for x, name in self.names.items() if x is not node and x not in within})

    def downstream(self, gate: Tensor) -> list[Array | None]:
        """Return what a gate sends back to each of its inputs, in their shapes; None where nothing flows."""
        factors, bound = self._factors(gate)
        present = [factor for factor in factors if factor is not None]
        values = evaluate_nodes(present, bound)
        result: list[Array | None] = []
        for source, factor in zip(gate.inputs, factors, strict=True):
            if factor is None:
                result.append(None)
                continue
            value = values[factor]
            if isinstance(gate.operation, Elementwise):
                value = _times(self._gradients[gate], value)
            result.append(_summed_down(value, self._values[source].shape))
        return result

    def _factors(self, gate: Tensor) -> tuple[list[Tensor | None], dict[Tensor, Array]]:
        """Return for each input of a gate its local derivative (elementwise) or its downstream gradient.

        Both are expressions of the inputs, the gate and its upstream gradient; their values are returned too.
        """
        if gate not in self._gradients:
            return [None] * len(gate.inputs), {}
        upstream = variable("upstream", gate.shape, gate.dtype)
        bound = {x: self._values[x] for x in gate.inputs}
        bound |= {gate: self._values[gate], upstream: self._gradients[gate]}
        is_elementwise = isinstance(gate.operation, Elementwise)
        factors = gate.operation.pull_back(gate, ones_like(gate) if is_elementwise else upstream, False)
        return [
            factor if is_float(source.dtype) and not isinstance(source.operation, Constant) else None
            for source, factor in zip(gate.inputs, factors, strict=True)
        ], bound

    def edges(self, gate: Tensor) -> Iterator[Edge]:
        """Yield what a gate sends back to each of its inputs, once for every use."""
        self._check(gate)
        factors, bound = self._factors(gate)
        upstream = variable("upstream", gate.shape, gate.dtype)
        is_elementwise = isinstance(gate.operation, Elementwise)
        for source, factor, downstream in zip(gate.inputs, factors, self.downstream(gate), strict=True):
            if factor is None or downstream is None:
                continue
            (simple,) = simplify([factor], keep=(gate, *gate.inputs, upstream))
            is_plain = is_elementwise and repeated_number(simple) is not None
            formula = "" if is_plain else _written(simple, self.names | {upstream: "upstream"})
            local = evaluate_nodes([factor], bound)[factor] if is_elementwise else None
            yield Edge(gate, source, formula, local, downstream)

    def text(self, precision: int = 2) -> str:
        """Return the circuit as a table, the values forward, and the gradients backward, gate by gate.

        Numbers have `precision` digits behind the point. Small tensors stand there in full.
        """
        from symgrad.circuit.table import circuit_text

        return circuit_text(self, precision)

    def svg(self, fold: bool | None = None, precision: int = 2, layout: Literal["dot", "layered"] | None = None) -> str:
        """Draw the circuit from left to right, as SVG: on each wire the value above, the gradient below.

        Parameters
        ----------
        fold: True draws everything between tensors that were named with `.named(...)` as one box, False draws every
            gate; None (the default) folds big circuits.
        precision: digits behind the point. Large tensors are labelled by their shape and range.
        layout: "dot" has Graphviz find the order in which few wires cross, "layered" is built in; None takes the first
            if it is installed and the drawing is not large.

        The colour of a gate says what it does to the gradient: add distributes, multiply swaps, max routes, copy (a
        tensor that is used more than once) adds up. Numbers are drawn as part of the gate, `*-1` or `1/x`.

        Raises GraphError for `fold=False` and more gates than can be drawn, and for `layout="dot"` without Graphviz.

        >>> import symgrad as sg
        >>> x, y, z = (sg.variable(name) for name in "xyz")
        >>> picture = sg.trace((x + y) * z, at={x: -2, y: 5, z: -4}).svg()
        >>> picture[:4], picture.count('class="gate')
        ('<svg', 2)
        """
        from symgrad.circuit import circuit_svg

        return circuit_svg(self, fold, precision, layout)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto">{self.svg()}</div>'


def trace(expr: Tensor, at: Mapping[Tensor, Any] | None = None) -> Trace:
    """Evaluate an expression node by node, forward and backward, as one does by hand on its circuit.

    Parameters
    ----------
    expr: a floating tensor without axes.
    at: an array (or a number) for each variable.

    Returns a Trace: `t.value(node)`, `t.gradient(node)` (of `expr`, by the node), `t.text()`. The nodes are exactly
    those that were written: nothing is simplified.

    Raises GradientError if `expr` is not a single floating number, and the errors of `sg.evaluate` for wrong values.

    >>> import symgrad as sg
    >>> x, y, z = (sg.variable(name) for name in "xyz")
    >>> t = trace((x + y) * z, at={x: -2, y: 5, z: -4})
    >>> float(t.value(x + y)), float(t.gradient(x + y))
    (3.0, -4.0)
    >>> print(t.text())
    node  computed as  value  gradient
    x                  -2.00     -4.00
    y                   5.00     -4.00
    t1    x + y         3.00     -4.00
    z                  -4.00      3.00
    f     t1 * z      -12.00      1.00
    <BLANKLINE>
    backward: upstream x local = downstream
      f -> t1: 1.00 x (z = -4.00) = -4.00
      f -> z: 1.00 x (t1 = 3.00) = 3.00
      t1 -> x: -4.00 x 1.00 = -4.00
      t1 -> y: -4.00 x 1.00 = -4.00
    """
    if not isinstance(expr, Tensor):
        raise GradientError(f"a symbolic tensor is traced, not {type(expr).__name__}")
    if expr.shape != () or not is_float(expr.dtype):
        raise GradientError(
            f"a trace needs a single floating number to differentiate; {expr!r} has shape {format_shape(expr.shape)}. "
            "Reduce it with sg.sum or sg.mean. (For the sum of a diagonal, use np.trace.)"
        )
    return Trace(expr, at or {})


def _written(tensor: Tensor, names: Mapping[Tensor, str]) -> str:
    """Return the formula of a tensor in terms of named ones, on one line."""
    from symgrad.formula.document import write_document
    from symgrad.formula.styles import print_readable

    return print_readable(write_document([tensor], opaque=names))


def _times(upstream: Array, local: Array) -> Array:
    """Return the product in which nothing upstream stays nothing."""
    with np.errstate(all="ignore"):
        return np.where(upstream == 0, 0, upstream * local)


def _summed_down(array: Array, shape: tuple[int, ...]) -> Array:
    """Return the sum over what was broadcast."""
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    return array.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1), keepdims=True)


__all__ = ["Edge", "Trace", "trace"]

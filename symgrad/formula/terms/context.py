"""What the notation of one node may know about the nodes below it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from symgrad.dtypes import BOOL, FLOAT64, INT64, Dtype
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import Named, Reshape
from symgrad.formula.notation import Call, Group, Index, NewAxis, Number, Reference, Size, Tree, Word, call
from symgrad.formula.text import number_text
from symgrad.shapes import Shape, same_shape
from symgrad.shapes import Size as Size_
from symgrad.tensor import Operation, Tensor


@dataclass(frozen=True)
class Term:
    """The notation of a node, with references to the nodes it is made from.

    Repeating entries is left to NumPy's broadcasting where it does that by itself: the notation may stand for a tensor
    of `shape`, which broadcasts to the shape of the node.
    """

    tree: Tree
    shape: Shape


class Terms:
    """The terms of a graph, made from the leaves up. Nodes in `opaque` are names: nothing looks below them."""

    def __init__(self, opaque: Collection[Tensor] = ()) -> None:
        self.opaque = opaque
        self.found: dict[Tensor, Term] = {}

    def operation(self, node: Tensor) -> Operation | None:
        """Return the operation of a node, or None if it must not be looked into."""
        return None if node in self.opaque else node.operation

    def function(self, node: Tensor) -> str | None:
        """Return the name of the scalar function a node applies, if it applies one."""
        operation = self.operation(node)
        return operation.function.name if isinstance(operation, Elementwise) else None

    def number(self, node: Tensor) -> float | int | bool | None:
        """Return the number that a node is, or repeats."""
        tree = self.loose(node)
        return tree.value if isinstance(tree, Number) else None

    def is_number(self, node: Tensor) -> bool:
        """Return whether the node is written as a number."""
        return isinstance(self.loose(node), Number)

    def loose(self, node: Tensor) -> Tree:
        """Return the notation of a node in a place that broadcasts."""
        if isinstance(node.operation, Named):
            return Reference(node)
        tree = self.found[node].tree
        return tree if isinstance(tree, (Reference, Number, Size)) else Reference(node)

    def loose_shape(self, node: Tensor) -> Shape:
        """Return the shape of what `loose` stands for."""
        return self.found[node].shape

    def full(self, node: Tensor) -> Tree:
        """Return the notation of a node with all its axes."""
        tree = self.loose(node)
        if same_shape(self.loose_shape(node), node.shape):
            return tree
        if isinstance(tree, Number):
            return filled(tree, node.shape, node.dtype)
        loose = self.loose_shape(node)
        added = node.ndim - len(loose)
        # What has no axes may be one of Python's own numbers, which have no indices.
        if loose and same_shape(node.shape, (1,) * added + loose):
            return Index(parts=(tree, *([NewAxis()] * added)))
        return call("broadcast_to", tree, shape_group(node.shape))

    def is_repeated_one(self, node: Tensor) -> bool:
        """Return whether a node is ones."""
        return self.number(node) == 1 and node.dtype != BOOL

    def without_unit_axis(self, node: Tensor) -> Tensor | None:
        """Return x where the node is x with a new last axis of size 1."""
        if not isinstance(self.operation(node), Reshape):
            return None
        (x,) = node.inputs
        return x if same_shape(node.shape, (*x.shape, 1)) else None


def filled(number: Number, shape: Shape, dtype: Dtype) -> Call:
    """Return the notation of one number everywhere."""
    word = {"0": "zeros", "1": "ones"}.get(number_text(number.value))
    arguments = [shape_group(shape)] if word else [shape_group(shape), with_float(number, dtype)]
    default = FLOAT64 if word or dtype.kind == "f" else INT64
    if dtype not in (default, BOOL):
        arguments.append(Word(dtype.name))
    return call(word or "full", *arguments)


def identity_matrix(size: Size_, dtype: Dtype) -> Call:
    """Return the notation of the square identity matrix."""
    return call("eye", Size(size), **dtype_option(dtype))


def dtype_option(dtype: Dtype) -> dict[str, Tree]:
    """Return the keyword argument for a dtype that is not float64."""
    return {} if dtype == FLOAT64 else {"dtype": Word(dtype.name)}


def with_float(number: Number, dtype: Dtype) -> Number:
    """Return a number that is written as a float if its dtype is one."""
    return Number(number.value, as_float=dtype.kind == "f")


def shape_group(shape: Shape) -> Tree:
    """Return a shape in notation."""
    return Group(parts=tuple(Size(size) for size in shape))

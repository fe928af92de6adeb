"""Documents: a graph written down, as lines `name = value` and a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symgrad.errors import GraphError
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import Named
from symgrad.families.leaf import Variable
from symgrad.formula.naming import Names
from symgrad.formula.notation import (
    Call,
    Fraction,
    Index,
    Infix,
    Name,
    Negative,
    NewAxis,
    Number,
    Power,
    Range,
    Reference,
    Size,
    Transpose,
    Tree,
    fold,
    with_parts,
)
from symgrad.formula.terms import Terms, add_term
from symgrad.formula.text_names import WORDS
from symgrad.formula.tidy import tidy
from symgrad.functions import FUNCTIONS, Function
from symgrad.graph import topological_order
from symgrad.tensor import Tensor

LONGEST_LINE = 40
"""Names, numbers and operations in one line; what is longer gets lines of its own."""

LONGEST_EXPANDED = 20_000
"""Names, numbers and operations in a formula without lines; longer ones are refused."""


@dataclass(frozen=True)
class Document:
    """A graph in notation.

    `lines` define names one after another. `results` are the notations of the tensors asked for: names of lines or, for
    a tensor without a name, an expression. `leaves` are the tensors and run-time sizes that the names on the right-hand
    sides stand for, and `functions` the users' functions.
    """

    lines: tuple[tuple[Name, Tree], ...]
    results: tuple[Tree, ...]
    leaves: dict[str, Tensor | sympy.Symbol]
    functions: dict[str, Function]


def write_document(
    roots: Sequence[Tensor],
    keys: Sequence[str | None] = (),
    opaque: Mapping[Tensor, str] | None = None,
    expand: bool = False,
) -> Document:
    """Write down the graph below `roots`, the results under the names `keys`.

    Tensors in `opaque` are only called by their names: what is below them is not looked at. With `expand`, nothing but
    the results has a line of its own.
    """
    given = dict(opaque or {})
    order = topological_order(roots, stop=given.__contains__)
    terms = Terms(given)
    for node in order:
        add_term(node, terms)
    return _Writer(terms, given, expand).write(order, roots, keys or [None] * len(roots))


class _Writer:
    """Puts the terms of a graph together."""

    def __init__(self, terms: Terms, opaque: Mapping[Tensor, str], expand: bool) -> None:
        self.terms = terms
        self.expand = expand
        self.opaque = opaque
        self.names = Names(WORDS)
        self.leaves: dict[str, Tensor | sympy.Symbol] = {}
        self.functions: dict[str, Function] = {}
        self.function_names: dict[Function, str] = {}
        self.sizes: dict[sympy.Symbol, sympy.Symbol] = {}
        self.written: dict[Tensor, Tree] = {}
        self.weights: dict[Tensor, int] = {}
        self.lines: list[tuple[Name, Tree]] = []
        self.done: set[Tensor] = set()
        self.aliases: dict[Tensor, Tensor] = {}
        self.ends: set[Tensor] = set()

    def write(self, order: Sequence[Tensor], roots: Sequence[Tensor], keys: Sequence[str | None]) -> Document:
        trees = [self.terms.full(root) for root in roots]
        uses = self._count_uses(trees)
        self.aliases = self._find_aliases(order)
        self.ends = {root for root in roots if uses.get(root) == 1}
        self._name_leaves([node for node in order if node in uses], trees)
        names = [self.names.claim(key, "_result") if key else None for key in keys]
        own: dict[Tensor, Name] = {}
        for root, name, tree in zip(roots, names, trees, strict=True):
            if name is not None and tree == Reference(root) and not self.expand:
                own.setdefault(root, name)
        waiting = iter(order)
        results: list[Tree] = []
        for root, name, tree in zip(roots, names, trees, strict=True):
            while root not in self.done:
                self._write_node(next(waiting), uses, own)
            result = self._put_together(tree)[0]
            if name is not None and result != name:
                self.lines.append((name, result))
                result = name
            results.append(result)
        return Document(tuple(self.lines), tuple(results), self.leaves, self.functions)

    def _count_uses(self, trees: Sequence[Tree]) -> dict[Tensor, int]:
        """Return how often each node is referred to, for those that are."""
        uses: dict[Tensor, int] = {}
        waiting = list(trees)
        while waiting:
            for node in _references(waiting.pop()):
                if node not in uses:
                    tree = self.terms.found[node].tree
                    if tree != Reference(node):
                        waiting.append(tree)
                uses[node] = uses.get(node, 0) + 1
        return uses

    def _find_aliases(self, order: Sequence[Tensor]) -> dict[Tensor, Tensor]:
        """Return for each node that the user named the node with the name: every use of the value goes by it."""
        aliases: dict[Tensor, Tensor] = {}
        for node in order:
            if not isinstance(self.terms.operation(node), Named):
                continue
            (x,) = node.inputs
            is_leaf_or_name = self.terms.found[x].tree == Reference(x) or isinstance(x.operation, Named)
            if self.terms.found[node].tree == Reference(x) and not is_leaf_or_name:
                aliases.setdefault(x, node)
        return aliases

    def _name_leaves(self, used: Sequence[Tensor], results: Sequence[Tree]) -> None:
        """Give names to sizes and variables first, so that they keep those the user gave them."""
        leaves = [node for node in used if self.terms.found[node].tree == Reference(node)]
        trees = [*results, *(self.terms.found[node].tree for node in used)]
        symbols: set[sympy.Symbol] = set()
        for tree in trees:
            fold(tree, lambda part, _: symbols.update(_size_symbols(part)))
        for symbol in sorted(symbols, key=str):
            name = self.names.claim(symbol.name)
            self.leaves[name.identifier] = symbol
            if name.identifier != symbol.name:
                self.sizes[symbol] = sympy.Symbol(name.identifier, integer=True, nonnegative=True)
        for node in leaves:
            name = self._leaf_name(node)
            self.leaves[name.identifier] = node
            self.written[node], self.weights[node] = name, 1

    def _leaf_name(self, node: Tensor) -> Name:
        if node in self.opaque:
            return self.names.claim(self.opaque[node])
        operation = node.operation
        return self.names.claim(operation.name) if isinstance(operation, Variable) else self.names.fresh("C")

    def _write_node(self, node: Tensor, uses: Mapping[Tensor, int], named: Mapping[Tensor, Name]) -> None:
        self.done.add(node)
        if node not in uses or node in self.written:
            return
        tree, weight = self._put_together(self.terms.found[node].tree, node)
        if isinstance(tree, Name) and self.aliases.get(node.inputs[0]) is node:
            # The line of what is named has the name already.
            self.written[node], self.weights[node] = tree, 1
            return
        alias = self.aliases.get(node, node)
        name = named.get(alias)
        if self.expand:
            if weight > LONGEST_EXPANDED:
                raise GraphError(
                    f"the closed formula has more than {LONGEST_EXPANDED} parts, since what is used twice is written "
                    "twice; without expand=True every part is written once"
                )
        elif name is None and isinstance(alias.operation, Named):
            name = self.names.claim(alias.operation.name)
        if (
            name is None
            and not self.expand
            and node not in self.ends
            and (weight > LONGEST_LINE or (uses[node] > 1 and not _is_cheap(tree, weight)))
        ):
            name = self.names.fresh("t")
        if name is not None:
            self.lines.append((name, tree))
            tree, weight = name, 1
        self.written[node], self.weights[node] = tree, weight

    def _put_together(self, term: Tree, node: Tensor | None = None) -> tuple[Tree, int]:
        """Return a term with the notations of its references in their places, and its weight."""
        weight = 0

        def place(tree: Tree, parts: list[Tree]) -> Tree:
            nonlocal weight
            if isinstance(tree, Reference):
                weight += self.weights[tree.node]
                return self.written[tree.node]
            weight += not isinstance(tree, Range)
            if isinstance(tree, (Size, Range)) and self.sizes:
                return self._renamed_sizes(tree)
            if isinstance(tree, Call) and node is not None:
                tree = self._renamed_function(tree, node)
            return tidy(with_parts(tree, tuple(parts)))

        return fold(term, place), weight

    def _renamed_sizes(self, tree: Size | Range) -> Tree:
        def renamed(size: Any) -> Any:
            return size.xreplace(self.sizes) if isinstance(size, sympy.Expr) else size

        if isinstance(tree, Range):
            return Range(renamed(tree.start), renamed(tree.stop), tree.step)
        return Size(renamed(tree.size))

    def _renamed_function(self, tree: Call, node: Tensor) -> Call:
        """Return a call of a user's function under the name it goes by in this document."""
        operation = node.operation
        if not isinstance(operation, Elementwise) or FUNCTIONS.get(operation.function.name) is operation.function:
            return tree
        function = operation.function
        if function not in self.function_names:
            name = self.names.claim(function.name).identifier
            self.function_names[function] = name
            self.functions[name] = function
        return Call(self.function_names[function], tree.keywords, parts=tree.parts)


def _references(tree: Tree) -> list[Tensor]:
    found: list[Tensor] = []
    fold(tree, lambda part, _: found.append(part.node) if isinstance(part, Reference) else None)
    return found


def _size_symbols(tree: Tree) -> set[sympy.Symbol]:
    sizes: list[Any] = (
        [tree.size] if isinstance(tree, Size) else [tree.start, tree.stop] if isinstance(tree, Range) else []
    )
    expressions = [size for size in sizes if isinstance(size, sympy.Expr)]
    return {symbol for size in expressions for symbol in size.atoms(sympy.Symbol)}


def _is_cheap(tree: Tree, weight: int) -> bool:
    """Return whether something is as well written twice: a view, one operator between names, ones and zeros."""
    if isinstance(tree, Call):
        return tree.function in ("eye", "ones", "zeros")
    operands = [part for part in tree.parts if not isinstance(part, (Range, NewAxis))]
    if not all(isinstance(part, (Name, Number, Size)) for part in operands):
        return isinstance(tree, Index) and isinstance(tree.parts[0], Transpose) and weight <= 3
    return not tree.parts or isinstance(tree, (Transpose, Index, Negative, Power, Fraction, Infix))


__all__ = ["LONGEST_LINE", "Document", "write_document"]

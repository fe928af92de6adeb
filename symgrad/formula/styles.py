"""Whole formulas in each style, and the one-line summary of a tensor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symgrad.errors import GraphError
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import Named
from symgrad.families.leaf import Constant
from symgrad.formula.document import Document, write_document
from symgrad.formula.latex import latex_lines
from symgrad.formula.mathml import mathml_lines
from symgrad.formula.notation import Name, Tree, fold, with_parts
from symgrad.formula.text import text
from symgrad.formula.typeset import typeset, typeset_name
from symgrad.graph import rebuild
from symgrad.shapes import format_shape
from symgrad.simplify.textbook import textbook
from symgrad.tensor import Tensor

STYLES = ("text", "latex", "mathml")
_MOST_NODES = 30
_LONGEST_SUMMARY = 70
_MOST_NODES_IN_A_NOTEBOOK = 1000


def write_formula(expr: Any, style: str, expand: bool = False) -> str:
    """Return a tensor or a nesting of tensors in a style (see `symgrad.formula.formula`)."""
    if style not in STYLES:
        raise GraphError(f"the style of a formula is one of {', '.join(STYLES)}, not {style!r}")
    import optree

    leaves, structure = optree.tree_flatten(expr, none_is_leaf=True)  # type: ignore[arg-type]
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise GraphError(f"formulas are written for symbolic tensors, not {type(leaf).__name__}: {leaf!r}")
    paths = optree.treespec_paths(structure)
    keys = [_key(path) for path in paths]
    tensors = list(leaves)
    if expand:
        without_names = rebuild(tensors, lambda node: node.inputs[0] if isinstance(node.operation, Named) else node)
        tensors = [without_names[tensor] for tensor in tensors]
    return print_document(write_document(textbook(tensors), keys, expand=expand), style)


def _key(path: tuple[Any, ...]) -> str | None:
    """Return the name of an entry of a nesting: its keys, joined; positions in lists count from 0."""
    if not path:
        return None
    key = "_".join(str(part) for part in path)
    return key if isinstance(path[0], str) else f"result_{key}"


def print_document(document: Document, style: str) -> str:
    """Return a document in a style."""
    if style == "text":
        lines = [f"{name.identifier} = {text(tree)}" for name, tree in document.lines]
        return "\n".join([*lines, *(text(result) for result in _unnamed_results(document))])
    boxes = [(typeset_name(name), typeset(tree)) for name, tree in document.lines]
    rest = [(None, typeset(result)) for result in _unnamed_results(document)]
    return (latex_lines if style == "latex" else mathml_lines)([*boxes, *rest])


def print_readable(document: Document) -> str:
    """Return a document as text on one line with the users' own names, dL/dh as well: for people, not for Python."""

    def readable(tree: Tree, parts: list[Tree]) -> Tree:
        return Name(tree.display, tree.display) if isinstance(tree, Name) else with_parts(tree, tuple(parts))

    lines = tuple((Name(name.display, name.display), fold(tree, readable)) for name, tree in document.lines)
    results = tuple(fold(result, readable) for result in document.results)
    return print_document(replace(document, lines=lines, results=results), "text").replace("\n", "; ")


def _unnamed_results(document: Document) -> list[Any]:
    """Return what is to be printed after the lines: results that are not names of lines."""
    names = {name for name, _ in document.lines}
    return [result for result in document.results if not (isinstance(result, Name) and result in names)]


def write_summary(x: Tensor) -> str:
    """Return a tensor in one line (see `symgrad.formula.summary`)."""
    if isinstance(x.operation, Constant) and x.operation.is_number:
        return repr(x.operation.value)
    return f"<{_short_formula(x) or _head(x)}: {x.dtype.name} {format_shape(x.shape)}>"


def write_notebook_latex(x: Tensor) -> str | None:
    """Return LaTeX between dollars, or None if there is too much of it (see `symgrad.formula.notebook_latex`)."""
    if _named_below(x, _MOST_NODES_IN_A_NOTEBOOK, through_names=True) is None:
        return None
    return f"$\\displaystyle {write_formula(x, 'latex')}$"


def _short_formula(x: Tensor) -> str | None:
    """Return the formula of a tensor if it is short; tensors with names below it are only called by them."""
    names = _named_below(x, _MOST_NODES, through_names=False)
    if names is None:
        return None
    written = print_document(write_document([x], opaque=names), "text")
    return written if len(written) <= _LONGEST_SUMMARY and "\n" not in written else None


def _named_below(x: Tensor, most: int, through_names: bool) -> dict[Tensor, str] | None:
    """Return the named tensors below `x`, or None if that takes looking at more than `most` nodes."""
    names: dict[Tensor, str] = {}
    seen: set[Tensor] = set()
    waiting = [x]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if len(seen) > most:
            return None
        if isinstance(node.operation, Named) and node is not x:
            names[node] = node.operation.name
            if not through_names:
                continue
        waiting.extend(node.inputs)
    return names


def _head(x: Tensor) -> str:
    operation = x.operation
    if isinstance(operation, Named):
        return operation.name
    return f"{operation.function.name if isinstance(operation, Elementwise) else type(operation).__name__.lower()}(...)"

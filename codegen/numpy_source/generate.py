"""The whole way from tensors to the source of a function."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence

import sympy

from codegen.numpy_source.code import method
from codegen.numpy_source.literals import typed
from codegen.numpy_source.module import Module
from codegen.numpy_source.names import Names
from codegen.numpy_source.plan import Plan
from codegen.numpy_source.sections import Sections, gradients_of_inputs, names_from_keys
from codegen.numpy_source.structure import Structure, last_keys, parameters, result
from codegen.numpy_source.tidy import tidy
from codegen.numpy_source.writer import Writer
from symgrad.bindings import describe
from symgrad.errors import BindingError
from symgrad.families.layout import Named
from symgrad.families.leaf import Variable, variable, variables_of
from symgrad.graph import substitute, topological_order
from symgrad.shapes import format_shape
from symgrad.tensor import Tensor

_WIDTH = 100


def generate(
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    updates: Mapping[Tensor, Tensor] | None = None,
    *,
    name: str = "f",
    input_structure: Structure | None = None,
    output_structure: Structure | None = None,
) -> str:
    """Return the source of a function that computes `outputs` from `inputs` with NumPy, as written by hand.

    Parameters
    ----------
    inputs: the arguments: variables, or other tensors, whose values are then given. All variables that take part must
        be among them.
    outputs: what the function returns: the only output itself, or a tuple of them.
    updates: for some of the inputs the value that overwrites them in place, after everything has been computed from
        the old values.
    name: the name of the function.
    input_structure: a nesting of the inputs (from optree); its children are the arguments, which the function unpacks.
    output_structure: a nesting of the outputs, which the function returns.

    The source needs NumPy, and SciPy for error and gamma functions. Names come from variables and `.named()`. The
    outputs that no gradient takes part in are the forward pass and come first. Where the first output is a single
    number, its gradients by inputs are recognised and called so. Values are those of `sg.evaluate`, up to rounding.

    Raises BindingError for a variable that is not among the inputs, GraphError for what cannot be written in NumPy.

    >>> import symgrad as sg
    >>> X, w = sg.variable("X", (5, 3)), sg.variable("w", (3,))
    >>> print(generate([X, w], [sg.nn.relu(X @ w).named("h")]))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def f(X, w):
        \"\"\"Return h.
    <BLANKLINE>
        Arguments: X float64 (5, 3), w float64 (3,).
        \"\"\"
        h = np.maximum(X @ w, 0)
        return h
    <BLANKLINE>
    """
    updates = updates or {}
    variables = _as_variables(inputs, updates)
    roots = substitute([*outputs, *updates.values()], variables)
    _check_inputs(roots, set(variables.values()))
    gradients = gradients_of_inputs(roots[: len(outputs)], roots[len(outputs) :], list(variables.values()))
    tidied = tidy([*roots, *(gradient for gradient, _ in gradients)])
    returned, values = tidied[: len(outputs)], tidied[len(outputs) : len(roots)]
    sections = Sections(returned, values, [(g, n) for g, (_, n) in zip(tidied[len(roots) :], gradients, strict=True)])

    names = Names()
    function = names.claim(name)
    arguments = {x: names.claim(_name(given, i)) for i, (given, x) in enumerate(variables.items())}
    keys = [] if output_structure is None else names_from_keys(returned, last_keys(output_structure))
    plan = Plan([*returned, *values], [*sections.names, *keys])
    module = Module(names)
    targets = [variables[target] for target in updates]
    writer = Writer(plan, module, arguments, targets)
    given, unpacking = list(arguments.values()), []
    if input_structure is not None:
        given, unpacking = parameters(input_structure, given, names)
    sections.write(plan, writer)
    texts = _results(returned, plan, writer, bool(updates))
    changes = writer.overwrite(list(zip(targets, values, strict=True)))
    if changes:
        changes.insert(0, "\n# update")
    if output_structure is not None:
        texts = [result(output_structure, texts)]
    ending = [f"return {texts[0] if len(texts) == 1 else ', '.join(texts)}"] if returned else []

    lines = [*unpacking, *_sizes(module, arguments), *writer.lines, *changes, *ending]
    docstring = _docstring(returned, writer, targets)
    body = textwrap.indent("\n".join([docstring, *lines]), "    ")
    return "\n\n\n".join([*module.prologue(), f"def {function}({', '.join(given)}):\n{body}"]) + "\n"


def _as_variables(inputs: Sequence[Tensor], updates: Iterable[Tensor]) -> dict[Tensor, Tensor]:
    """Return a variable for each input: the input itself, or one that takes its place."""
    result = {
        x: x if isinstance(x.operation, Variable) else variable(f"(input {i})", x.shape, x.dtype)
        for i, x in enumerate(inputs)
    }
    for target in updates:
        if target not in result:
            raise BindingError(f"{describe(target)} is to be updated but is not among the inputs")
    return result


def _check_inputs(roots: Sequence[Tensor], known: Collection[Tensor]) -> None:
    missing = [node for node in variables_of(topological_order(roots)) if node not in known]
    if missing:
        raise BindingError("not among the inputs: " + ", ".join(describe(node) for node in missing))


def _name(x: Tensor, number: int) -> str:
    operation = x.operation
    return operation.name if isinstance(operation, (Variable, Named)) else f"x{number}"


def _sizes(module: Module, arguments: Mapping[Tensor, str]) -> list[str]:
    """Return the lines that read run-time sizes off arguments."""
    return [f"{name} = {_size_source(symbol, arguments)}" for symbol, name in module.sizes.items()]


def _size_source(symbol: sympy.Symbol, arguments: Mapping[Tensor, str]) -> str:
    for x, name in arguments.items():
        if symbol in x.shape:
            return f"{name}.shape[{x.shape.index(symbol)}]"
    raise BindingError(f"the size {symbol} is not the size of an axis of any input")


def _results(outputs: Sequence[Tensor], plan: Plan, writer: Writer, updates: bool) -> list[str]:
    """Return the texts of the results: arrays that belong to the caller alone, with values from before any update."""
    for node in map(plan.meant, outputs) if updates else ():
        if writer.codes[node].reads:
            writer.preserve(node)
        elif writer.may_raise(node):
            writer.assign(node)
    writer.shorten([plan.meant(output) for output in outputs])
    returned: set[Tensor] = set()
    texts: list[str] = []
    for node in map(plan.meant, outputs):
        code = typed(writer.codes[node], node.dtype)
        owner, foreign = (node, False) if node in writer.copied else plan.owner(node)
        if foreign or owner in returned:
            code = method(code, "copy")
        returned.add(owner)
        texts.append(code.text)
    return texts


def _docstring(outputs: Sequence[Tensor], writer: Writer, targets: Sequence[Tensor]) -> str:
    names = [writer.codes[writer.plan.meant(node)].text for node in outputs]
    parts: list[str] = []
    if names:
        named = all(name.isidentifier() for name in names)
        parts.append(
            f"return {', '.join(names)}" if named else "return the result" if len(names) == 1 else "return the results"
        )
    if targets:
        parts.append("overwrite " + ", ".join(writer.arguments[target] for target in targets))
    first = " and ".join(parts) or "do nothing"
    lines = textwrap.wrap(f"{first[0].upper()}{first[1:]}.", _WIDTH)
    if writer.arguments:
        # Blanks that must not break are marked while the text is broken into lines.
        described = (
            f"{name} {x.dtype.name} {format_shape(x.shape)}".replace(" ", "\0") for x, name in writer.arguments.items()
        )
        lines += [
            "",
            *(line.replace("\0", " ") for line in textwrap.wrap(f"Arguments: {', '.join(described)}.", _WIDTH)),
        ]
    return '"""' + "\n".join(lines) + '\n"""'

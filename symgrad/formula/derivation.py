"""Derivations: the chain rule written out, gate by gate from the loss back to what it is differentiated by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symgrad.derivative.reverse import unbroadcast
from symgrad.derivative.trees import flatten
from symgrad.dtypes import is_float
from symgrad.errors import GradientError
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import Named, ones_like
from symgrad.families.leaf import variable
from symgrad.formula.document import write_document
from symgrad.formula.naming import node_names
from symgrad.formula.rules import rule_of
from symgrad.formula.styles import print_readable
from symgrad.formula.text import number_text
from symgrad.graph import depends_on, topological_order
from symgrad.shapes import Shape, Size, format_shape, product, same_shape
from symgrad.simplify import simplify
from symgrad.tensor import Tensor
from symgrad.tracing import repeated_number


@dataclass(frozen=True)
class Downstream:
    """What a gate hands back to one of its inputs.

    `local` is the local derivative of an elementwise gate, None for any other. `use` counts the uses of the source so
    far, of `uses` in all. `repeated` says that the source was broadcast, so that its gradient is a sum.
    """

    source: Tensor
    name: str
    formula: str
    local: str | None
    use: int
    uses: int
    repeated: bool


@dataclass(frozen=True)
class Step:
    """One gate of the chain rule: what it computes, what comes from above, and what it hands down."""

    gate: Tensor
    name: str
    formula: str
    upstream: str
    rule: str
    downstream: tuple[Downstream, ...]


@dataclass(frozen=True)
class Derivation:
    """The chain rule from a loss to the tensors it is differentiated by; `str` of it is the text.

    `unreached` are names of tensors that the loss does not depend on.
    """

    loss: str
    shapes: Mapping[str, Shape]
    steps: tuple[Step, ...]
    unreached: tuple[str, ...]

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Return the derivation as text: for each gate the derivatives, the rule, and all shapes."""
        lines = [f"d{self.loss}/d{self.loss} = 1"]
        for number, step in enumerate(self.steps, 1):
            lines += ["", *_step_lines(number, step)]
        for name in self.unreached:
            lines += ["", f"d{self.loss}/d{name} = 0: {self.loss} does not depend on {name}"]
        return "\n".join(lines)


def derive(loss: Tensor, wrt: Any) -> Derivation:
    """Return the derivation (see `symgrad.derivation`)."""
    if not isinstance(loss, Tensor) or loss.shape != () or not is_float(loss.dtype):
        raise GradientError(f"a derivation starts from a single floating number, not from {loss!r}")
    targets, _ = flatten(wrt, "what to differentiate by")
    order = topological_order([loss])
    present = set(order)
    active = depends_on(order, [target for target in targets if target in present])
    names = node_names(order, loss, "L")
    unreached = [target for target in targets if target not in present]
    names |= node_names(unreached, loss, "L") if unreached else {}
    gates = [node for node in order if node in active and not active.isdisjoint(node.inputs)]
    gates = [gate for gate in gates if not _is_only_a_name(gate, names)]
    steps = tuple(_steps(gates, active, names, names[loss]))
    return Derivation(
        names[loss],
        {names[node]: node.shape for node in (*order, *unreached) if node in names},
        steps,
        tuple(names[target] for target in unreached),
    )


def _is_only_a_name(node: Tensor, names: Mapping[Tensor, str]) -> bool:
    return isinstance(node.operation, Named) and names.get(node.inputs[0]) == names[node]


def _steps(gates: Sequence[Tensor], active: set[Tensor], names: Mapping[Tensor, str], loss: str) -> Iterator[Step]:
    uses: dict[str, int] = {}
    for gate in gates:
        for source in gate.inputs:
            if source in active:
                uses[names[source]] = uses.get(names[source], 0) + 1
    seen: dict[str, int] = {}
    for gate in reversed(gates):
        above = variable(f"d{loss}/d{names[gate]}", gate.shape, gate.dtype)
        known = {**names, above: f"d{loss}/d{names[gate]}"}
        downstream: list[Downstream] = []
        contributions = gate.operation.pull_back(gate, above, False)
        for place, (source, contribution) in enumerate(zip(gate.inputs, contributions, strict=True)):
            if contribution is None or source not in active:
                continue
            name = names[source]
            seen[name] = seen.get(name, 0) + 1
            fitted = unbroadcast(contribution, source.shape)
            formula = _written(fitted, gate, known)
            repeated = not same_shape(contribution.shape, source.shape)
            local = _local(gate, place, names)
            downstream.append(Downstream(source, name, formula, local, seen[name], uses[name], repeated))
        formula = print_readable(write_document([gate], opaque={n: s for n, s in names.items() if n is not gate}))
        yield Step(gate, names[gate], formula, f"d{loss}/d{names[gate]}", rule_of(gate.operation), tuple(downstream))


def _local(gate: Tensor, place: int, names: Mapping[Tensor, str]) -> str | None:
    """Return the derivative of an elementwise gate by one of its inputs."""
    if not isinstance(gate.operation, Elementwise):
        return None
    slope = gate.operation.pull_back(gate, ones_like(gate), False)[place]
    return None if slope is None else _written(slope, gate, names)


def _written(tensor: Tensor, gate: Tensor, names: Mapping[Tensor, str]) -> str:
    (simple,) = simplify([tensor], keep=(gate, *gate.inputs, *names))
    number = repeated_number(simple)
    if number is not None:
        return number_text(number)
    return print_readable(write_document([simple], opaque=names))


def _step_lines(number: int, step: Step) -> list[str]:
    gate = step.gate
    inputs = ", ".join(format_shape(x.shape) for x in gate.inputs)
    lines = [f"{number}. {step.name} = {step.formula}    {inputs} -> {format_shape(gate.shape)}"]
    lines.append(f"   upstream    {step.upstream}    {format_shape(gate.shape)}")
    lines += [f"   local       d{step.name}/d{d.name} = {d.local}" for d in step.downstream if d.local is not None]
    for d in step.downstream:
        equals = "=" if d.use == 1 else "+="
        start = step.upstream.removesuffix(f"/d{step.name}")
        lines.append(f"   downstream  {start}/d{d.name} {equals} {d.formula}    {format_shape(d.source.shape)}")
        if d.uses > 1:
            lines.append(f"               copies add up: this is use {d.use} of {d.uses} of {d.name}")
        if d.repeated:
            lines.append(f"               {d.name} was repeated, a copy too: its gradient is the sum over the repeats")
    lines.append(f"   rule        {step.rule}")
    if isinstance(gate.operation, Contraction):
        lines += [f"   {_jacobian_line(step, d)}" for d in step.downstream]
    return lines


def _jacobian_line(step: Step, downstream: Downstream) -> str:
    shape = format_shape((*step.gate.shape, *downstream.source.shape))
    size = format_bytes(jacobian_bytes(step.gate, downstream.source))
    dtype = step.gate.dtype.name
    return f"avoided     the Jacobian d{step.name}/d{downstream.name}, {shape}, would take {size} in {dtype}"


def jacobian_bytes(y: Tensor, x: Tensor) -> Size:
    """Return the memory that the Jacobian of `y` by `x` would take: entries of both, multiplied, times bytes an entry.

    >>> import symgrad as sg
    >>> X, W = sg.variable("X", (64, 4096), "float32"), sg.variable("W", (4096, 4096), "float32")
    >>> jacobian_bytes(X @ W, X)
    274877906944
    """
    return product((*y.shape, *x.shape, y.dtype.itemsize))


def format_bytes(size: Size) -> str:
    """Return a number of bytes in binary units: 1 KiB is 1024 bytes.

    >>> format_bytes(274877906944), format_bytes(1536), format_bytes(12)
    ('256 GiB', '1.5 KiB', '12 bytes')
    """
    if isinstance(size, sympy.Expr):
        return f"{size} bytes"
    if size < 1024:
        return f"{size} bytes"
    power = min((size.bit_length() - 1) // 10, 8)
    return f"{size / 1024**power:.4g} {'KMGTPEZY'[power - 1]}iB"


__all__ = ["Derivation", "Downstream", "Step", "derive", "format_bytes", "jacobian_bytes"]

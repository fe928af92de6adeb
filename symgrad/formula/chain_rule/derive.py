"""The steps of a derivation: gate by gate from the loss back to what it is differentiated by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from symgrad.derivative.reverse import unbroadcast
from symgrad.derivative.trees import flatten
from symgrad.dtypes import is_float
from symgrad.errors import GradientError
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise
from symgrad.families.layout import Named, ones_like, repeated_number
from symgrad.families.leaf import variable
from symgrad.formula.chain_rule.jacobian_size import jacobian_bytes
from symgrad.formula.chain_rule.records import Derivation, Downstream, Formula, Step, name_formula, number_formula
from symgrad.formula.document import write_document
from symgrad.formula.naming import node_names
from symgrad.formula.rules import rule_of
from symgrad.graph import depends_on, topological_order
from symgrad.shapes import format_bytes, format_shape, same_shape
from symgrad.simplify import simplify
from symgrad.tensor import Tensor


def derive(loss: Tensor, wrt: Any) -> Derivation:
    """Return the derivation (see `symgrad.derivation`)."""
    if not isinstance(loss, Tensor) or loss.shape != () or not is_float(loss.dtype):
        raise GradientError(f"a derivation starts from a single floating number, not from {loss!r}")
    targets, _ = flatten(wrt, "what to differentiate by")
    order = topological_order([loss])
    present = set(order)
    active = depends_on(order, [target for target in targets if target in present])
    names = {loss: "L"} | node_names(order, loss, "L")  # a number has no name of its own
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
            downstream.append(
                Downstream(
                    source,
                    name,
                    name_formula(f"d{loss}/d{name}"),
                    _written(fitted, gate, known),
                    _local(gate, place, names),
                    seen[name],
                    uses[name],
                    repeated=not same_shape(contribution.shape, source.shape),
                )
            )
        formula = Formula(write_document([gate], opaque={n: s for n, s in names.items() if n is not gate}))
        is_product = isinstance(gate.operation, Contraction)
        avoided = tuple(_avoided(gate, d.source, names) for d in downstream) if is_product else ()
        upstream = name_formula(f"d{loss}/d{names[gate]}")
        yield Step(gate, names[gate], formula, upstream, rule_of(gate.operation), tuple(downstream), avoided)


def _local(gate: Tensor, place: int, names: Mapping[Tensor, str]) -> Formula | None:
    """Return the derivative of an elementwise gate by one of its inputs."""
    if not isinstance(gate.operation, Elementwise):
        return None
    slope = gate.operation.pull_back(gate, ones_like(gate), False)[place]
    return None if slope is None else _written(slope, gate, names)


def _written(tensor: Tensor, gate: Tensor, names: Mapping[Tensor, str]) -> Formula:
    (simple,) = simplify([tensor], keep=(gate, *gate.inputs, *names))
    number = repeated_number(simple)
    if number is not None:
        return number_formula(number)
    return Formula(write_document([simple], opaque=names))


def _avoided(gate: Tensor, source: Tensor, names: Mapping[Tensor, str]) -> str:
    """Return which Jacobian is not built, and what memory it would take."""
    shape = format_shape((*gate.shape, *source.shape))
    size = format_bytes(jacobian_bytes(gate, source))
    return f"the Jacobian d{names[gate]}/d{names[source]}, {shape}, would take {size} in {gate.dtype.name}"

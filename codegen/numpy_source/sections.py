"""Forward and backward pass: which outputs belong to which, and what gradients are called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codegen.numpy_source.plan import Plan
from codegen.numpy_source.writer import Writer
from symgrad.derivative.reverse import cotangent_name, grad
from symgrad.dtypes import is_float
from symgrad.errors import SymgradError
from symgrad.families.layout import Named
from symgrad.families.leaf import Variable, constant_number
from symgrad.graph import depends_on, topological_order
from symgrad.shapes import same_shape
from symgrad.tensor import Tensor

_COTANGENT = re.compile(r"d[^/]+/d.")


def gradients_of_inputs(
    outputs: Sequence[Tensor], values: Sequence[Tensor], inputs: Sequence[Tensor]
) -> list[tuple[Tensor, str]]:
    """Return the gradients of the first output by inputs, with names, to find them again in the rest of the function.

    There are none if the first output is not a single floating number. `values` are what is computed besides outputs.
    """
    if not outputs or outputs[0].shape or not is_float(outputs[0].dtype):
        return []
    rest = [*outputs[1:], *values]
    wanted = [x for x in inputs if is_float(x.dtype) and any(same_shape(x.shape, y.shape) for y in rest)]
    try:
        found = grad(outputs[0], wanted)
    except SymgradError:  # something on the way has no derivative; then its gradients are not among the outputs either
        return []
    return [(g, cotangent_name(x.operation.name, outputs[:1])) for x, g in zip(wanted, found, strict=True)]  # type: ignore[attr-defined]


class Sections:
    """The outputs of the forward pass, and everything else.

    The backward pass is what a gradient takes part in: one of `gradients`, or a cotangent named by the reverse sweep,
    that is not needed for the first output itself.
    """

    def __init__(
        self, outputs: Sequence[Tensor], values: Sequence[Tensor], gradients: Sequence[tuple[Tensor, str]]
    ) -> None:
        order = topological_order([*outputs, *values])
        loss = set(topological_order(outputs[:1]))
        seen = set(order) - loss
        self.names = [(node, name) for node, name in gradients if node in seen]
        backward = {node for node, _ in self.names}
        backward.update(
            node for node in seen if isinstance(node.operation, Named) and _COTANGENT.match(node.operation.name)
        )
        dependent = depends_on(order, backward)
        self.forward = [node for node in outputs if node not in dependent]
        self.backward = [node for node in (*outputs, *values) if node in dependent] if backward else []
        self.rest = [node for node in values if node not in dependent]
        if self.backward and self.forward and not isinstance(outputs[0].operation, (Named, Variable)):
            self.names.append((outputs[0], "L"))

    def write(self, plan: Plan, writer: Writer) -> None:
        """Write everything, with comment lines where there is a backward pass."""
        forward = plan.order([*self.forward, *self.rest])
        writer.write(forward)
        if not self.backward:
            return
        end = len(writer.lines)
        writer.write(plan.backward_order(self.backward, set(forward)))
        if len(writer.lines) > end > 0:
            writer.lines.insert(end, "\n# backward")
            writer.lines.insert(0, "# forward")


def names_from_keys(outputs: Sequence[Tensor], keys: Sequence[str | None]) -> list[tuple[Tensor, str]]:
    """Return names for outputs that stand under a string in a dictionary."""
    return [
        (node, key)
        for node, key in zip(outputs, keys, strict=True)
        if key is not None and not isinstance(node.operation, Variable) and constant_number(node) is None
    ]

"""The body of a generated function: statements, of which each holds as much as reads well on one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from codegen.numpy_source.code import Binding, Code, method
from codegen.numpy_source.comments import Comments
from codegen.numpy_source.literals import typed
from codegen.numpy_source.module import Module
from codegen.numpy_source.plan import Plan
from symgrad.families.contraction import Contraction
from symgrad.families.elementwise import Elementwise
from symgrad.families.indexing import Gather, ScatterAdd, ScatterAlongAxis, TakeAlongAxis
from symgrad.families.layout import Slice
from symgrad.families.leaf import Variable
from symgrad.families.linear_algebra import Cholesky, Determinant, Inverse, Solve, TriangularSolve
from symgrad.families.reduction import Normalization, Reduction
from symgrad.tensor import Operation, Tensor

LONGEST_EXPRESSION = 80
_LONGEST_REPEATED = 14
"""A view with a text this short is written out wherever it is used."""

_IN_PLACE = {"add": "+=", "subtract": "-=", "multiply": "*=", "divide": "/="}
_NOTHING: frozenset[Tensor] = frozenset()


class Writer:
    """Writes nodes one after another; each must come after its operands.

    `codes` has the text by which each written node is referred to: its name, or the expression itself if nothing needs
    it twice.
    """

    def __init__(
        self, plan: Plan, module: Module, arguments: Mapping[Tensor, str], overwritten: Iterable[Tensor]
    ) -> None:
        self.plan = plan
        self.module = module
        self.lines: list[str] = []
        written = set(overwritten)
        self.arguments = dict(arguments)
        self.codes: dict[Tensor, Code] = {
            node: Code(name, reads=frozenset([node]) if node in written else _NOTHING)
            for node, name in arguments.items()
        }
        self._names = {node: module.names.claim(name) for node, name in plan.names.items()}
        self._comments = Comments(plan, arguments)
        self._own: dict[str, str] = {}
        self._named: set[Tensor] = set()
        self.copied: set[Tensor] = set()

    def write(self, nodes: Iterable[Tensor]) -> None:
        """Write nodes, as statements of their own where they have a name or more than one use."""
        for node in nodes:
            if node in self.codes:
                continue
            self.codes[node] = self._expression(node)
            if node in self._names or (self.plan.uses[node] > 1 and not self._worth_repeating(node)):
                self.assign(node)

    def assign(self, node: Tensor, copy: bool = False) -> None:
        """Make `node` a variable of its own, if it is none yet; a copy shares no memory with what it is made from."""
        code = self.codes[node]
        if node in self._named and not copy:
            return
        if code.literal is not None:
            code = typed(code, node.dtype)
        if copy:
            code = method(code, "copy")
            self.copied.add(node)
        given = self._names.pop(node, None)
        name = given or self._invented(node)
        if given is None:
            self._own[name] = code.text
        else:
            own = self._own | dict.fromkeys(self.module.helper_names(), "")
            self.lines += self._comments.lines(node, name, code.text, own)
        self.lines.append(f"{name} = {code.text}")
        form = self.plan.forms.get(node)
        view = form is not None and form.shares and not copy
        self.codes[node] = Code(name, reads=code.reads if view else _NOTHING)
        self._named.add(node)

    def operand(self, node: Tensor, number: bool = False) -> Code:
        """Return the text of a node as an operand; a Python number stays one only if `number` says that it may."""
        code = self.codes[node]
        return code if number else typed(code, node.dtype)

    def _expression(self, node: Tensor) -> Code:
        form = self.plan.forms[node]
        operands = self.plan.operands(node)
        self.shorten(operands)
        codes = [self.operand(operand, i in form.literals) for i, operand in enumerate(operands)]
        code = form.write(codes, self.module)
        reads = [operand.reads for operand in codes if operand.reads]
        return code.reading(frozenset().union(*reads)) if reads else code

    def shorten(self, operands: Iterable[Tensor]) -> None:
        """Give names to the longest operands until what is left fits on a line."""
        inlined = sorted(
            {node for node in operands if not self._is_short(node)}, key=lambda node: len(self.codes[node].text)
        )
        length = sum(len(self.codes[node].text) for node in operands)
        while inlined and length > LONGEST_EXPRESSION:
            node = inlined.pop()
            length -= len(self.codes[node].text)
            self.assign(node)
            length += len(self.codes[node].text)

    def _is_short(self, node: Tensor) -> bool:
        return (
            node in self._named
            or self.codes[node].literal is not None
            or len(self.codes[node].text) <= _LONGEST_REPEATED
        )

    def _worth_repeating(self, node: Tensor) -> bool:
        """Return whether the text of a node says as much as a name would."""
        code = self.codes[node]
        return code.literal is not None or (
            self.plan.forms[node].shares and code.binding is Binding.ATOM and len(code.text) <= _LONGEST_REPEATED
        )

    def _invented(self, node: Tensor) -> str:
        """Return a name that says what an unnamed node is."""
        operation = node.operation
        operands = [self.codes[operand].text for operand in self.plan.operands(node)]
        if isinstance(operation, Elementwise):
            if node.dtype.kind == "b":
                return self.module.names.numbered("mask")
            name = operation.function.name
            if len(operands) == 1 and operands[0].isidentifier() and len(operands[0]) + len(name) < 24:
                return self.module.names.claim(f"{name}_{operands[0]}")
        stem = "t"
        if isinstance(operation, Contraction):
            stem = "product"
        elif isinstance(operation, (Reduction, Normalization)):
            stem = _STEMS.get(operation.kind, "t")
        elif isinstance(operation, Variable):
            stem = "old"
        elif type(operation) in _LINEAR_ALGEBRA:
            stem = _LINEAR_ALGEBRA[type(operation)]
        return self.module.names.numbered(stem)

    def overwrite(self, updates: Sequence[tuple[Tensor, Tensor]]) -> list[str]:
        """Return the statements that give arguments new values, all of them made from the old ones.

        What an update needs of an argument that an update before it overwrites is computed (or copied) now; so is what
        may raise an error, after which no argument must have changed.
        """
        steps = [(target, *self._step(target, self.plan.meant(value))) for target, value in updates]
        written: set[Tensor] = set()
        for target, _, value in steps:
            if self.codes[value].reads & written:
                self.preserve(value)
            elif self.may_raise(value):
                self.assign(value)
            written.add(target)
        return [f"{self.arguments[target]}{sign} {self.codes[value].text}" for target, sign, value in steps]

    def _step(self, target: Tensor, value: Tensor) -> tuple[str, Tensor]:
        """Return how `target` is overwritten: the operator, and the node on its right."""
        operation = value.operation
        if value in self._named or not isinstance(operation, Elementwise) or self.plan.uses[value] > 1:
            return "[...] =", value
        operands = self.plan.operands(value)
        sign = _IN_PLACE.get(operation.function.name)
        if sign is None or len(operands) != 2 or target not in operands or value.dtype != target.dtype:
            return "[...] =", value
        first, second = operands
        if first is target:
            return f" {sign}", second
        return (f" {sign}", first) if sign in ("+=", "*=") else ("[...] =", value)

    def may_raise(self, node: Tensor) -> bool:
        """Return whether the text of a node looks up places that need not exist, or needs a regular matrix."""
        waiting, seen = [node], set(self._named)
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node.operation, _MAY_RAISE):
                return True
            # Not the operands of its form: what is written together with a node may raise, too.
            waiting.extend(self.plan.meant(child) for child in node.inputs)
        return False

    def preserve(self, node: Tensor) -> None:
        """Make sure that the value of `node` survives the overwriting of arguments."""
        form = self.plan.forms.get(node)
        self.assign(node, copy=node in self._named or form is None or form.shares)


_MAY_RAISE = (
    Gather, ScatterAdd, TakeAlongAxis, ScatterAlongAxis, Slice, Inverse, Solve, Cholesky, TriangularSolve,
)  # fmt: skip
_LINEAR_ALGEBRA: dict[type[Operation], str] = {
    Cholesky: "factor",
    Determinant: "determinant",
    Inverse: "inverse",
    Solve: "solution",
    TriangularSolve: "solution",
}
_STEMS = {
    "sum": "total",
    "max": "largest",
    "min": "smallest",
    "softmax": "probabilities",
    "log_softmax": "log_probabilities",
}

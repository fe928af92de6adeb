"""A writer of LLVM functions as text: fresh names, integer arithmetic, addresses, branches and counted loops.

The matrix kernels are written straight in SSA form. This file owns the bookkeeping which that form needs (names of
values, labels, the phi of a loop counter) and knows nothing about matrices. Integers are i64; an operand is the name
of a value ("%v7") or a Python int.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

Operand = str | int

Signature = Sequence[tuple[str, str]]
"""The parameters of a function: (type and attributes, name)."""

LOOP = ", !llvm.loop !100"
"""The mark of a branch that closes a loop: it is unrolled and vectorised as far as it should be."""

LOOP_METADATA = """\
!100 = distinct !{!100, !101, !102}
!101 = !{!"llvm.loop.unroll.disable"}
!102 = !{!"llvm.loop.vectorize.enable", i1 false}
"""
"""What `LOOP` refers to; part of every module. The numbers leave room for those of text that may be joined with it."""


class FunctionWriter:
    """Collects the instructions of one function without result; `text()` is the finished definition.

    >>> f = FunctionWriter("twice", [("i64", "n")])
    >>> with f.loop(0, 2):
    ...     f.call("tick", [("i64 signext", "n")], f.add("%n", 1))
    >>> print(f.text(), end="")
    define internal void @twice(i64 %n) noinline nounwind {
    entry:
      br label %head1
    head1:
      %i1 = phi i64 [ 0, %entry ], [ %next1, %latch1 ]
      %v2 = icmp slt i64 %i1, 2
      br i1 %v2, label %body1, label %after1
    body1:
      %v3 = add nsw i64 %n, 1
      call void @tick(i64 %v3)
      br label %latch1
    latch1:
      %next1 = add nsw i64 %i1, 1
      br label %head1, !llvm.loop !100
    after1:
      ret void
    }
    """

    def __init__(self, name: str, signature: Signature, attributes: str = "", linkage: str = "internal ") -> None:
        parameters = ", ".join(f"{kind} %{parameter}" for kind, parameter in signature)
        suffix = f" {attributes}" if attributes else ""
        self._lines = [f"define {linkage}void @{name}({parameters}) noinline nounwind{suffix} {{", "entry:"]
        self._numbers = 0
        self._block = "entry"

    @property
    def block(self) -> str:
        """The label of the block being written."""
        return self._block

    def number(self) -> int:
        """Return a number that no name of this function has."""
        self._numbers += 1
        return self._numbers

    def value(self, instruction: str) -> str:
        """Append an instruction that has a result; return the name of the result."""
        name = f"%v{self.number()}"
        self._lines.append(f"  {name} = {instruction}")
        return name

    def reserve(self, kind: str) -> str:
        """Return the address of room for a value of type `kind`, wherever the function asks for it, reserved once."""
        name = f"%room{self.number()}"
        self._lines.insert(2, f"  {name} = alloca {kind}, align 64")
        return name

    def do(self, instruction: str) -> None:
        """Append an instruction without a result, or one that names its result itself."""
        self._lines.append(f"  {instruction}")

    def start(self, label: str) -> None:
        """Begin the block `label`."""
        self._lines.append(f"{label}:")
        self._block = label

    def call(self, function: str, signature: Signature, *operands: Operand) -> None:
        """Call a function, given by name ("sg.f") or by a value that is its address ("%v3")."""
        callee = function if function.startswith("%") else f"@{function}"
        arguments = zip(signature, operands, strict=True)
        listed = ", ".join(f"{kind.split()[0]} {operand}" for (kind, _), operand in arguments)
        self.do(f"call void {callee}({listed})")

    def text(self) -> str:
        """Return the definition, closed by `ret void`."""
        return "\n".join([*self._lines, "  ret void", "}", ""])

    # ---- integers

    def add(self, left: Operand, right: Operand) -> Operand:
        """Return left + right."""
        if isinstance(left, int) and isinstance(right, int):
            return left + right
        return left if right == 0 else right if left == 0 else self.value(f"add nsw i64 {left}, {right}")

    def subtract(self, left: Operand, right: Operand) -> Operand:
        """Return left - right."""
        return left if right == 0 else self.value(f"sub nsw i64 {left}, {right}")

    def multiply(self, left: Operand, right: Operand) -> Operand:
        """Return left * right."""
        if isinstance(left, int) and isinstance(right, int):
            return left * right
        if left == 0 or right == 0:
            return 0
        return left if right == 1 else right if left == 1 else self.value(f"mul nsw i64 {left}, {right}")

    def quotient(self, left: Operand, right: Operand) -> Operand:
        """Return left // right for left >= 0 and right > 0."""
        return self.value(f"udiv i64 {left}, {right}")

    def round_up(self, value: Operand, unit: int) -> Operand:
        """Return the smallest multiple of `unit` >= value >= 0."""
        return self.multiply(self.quotient(self.add(value, unit - 1), unit), unit)

    def round_down(self, value: Operand, unit: int) -> Operand:
        """Return the largest multiple of `unit` <= value, value >= 0."""
        return self.multiply(self.quotient(value, unit), unit)

    def minimum(self, left: Operand, right: Operand) -> Operand:
        """Return min(left, right)."""
        return self.value(f"call i64 @llvm.smin.i64(i64 {left}, i64 {right})")

    # ---- conditions

    def compare(self, relation: str, left: Operand, right: Operand) -> str:
        """Return the i1 `left relation right`; the relation is one of eq, ne, slt, sle, sgt, sge."""
        return self.value(f"icmp {relation} i64 {left}, {right}")

    def all(self, first: str, *rest: str) -> str:
        """Return the conjunction of i1 values."""
        for condition in rest:
            first = self.value(f"and i1 {first}, {condition}")
        return first

    def any(self, first: str, *rest: str) -> str:
        """Return the disjunction of i1 values."""
        for condition in rest:
            first = self.value(f"or i1 {first}, {condition}")
        return first

    def negate(self, condition: str) -> str:
        """Return the negation of an i1 value."""
        return self.value(f"xor i1 {condition}, true")

    def select(self, condition: str, then: Operand, otherwise: Operand, kind: str = "i64") -> str:
        """Return `then` where the condition holds, else `otherwise`."""
        return self.value(f"select i1 {condition}, {kind} {then}, {kind} {otherwise}")

    # ---- addresses

    def element(self, kind: str, base: str, *terms: tuple[Operand, Operand]) -> str:
        """Return the address of base[sum of index * stride], counted in elements of type `kind`."""
        offset: Operand = 0
        for index, stride in terms:
            offset = self.add(offset, self.multiply(index, stride))
        return base if offset in (0, "0") else self.value(f"getelementptr {kind}, ptr {base}, i64 {offset}")

    # ---- control flow

    def jump(self, label: str, mark: str = "") -> None:
        """End the block with a branch to `label`."""
        self.do(f"br label %{label}{mark}")

    def branch(self, condition: str, then: str, otherwise: str, mark: str = "") -> None:
        """End the block with a branch to one of two labels."""
        self.do(f"br i1 {condition}, label %{then}, label %{otherwise}{mark}")

    def leave(self, condition: str) -> None:
        """Return from the function if the condition holds."""
        number = self.number()
        self.branch(condition, f"leave{number}", f"stay{number}")
        self.start(f"leave{number}")
        self.do("ret void")
        self.start(f"stay{number}")

    @contextmanager
    def when(self, condition: str) -> Generator[None]:
        """Run the body only if the condition holds."""
        number = self.number()
        self.branch(condition, f"then{number}", f"after{number}")
        self.start(f"then{number}")
        yield
        self.jump(f"after{number}")
        self.start(f"after{number}")

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: Operand = 1) -> Generator[str]:
        """Run the body for i in range(start, stop, step), step > 0; give i."""
        number = self.number()
        counter, before = f"%i{number}", self.block
        self.jump(f"head{number}")
        self.start(f"head{number}")
        self.do(f"{counter} = phi i64 [ {start}, %{before} ], [ %next{number}, %latch{number} ]")
        self.branch(self.compare("slt", counter, stop), f"body{number}", f"after{number}")
        self.start(f"body{number}")
        yield counter
        self.jump(f"latch{number}")
        self.start(f"latch{number}")
        self.do(f"%next{number} = add nsw i64 {counter}, {step}")
        self.jump(f"head{number}", LOOP)
        self.start(f"after{number}")

"""A writer of LLVM functions as text for the entry: memory, calls, counted loops and early returns.

Variables that change live in memory on the stack, from which LLVM takes them into registers.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

Operand = str | int

LOOP_METADATA = """\
!100 = distinct !{!100, !101, !102}
!101 = !{!"llvm.loop.unroll.disable"}
!102 = !{!"llvm.loop.vectorize.enable", i1 false}
"""
"""What the ends of loops refer to; part of every module. Loops over arguments are short, and stay as they are."""


class Writer:
    """Collects the instructions of one function; `text()` is the finished definition.

    >>> f = Writer("i64", "first", "ptr %array", "i64 %count")
    >>> f.leave(f.compare("eq", "%count", 0), -1)
    >>> f.finish(f.integer("%array"))
    >>> print(f.text(), end="")
    define internal i64 @first(ptr %array, i64 %count) nounwind {
    entry:
      %v1 = icmp eq i64 %count, 0
      br i1 %v1, label %leave2, label %stay2
    leave2:
      ret i64 -1
    stay2:
      %v3 = load i64, ptr %array
      ret i64 %v3
    }
    """

    def __init__(
        self, result: str, name: str, *parameters: str, linkage: str = "internal ", apart: bool = False
    ) -> None:
        """Begin a function; what is seldom called, or from many places, stays `apart` from its callers."""
        self._result = result
        attributes = "noinline nounwind" if apart else "nounwind"
        self._lines = [f"define {linkage}{result} @{name}({', '.join(parameters)}) {attributes} {{", "entry:"]
        self._block = "entry"
        self._numbers = 0

    def text(self) -> str:
        """Return the definition."""
        return "\n".join([*self._lines, "}", ""])

    # values -----------------------------------------------------------------------------------------------------------
    def value(self, instruction: str) -> str:
        """Append an instruction that has a result; return the name of the result."""
        name = f"%v{self._number()}"
        self._lines.append(f"  {name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self._lines.append(f"  {instruction}")

    def call(self, result: str, function: str, *operands: str) -> str:
        """Call a function, given by name ("@f") or by its address ("%v3"); return the name of its result."""
        text = f"call {result} {function}({', '.join(operands)})"
        if result == "void":
            self.do(text)
            return ""
        return self.value(text)

    def add(self, left: Operand, right: Operand) -> str:
        """Return left + right."""
        return self.value(f"add i64 {left}, {right}")

    def compare(self, relation: str, left: Operand, right: Operand, kind: str = "i64") -> str:
        """Return the i1 `left relation right`."""
        return self.value(f"icmp {relation} {kind} {left}, {right}")

    def negate(self, condition: str) -> str:
        """Return the negation of an i1."""
        return self.value(f"xor i1 {condition}, true")

    def is_null(self, pointer: str) -> str:
        """Return whether an address is 0."""
        return self.compare("eq", pointer, "null", "ptr")

    # memory -----------------------------------------------------------------------------------------------------------
    def at(self, base: str, offset: Operand) -> str:
        """Return the address so many bytes behind another."""
        return base if offset == 0 else self.value(f"getelementptr i8, ptr {base}, i64 {offset}")

    def item(self, base: str, index: Operand, width: int = 8) -> str:
        """Return the address of an entry of an array whose entries have so many bytes."""
        return self.value(f"getelementptr [{width} x i8], ptr {base}, i64 {index}")

    def integer(self, base: str, offset: Operand = 0) -> str:
        """Read a word."""
        return self.value(f"load i64, ptr {self.at(base, offset)}")

    def pointer(self, base: str, offset: Operand = 0) -> str:
        """Read an address."""
        return self.value(f"load ptr, ptr {self.at(base, offset)}")

    def integer32(self, base: str, offset: Operand = 0) -> str:
        """Read an int of C as a word."""
        return self.value(f"sext i32 {self.value(f'load i32, ptr {self.at(base, offset)}')} to i64")

    def store(self, what: str, base: str, offset: Operand = 0) -> None:
        """Write a value, given with its type ("i64 3")."""
        self.do(f"store {what}, ptr {self.at(base, offset)}")

    def variable(self, kind: str, value: Operand) -> str:
        """Return the place of a variable that changes; read and written like other memory."""
        place = self.value(f"alloca {kind}")
        self.store(f"{kind} {value}", place)
        return place

    # control flow -----------------------------------------------------------------------------------------------------
    def finish(self, value: Operand = "") -> None:
        """Return from the function: its last instruction."""
        self.do(f"ret {self._result} {value}".rstrip())

    def leave(self, condition: str, value: Operand = "") -> None:
        """Return from the function if a condition holds."""
        number = self._number()
        self.do(f"br i1 {condition}, label %leave{number}, label %stay{number}")
        self._start(f"leave{number}")
        self.finish(value)
        self._start(f"stay{number}")

    @contextmanager
    def when(self, condition: str) -> Generator[None]:
        """Run the body only if a condition holds."""
        number = self._number()
        self.do(f"br i1 {condition}, label %then{number}, label %after{number}")
        self._start(f"then{number}")
        yield
        self.do(f"br label %after{number}")
        self._start(f"after{number}")

    @contextmanager
    def loop(self, stop: Operand, start: Operand = 0) -> Generator[str]:
        """Run the body for i in range(start, stop); give i."""
        number = self._number()
        counter, before = f"%i{number}", self._block
        self.do(f"br label %head{number}")
        self._start(f"head{number}")
        self.do(f"{counter} = phi i64 [ {start}, %{before} ], [ %next{number}, %latch{number} ]")
        more = self.compare("slt", counter, stop)
        self.do(f"br i1 {more}, label %body{number}, label %after{number}")
        self._start(f"body{number}")
        yield counter
        self.do(f"br label %latch{number}")
        self._start(f"latch{number}")
        self.do(f"%next{number} = add nsw i64 {counter}, 1")
        self.do(f"br label %head{number}, !llvm.loop !100")
        self._start(f"after{number}")

    def _start(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._block = label

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
